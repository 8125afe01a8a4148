"""What should be changed? One prescription per failing verdict, in a few lines of 80 columns."""

import shlex
from collections.abc import Sequence
from textwrap import fill

from rich.console import Group, RenderableType
from rich.text import Text

from gradstudy.analysis.cure.words import advice, chance_words, support_words
from gradstudy.analysis.prescription import Prescription
from gradstudy.records import Level, level_name
from gradstudy.report.plain import plain_text

WIDTH = 80
CONTINUED = " \\\n"


def prescription_table(prescriptions: Sequence[Prescription]) -> RenderableType:
    """For a typical trial of every failing verdict: its levels, what to change, how sure that is, how to run it."""
    parts: list[RenderableType] = [plain_text("What should be changed?", "bold")]
    for prescription in prescriptions:
        parts += [Text(), plain_text(_title(prescription)), plain_text(_body(prescription))]
    return Group(*parts)


def _title(prescription: Prescription) -> str:
    levels = ", ".join(f"{name}={_short(level)}" for name, level in prescription.levels.items())
    return f"Typical of {prescription.verdict}: trial {prescription.trial}, {levels}"


def _body(prescription: Prescription) -> str:
    if not prescription.changes:
        return _indented(prescription.note)
    chance = chance_words(prescription.chance, prescription.chance_low, prescription.chance_high)
    said = f"{support_words(prescription.support)}. {chance}"
    change = advice(prescription.changes, supported=prescription.supported)
    return "\n".join([_indented(change), _indented(said), folded_command(prescription.command)])


def _indented(words: str) -> str:
    return fill(words, WIDTH, initial_indent="  ", subsequent_indent="  ", break_long_words=False)


def folded_command(command: str) -> str:
    """A command over several lines that a shell reads as one, so that it can be copied from a page."""
    first, *words = map(shlex.quote, shlex.split(command))
    lines = [f"  {first}"]
    for word in words:
        if len(lines[-1]) + len(word) + len(CONTINUED) < WIDTH:
            lines[-1] += f" {word}"
        else:
            lines.append(f"    {word}")
    return CONTINUED.join(lines)


def _short(level: Level) -> str:
    return f"{level:.3g}" if isinstance(level, float) else level_name(level)
