"""Words, tables, bars and ways on that read the same in colour, in monochrome and in a file."""

from dataclasses import dataclass
from textwrap import wrap
from typing import Literal

from rich.box import Box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from gradstudy.words.command_words import LINE_WIDTH

RULED = Box("\n".join(["    ", "    ", " -  ", *["    "] * 5]), ascii=True)
LONGEST_NAME = 32


def plain_text(words: object, style: str = "") -> Text:
    """What somebody wrote, letter by letter: [red] is no markup, and a control code is a blank."""
    return Text("".join(c if c.isprintable() or c == "\n" else " " for c in str(words)), style=style)


def whole_text(words: object, style: str = "") -> Text:
    """Words that stay on one line whatever its width, so that they can be copied: a command, an address."""
    text = plain_text(words, style)
    text.no_wrap, text.overflow = True, "ignore"
    return text


def plain_name(words: object) -> Text:
    """A name for the first column of a table, which is never folded: longer ones are folded here, beforehand."""
    return plain_text("\n".join(wrap(str(words), LONGEST_NAME)))


def plain_table(*headings: str, numbers: tuple[str, ...] = ()) -> Table:
    """A table without a frame: one ruled heading line, the first column never folded, `numbers` to the right."""
    table = Table(box=RULED, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for place, heading in enumerate(headings):
        justify: Literal["left", "right"] = "right" if heading in numbers else "left"
        # Names stay whole, so that a person can find and copy them; other columns make room.
        table.add_column(plain_text(heading), overflow="fold", justify=justify, no_wrap=place == 0)
    return table


def plain_grid() -> Table:
    """Two columns of words without headings: what it is about, and what is said about it."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(overflow="fold")
    grid.add_column(overflow="fold")
    return grid


@dataclass(frozen=True)
class Bar:
    """A share of 0..1 as a bar of at most `width` characters; anything above zero shows at least one."""

    share: float
    width: int = 10

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        room = min(self.width, options.max_width)
        length = min(room, max(round(self.share * room), int(self.share > 0)))
        yield Text(("#" if options.ascii_only else "█") * length)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(self.width, self.width)


LABEL = 16
"""Characters for what a way on is about."""


def way_on(about: str, words: str, folded: str = "") -> Text:
    """What to type, or where to look: on the line of what it is about, or `folded` below it where it is longer."""
    line = f"{about:<{LABEL}}{words}"
    return whole_text(line if len(line) <= LINE_WIDTH else f"{about}\n{folded or f'  {words}'}")
