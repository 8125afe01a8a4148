"""What may a person do next? One line, or a few, to copy."""

from rich.text import Text

from gradstudy.report.command_lines import WIDTH
from gradstudy.report.terminal.plain import whole_text

LABEL = 16
"""Characters for what a way on is about."""


def way_on(about: str, words: str, folded: str = "") -> Text:
    """What to type, or where to look: on the line of what it is about, or `folded` below it where it is longer."""
    line = f"{about:<{LABEL}}{words}"
    return whole_text(line if len(line) <= WIDTH else f"{about}\n{folded or f'  {words}'}")
