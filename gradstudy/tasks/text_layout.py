"""How a text lays out its table: what separates cells, which line is the header, where rows begin."""

import csv
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from gradstudy.tasks.cell_numbers import COMMA, POINT, numbers_in
from gradstudy.tasks.cell_times import DATE_PATTERN

SEPARATORS = {"tab": "\t", "semicolon": ";", "pipe": "|", "comma": ",", "space": " "}
"""In the order in which they are believed: a comma may be a decimal one, and a blank stand between words."""
SAMPLE = 300
"""So many lines tell how the rest of a text is laid out."""
ALIKE = 0.8
"""So many of the lines must have as many cells as each other."""

NumberedRow = tuple[int, list[str]]
"""The number of its line, from 1, and its cells."""


@dataclass(frozen=True)
class Layout:
    """What separates the cells of a text, the columns' names, and its rows alone as `body`.

    `header`: the line of the header, 0 where the names were made up. `skipped`: how many lines before it and among the
    rows are no rows. `doubled` are names that several columns have in the header: all but the first got a number.
    """

    separator: str
    names: tuple[str, ...]
    body: str
    header: int
    skipped: int
    doubled: tuple[str, ...] = ()


def layout_of(text: str, separator: str = "auto", header: str = "auto", named: Collection[str] = ()) -> Layout:
    """How this text lays out its table. ValueError where it holds none, or rows with too few or too many cells.

    `named` are columns that somebody asked for: a first row that holds one of them is the header.
    """
    lines = text.split("\n")
    hint = re.fullmatch(r'"?sep=(.)"?', lines[0].strip("\ufeff \t"), re.IGNORECASE)
    first = 1 if hint else 0  # a line that Excel writes for itself
    if separator == "auto":
        separator = _hinted(hint[1]) if hint else _separator(lines[first:])
    sample = list(islice(rows_of(lines[first:], separator), SAMPLE))
    if not sample:
        raise ValueError("it is empty")
    width = _width(sample)
    start = _start(sample, width)
    (line, cells), below = sample[start], [cells for _, cells in sample[start + 1 :]]
    hash_names = _hash_header(lines[: first + line - 1], separator, width)
    if hash_names and header != "false" and _numbers(cells):
        names, head, line = hash_names, first + line - 1, line - 1
    elif header == "true" or (header == "auto" and _is_header(cells, below, named)):
        names, head = cells, first + line
        line += sum(cell.count("\n") for cell in cells)  # of a header that breaks lines inside of quotes
    else:
        names, head, line = [f"column_{place}" for place in range(1, width + 1)], 0, line - 1
    if len(names) < width:  # as R writes it, with the rows' names first, or with a separator at the end of rows
        names = [*names, ""] if all(not cells[-1] for cells in below) else ["", *names]
    rows_from = first + line
    body = list(_without_comments(lines[rows_from:]))
    comments = len(lines) - rows_from - len(body)
    quoted = '"' in text or separator == "space"
    if quoted or any(line.count(SEPARATORS[separator]) != len(names) - 1 for line in lines[rows_from:] if line):
        _check_widths(lines, rows_from, separator, len(names))
    before = sum(bool(line.strip()) for line in lines[first : max(head - 1, 0) if head else rows_from])
    doubled = tuple(name for name, count in Counter(names).items() if name and count > 1)
    return Layout(separator, _unique(names), "\n".join(body), head, before + comments, doubled)


def rows_of(lines: Sequence[str], separator: str) -> Iterator[NumberedRow]:
    """The rows of these lines; empty lines and those that begin with # are none."""
    if separator == "space":
        split = ((number, line.split()) for number, line in enumerate(lines, start=1))
        yield from ((number, cells) for number, cells in split if cells and not cells[0].startswith("#"))
        return
    reader, number = csv.reader((f"{line}\n" for line in lines), delimiter=SEPARATORS[separator]), 1
    try:
        for cells in reader:
            if (any(cells) or len(cells) > 1) and not cells[0].startswith("#"):
                yield number, [cell.strip() for cell in cells]
            number = reader.line_num + 1
    except csv.Error as error:
        raise ValueError(f"line {number}: {error}") from error


def _without_comments(lines: Sequence[str]) -> Iterator[str]:
    """The lines that do not begin with #, but for those in which a quoted cell goes on."""
    inside = False
    for line in lines:
        if inside or not line.startswith("#"):
            yield line
            inside ^= line.count('"') % 2 == 1


