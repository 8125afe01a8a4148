"""The studies that there are, and how one is run."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from gradstudy.configs.launch import MODES
from gradstudy.configs.studies import Study
from gradstudy.report.terminal.plain import plain_grid, plain_text

COMMAND = "python -m gradstudy +study="
SHIPPED = "shipped"


def study_list(studies: Sequence[Study]) -> RenderableType:
    """Every study with its question and source, broken ones with their error, and the commands that run one."""
    if not studies:
        return Group(Text("No study was found. A study is one YAML in a folder named studies."), Text(), _modes("NAME"))
    runnable = [study.name for study in studies if study.error is None]
    count = "1 study" if len(studies) == 1 else f"{len(studies)} studies"
    grid = plain_grid()
    for study in studies:
        grid.add_row(plain_text(study.name, "bold"), Group(*_about(study)))
    return Group(Text(count, "bold"), Text(), grid, Text(), _modes((runnable or ["NAME"])[0]))


def _about(study: Study) -> list[Text]:
    origin = [] if study.origin == SHIPPED else [plain_text(f"from {study.origin}", "dim")]
    if study.error is not None:
        return [plain_text(f"cannot be read: {study.error}"), *origin]
    source = [plain_text(study.source, "dim")] if study.source else []
    return [plain_text(study.question), *source, *origin]


def _modes(name: str) -> RenderableType:
    return Group(
        Text("How to run one", "bold"),
        *(plain_text(f"{COMMAND}{name}{mode}\n    {words}") for mode, words in MODES.values()),
        Text("Change any part of it: budget.trials=32 space.activation='choice(selu,gelu)'"),
        Text("All options: python -m gradstudy --help"),
    )
