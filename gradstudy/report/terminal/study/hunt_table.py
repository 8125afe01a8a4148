"""Which trials came closest to what was hunted for, and how is each run again?"""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gradstudy.report.hunt_findings import HUNTED_NOT_RANKED, HuntFindings, about_words, hunt_question
from gradstudy.report.terminal.plain import plain_name, plain_table, plain_text, whole_text
from gradstudy.words.command_words import folded_command


def hunt_table(hunt: HuntFindings) -> RenderableType:
    """What came out of the hunt? The best trials with what counted, their verdicts, levels and commands."""
    if hunt.best.empty:
        return plain_text(about_words(hunt))
    remark = [] if hunt.ranked else [Text(), plain_text(HUNTED_NOT_RANKED)]
    return Group(
        plain_text(hunt_question(hunt), "bold"),
        plain_text(about_words(hunt)),
        Text(),
        _trials(hunt),
        *remark,
        *_commands(hunt),
    )


def _trials(hunt: HuntFindings) -> Table:
    counted = tuple(one.name for one in hunt.objectives)
    table = plain_table("trial", *counted, "seeds", numbers=counted)
    for row in hunt.best.to_dict("records"):
        numbers = (plain_text(f"{row[name]:.3g}") for name in counted)
        table.add_row(plain_name(row["trial"]), *numbers, plain_text(hunt.verdicts[row["trial"]]))
    return table


def _commands(hunt: HuntFindings) -> Iterator[Text]:
    """What runs each of them again; it names their levels."""
    for trial in hunt.best["trial"]:
        yield Text()
        yield Text(f"run trial {trial}")
        yield whole_text(folded_command(hunt.commands[trial]))