def _hinted(mark: str) -> str:
    return next((name for name, separator in SEPARATORS.items() if separator == mark), "comma")


def _width(rows: Sequence[NumberedRow]) -> int:
    """How many cells most rows have; of equals the more."""
    counts = Counter(len(cells) for _, cells in rows)
    return max(counts, key=lambda width: (counts[width], width))


def _start(rows: Sequence[NumberedRow], width: int) -> int:
    """The place of the first row that may be the header: behind shorter lines, unless numbers stood before them."""
    start, wide = 0, min(width, max(2, width - 1))
    for place, (_, cells) in enumerate(rows):
        if len(cells) < wide:
            start = place + 1
        elif _numbers(cells):
            break
    return min(start, len(rows) - 1)


def _separator(lines: Sequence[str]) -> str:
    """What splits most lines into the same number of cells, from the first line on."""
    sample, fits = lines[:SAMPLE], {}
    for place, name in enumerate(SEPARATORS):
        try:
            rows = list(rows_of(sample, name))
        except ValueError:
            continue
        if rows and (width := _width(rows)) > 1:
            share = sum(len(cells) == width for _, cells in rows) / len(rows)
            fits[name] = (share >= ALIKE, -_start(rows, width), share if share < ALIKE else 1.0, -place)
    return max(fits, key=lambda name: fits[name]) if fits else "comma"


def _hash_header(lines: Sequence[str], separator: str, width: int) -> list[str]:
    """The last line before the rows, if it begins with # and names as many columns, as numpy.savetxt writes it."""
    if lines and lines[-1].startswith("#"):
        found = [cells for _, cells in rows_of([lines[-1].lstrip("# ")], separator)]
        if found and len(found[0]) == width and not _numbers(found[0]):
            return found[0]
    return []


def _numbers(cells: Sequence[str]) -> list[float]:
    values = numbers_in(dict.fromkeys(cells), POINT).values or numbers_in(dict.fromkeys(cells), COMMA).values
    return [values[cell] for cell in cells if cell in values]


def _is_header(cells: Sequence[str], below: Sequence[Sequence[str]], named: Collection[str]) -> bool:
    """Whether a first row names the columns: numbers may name them too, as years do, or counting as pandas does."""
    if set(cells) & set(named) or not below:
        return True
    numbers, words = _numbers(cells), [place for place, cell in enumerate(cells) if not _numbers([cell])]
    if any(_goes_on(cells[place], [row[place] for row in below if place < len(row)]) for place in words):
        return False
    if not numbers:
        return True
    whole = all(number.is_integer() for number in numbers) and len(set(numbers)) == len(numbers)
    steps = {after - before for before, after in pairwise(numbers)}
    return whole and (bool([place for place in words if cells[place]]) or (len(steps) == 1 and len(numbers) > 2))


def _goes_on(cell: str, below: Sequence[str]) -> bool:
    """Whether a column's first cell is one of those below: the same word again, a date above dates, a1 above a2."""
    if cell and cell in below:
        return True
    if DATE_PATTERN.fullmatch(cell):
        return any(map(DATE_PATTERN.fullmatch, below[:3]))
    return bool(re.search(r"\d", cell)) and [_shape(cell)] * 3 == list(map(_shape, below[:3]))


def _shape(cell: str) -> str:
    return re.sub(r"[^\W\d]+", "a", re.sub(r"\d+", "9", cell))


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    """As pandas names them: without a name `Unnamed: 3`, a second `a` is `a.1`."""
    found: dict[str, None] = {}
    for place, written in enumerate(names):
        base = one_line(written)
        name, number = base or f"Unnamed: {place}", 1
        while name in found:
            name, number = f"{base}.{number}", number + 1
        found[name] = None
    return tuple(found)


def one_line(words: str) -> str:
    """With a blank in place of what cannot be printed, a line break among it."""
    return "".join(character if character.isprintable() else " " for character in words)


def _check_widths(lines: Sequence[str], start: int, separator: str, width: int) -> None:
    wrong = [(start + line, len(cells)) for line, cells in rows_of(lines[start:], separator) if len(cells) != width]
    if wrong:
        line, found = wrong[0]
        others = f" (and {len(wrong) - 1} more are wrong)" if len(wrong) > 1 else ""
        raise ValueError(
            f"it has {width} columns, and its line {line} has {found}{others}: mend these lines, or say what separates "
            "columns with task.separator=comma (semicolon, tab, pipe, space)"
        )
