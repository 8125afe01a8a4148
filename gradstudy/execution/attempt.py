"""What becomes of one item here: its result, or why there is none, in words that lead to the cause."""

import sys
import traceback
from collections.abc import Callable, Iterator
from types import TracebackType

from gradstudy.errors import InputError
from gradstudy.execution.executor import Item, Lost, Result
from gradstudy.masking import masked
from gradstudy.training.engine import is_out_of_memory

REASON_LETTERS = 2000
"""Letters of a reason at most: PyTorch's exceptions may hold pages, and MLflow takes 5,000 in a tag."""
FRAMES = 5
"""Lines of a person's own code at most, the innermost ones."""
FRAMEWORKS = {"gradstudy", "torch", "numpy", "scipy", "sklearn", "pandas", *sys.stdlib_module_names}
"""Whose code is no person's own."""


def attempt(function: Callable[[Item], Result], item: Item) -> Result | Lost:
    """The function's result. Whatever it raises is a loss, but for InputError and what stops the process."""
    try:
        return function(item)
    except InputError:
        raise
    except (Exception, SystemExit) as error:
        return Lost(reason_of(error), memory=is_out_of_memory(error))


def reason_of(error: BaseException) -> str:
    """The exception, and below it the lines of a person's own code that led to it; where there are none, the last."""
    said = "".join(traceback.format_exception_only(error)).strip()
    own = list(_frames(error.__traceback__))
    lines = [where for mine, where in own if mine][-FRAMES:] or [where for _, where in own][-1:]
    room = REASON_LETTERS - sum(len(line) + 1 for line in lines)
    return masked("\n".join([said[:room], *lines]))


def _frames(trace: TracebackType | None) -> Iterator[tuple[bool, str]]:
    """Every line on the way, the innermost last, and whether it is a person's own."""
    for (frame, _), line in zip(traceback.walk_tb(trace), traceback.extract_tb(trace), strict=True):
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        yield package not in FRAMEWORKS, f"  {line.filename}:{line.lineno}, in {line.name}: {line.line}"[:300]
