"""What should be changed? One prescription per failing verdict, in a few lines."""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from gradstudy.analysis.prescription import Prescription
from gradstudy.report.command_lines import folded_command
from gradstudy.report.prescription_words import said_of, title_words
from gradstudy.report.terminal.plain import plain_text, whole_text


def prescription_table(prescriptions: Sequence[Prescription]) -> RenderableType:
    """For a typical trial of every failing verdict: its levels, what to change, how sure that is, how to run it."""
    lines = (line for prescription in prescriptions for line in _lines(prescription))
    return Group(plain_text("What should be changed?", "bold"), *lines)


def _lines(prescription: Prescription) -> Iterator[RenderableType]:
    yield Text()
    yield plain_text(title_words(prescription))
    for words in said_of(prescription):
        yield Padding(plain_text(words), (0, 0, 0, 2))
    if prescription.changes:
        yield whole_text(folded_command(prescription.command))
