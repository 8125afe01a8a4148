"""Words in Markdown, as MLflow shows the description of a run: whatever a person named stays text."""

import re
from collections.abc import Iterable, Sequence

LONGEST_NOTE = 5000
"""Characters that every version of MLflow takes; one too many, and some cut a table in the middle."""

_SPECIAL = re.compile(r"[\\`*\[\]<>#~|@&]|:(?=\S)|(?<![^\W_])_|_(?![^\W_])")


def escaped(words: str) -> str:
    """These words on one line, inert: character references are taken for text by every dialect, in tables too.

    Also of `:smile:` and `@name`, which MLflow's dialect turns into a picture and a link.
    """
    return _SPECIAL.sub(lambda found: f"&#{ord(found[0])};", " ".join(words.split()))


def code_fence(text: str) -> str:
    """A block that shows every character as it is, to be copied."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}\n{text}\n{fence}"


def markdown_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows of words, whatever they hold, under these headings; with a gap, since MLflow leaves none between columns."""
    lines = [[f"{escaped(cell)}&emsp;" for cell in row] for row in (headings, *rows)]
    lines.insert(1, ["---"] * len(headings))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def note_of(blocks: Sequence[str]) -> str:
    """A note of these blocks, the most important first; the last ones are left out where MLflow would not take them."""
    note = "\n\n".join(blocks)
    return note if len(note) <= LONGEST_NOTE else note_of(blocks[:-1])
