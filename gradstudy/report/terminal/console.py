"""The one console that pages are printed on."""

import io
import os
import re
import sys
from dataclasses import dataclass
from typing import Any

from rich.console import Console, ConsoleDimensions, ConsoleOptions, RenderableType, RenderResult
from rich.control import Control
from rich.segment import Segment
from rich.text import Text

PIPED_WIDTH = 80
WIDEST = 100
"""Characters of a line on a terminal: longer ones are hard to read."""


class PageConsole(Console):
    """Prints pages: no line ends in blanks, what has to stay whole to be copied is not cut off, and nothing is wide."""

    @property
    def size(self) -> ConsoleDimensions:
        size = super().size
        return ConsoleDimensions(min(size.width, WIDEST), size.height) if self.is_terminal else size

    @size.setter
    def size(self, size: tuple[int, int]) -> None:
        Console.size.fset(self, size)  # type: ignore[attr-defined]  # mypy takes a property read off a class for a function

    def print(self, *objects: Any, **options: Any) -> None:
        pages = (Trimmed(Text(one) if isinstance(one, str) else one) for one in objects)
        moves = bool(objects) and isinstance(objects[0], Control)  # of the cursor, by a live display
        super().print(*(objects if moves else pages), **{"crop": False, **options})


@dataclass(frozen=True)
class Trimmed:
    """A page without the blanks that fill up its lines: they make a file larger, and what is copied from it longer."""

    page: RenderableType

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in Segment.split_lines(console.render(self.page, options)):
            while line and not line[-1].text.strip():
                line.pop()
            yield from line[:-1]
            for last in line[-1:]:
                yield Segment(last.text.rstrip(), last.style)
            yield Segment.line()


def make_console() -> PageConsole:
    """The console of standard output, without a terminal in plain text of COLUMNS or 80 characters."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # One letter that the terminal cannot show must not end a study of hours with a UnicodeEncodeError.
        sys.stdout.reconfigure(errors="replace")
    plain: dict[str, Any] = {"markup": False, "emoji": False, "highlight": False, "_environ": _environment()}
    console = PageConsole(**plain)
    if console.is_jupyter:  # a file like others; Rich would make every line a page, and ipykernel calls it a terminal
        console = PageConsole(**plain, force_jupyter=False, force_terminal=False)
    if not console.is_terminal:
        # Console.width would fall back on the terminal that stdin hangs on, and the file would depend on the window.
        console.width = int(plain["_environ"].get("COLUMNS", PIPED_WIDTH))
    return console


def _environment() -> dict[str, str]:
    """What Rich may read: of COLUMNS and LINES only sizes of a window. It takes `²` for a digit and fills any width."""
    sizes = {name for name in ("COLUMNS", "LINES") if not re.fullmatch(r"[1-9][0-9]{0,3}", os.environ.get(name, ""))}
    return {name: value for name, value in os.environ.items() if name not in sizes}
