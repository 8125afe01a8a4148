"""Which columns of a table are learned from and which are to be told, and what is wrong with them, all at once."""

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from gradstudy.errors import nearest
from gradstudy.parts import number, word
from gradstudy.tasks.cell_numbers import POINT
from gradstudy.tasks.column_kinds import DATE, NO_NUMBER, NUMBER, WORDS, TableColumn, column_of
from gradstudy.tasks.feature_task import LARGE
from gradstudy.tasks.suspicion import UNNAMED, suspicion
from gradstudy.tasks.text_layout import one_line

FEW = 20
"""A target of no more different whole numbers names classes; columns of words may have five times as many words."""
MOST_WORDS = 5 * FEW
NAMED_COLUMNS = 20
"""So many columns are named in a sentence."""


@dataclass(frozen=True)
class Wanted:
    """What a person asks of the columns of a table; task=table says what each of it means."""

    target: str | tuple[str, ...] = ""
    classify: str = word("auto", "true", "false")
    standardize_target: bool = True
    columns: str | tuple[str, ...] = ()
    drop: str | tuple[str, ...] = ()
    words: str | tuple[str, ...] = ()
    missing: str = word("refuse", "drop", "median")
    window: int = number(0, at_least=0)
    ahead: int = number(0, at_least=0)
    order: str = ""
    series: str = ""

    @property
    def targets(self) -> tuple[str, ...]:
        return in_a_list(self.target)

    @property
    def named(self) -> dict[str, str]:
        """Every column that is asked for by name, and the key that does."""
        keys = ("columns", "drop", "words", "target", "order", "series")
        return {name: key for key in keys for name in in_a_list(getattr(self, key))}


def in_a_list(names: str | tuple[str, ...]) -> tuple[str, ...]:
    """Names that may stand alone."""
    return names if isinstance(names, tuple) else (names,) if names else ()


@dataclass(frozen=True)
class Problem:
    """What is wrong with a column, and what to type against it: a key, or several, with what they do."""

    name: str
    words: str
    ways: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Choice:
    """The columns to learn from, those to be told, what was left out by reason, and what is wrong with them."""

    features: tuple[TableColumn, ...]
    targets: tuple[TableColumn, ...]
    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    kept: tuple[str, ...] = ()
    order: TableColumn | None = None
    series: TableColumn | None = None

    def problems(self, missing: str) -> list[Problem]:
        """What must be mended before anything is learned, where values that are missing are treated so."""
        aim = {column.name for column in self.targets}
        return [
            problem
            for column in {id(one): one for one in (*self.targets, *self.features)}.values()
            for problem in _problems(column, missing, is_target=column.name in aim)
        ]


def choose(frame: pd.DataFrame, wanted: Wanted, decimal: str = POINT, *, all_of_them: bool = False) -> Choice:
    """The columns of this table that are wanted, or all that raise no suspicion. ValueError names those it lacks.

    `all_of_them` leaves none out for a suspicion.
    """
    _check_named(frame, wanted)
    as_words, asked = set(in_a_list(wanted.words)), set(in_a_list(wanted.columns))
    targets = tuple(column_of(name, frame[name], decimal, as_words=name in as_words) for name in wanted.targets)
    aim = {column.name: column for column in targets}
    other = {
        key: column_of(name, frame[name], decimal) for key in ("order", "series") if (name := getattr(wanted, key))
    }
    taken = {*in_a_list(wanted.drop), *(() if wanted.ahead else aim)}
    taken |= set() if asked else {one.name for one in other.values()}
    names = [str(name) for name in frame if name not in taken and (not asked or name in asked)]
    found = [aim.get(name) or column_of(name, frame[name], decimal, as_words=name in as_words) for name in names]
    if wanted.window and not wanted.order:
        dates = [column for column in found if column.kind == DATE and column.name not in asked]
        other |= {"order": dates[0]} if dates else {}
        found = [column for column in found if not dates or column is not dates[0]]
    reasons = {} if all_of_them else {one.name: suspicion(one) for one in found if one.name not in wanted.columns}
    features = tuple(column for column in found if not reasons.get(column.name))
    kept: tuple[str, ...] = ()
    if not features and found:  # a line, y over x = 0, 1, 2, ..., has nothing else to be learned from
        features = tuple(column for column in found if column.kind != WORDS and not UNNAMED.fullmatch(column.name))
        kept = tuple(column.name for column in features)
    left_out: dict[str, tuple[str, ...]] = {}
    for name, reason in reasons.items():
        if reason and name not in kept:
            left_out[reason] = (*left_out.get(reason, ()), name)
    return Choice(features, targets, left_out, kept, other.get("order"), other.get("series"))


def listed(names: Iterable[str], most: int = NAMED_COLUMNS) -> str:
    """Names in a row; of many only the first."""
    names = list(names)
    return ", ".join(names) if len(names) <= most + 1 else f"{', '.join(names[:most])} and {len(names) - most} more"


def told(problems: Sequence[Problem]) -> str:
    """All problems in one sentence."""
    shown = "; ".join(f"'{one.name}' {one.words}" for one in problems[:NAMED_COLUMNS])
    return shown + (f"; and {len(problems) - NAMED_COLUMNS} columns more" if len(problems) > NAMED_COLUMNS else "")


def ways_out(problems: Sequence[Problem]) -> str:
    """What to type against these problems, the same key once."""
    by_way: dict[str, dict[str, None]] = {}
    for problem in problems:
        for way in problem.ways:
            by_way.setdefault(way, {})[problem.name] = None
    return ", or ".join(way.replace("NAMES", typed(list(names))) for way, names in by_way.items())


def typed(names: Sequence[str]) -> str:
    """A list of columns as the value of a key on the command line."""
    plain = all(re.fullmatch(r"[\w.-]+", name, re.ASCII) for name in names[:NAMED_COLUMNS])
    quoted = (
        names[:NAMED_COLUMNS]
        if plain
        else ['"' + re.sub(r'(\\*)"', r'\1\1\\"', name) + '"' for name in names[:NAMED_COLUMNS]]
    )
    inside = f"[{','.join(quoted)}{',...' if len(names) > NAMED_COLUMNS else ''}]"
    return inside if plain else shlex.quote(inside)


DROP = "task.drop=NAMES to leave columns out"
FILL = "task.missing=median to fill gaps in (drop: to leave these rows out)"
LEAVE_ROWS = "task.missing=drop to leave these rows out"
AS_WORDS = "task.words=NAMES to take numbers as words"
MEND = "mend the file"


def _problems(column: TableColumn, missing: str, *, is_target: bool) -> Iterable[Problem]:
    ways = (MEND,) if is_target else (DROP,)
    if column.refused:
        yield Problem(column.name, f"holds {column.refused}", ways)
        return
    known = column.values[~column.missing]
    if column.kind == NUMBER and known.size and np.abs(known).max() > LARGE:
        largest = known[np.abs(known).argmax()]
        yield Problem(column.name, f"reaches {largest:.3g}, and at most {LARGE:g} can be computed with", ways)
    if column.kind == WORDS and not is_target and len(column.words) > MOST_WORDS:
        what = f"holds {len(column.words)} different words, and at most {MOST_WORDS} can become an input each"
        yield Problem(column.name, what, ways)
    count = int(column.missing.sum())
    if count and missing == "refuse":
        strange = {cell: rows for cell, rows in column.odd.items() if cell.lower() not in NO_NUMBER}
        cells = strange or {cell: rows for cell, rows in column.odd.items() if cell}
        shown = ", ".join(f"'{one_line(cell)[:20]}' in {rows}" for cell, rows in list(cells.items())[:3])
        more = ", …" if len(cells) > 3 else ""
        if column.kind == NUMBER and strange:
            words = f"has words among its numbers ({shown}{more} of {len(column.values)} rows)"
        else:
            infinite = " or infinite" if np.isinf(column.values).any() else ""
            values = f"missing{infinite} value{'' if count == 1 and not infinite else 's'}"
            words = f"has {count} {values} of {len(column.values)}{f' ({shown}{more})' if cells else ''}"
        way = (LEAVE_ROWS,) if is_target else (FILL, DROP, *((AS_WORDS,) if strange and column.kind == NUMBER else ()))
        yield Problem(column.name, words, way)


def _check_named(frame: pd.DataFrame, wanted: Wanted) -> None:
    names = list(map(str, frame.columns))
    if not wanted.targets:
        raise ValueError(
            f"target must be a column of the table, got none: it has {listed(names)}. Write task.target=COLUMN"
        )
    wrong = {name: key for name, key in wanted.named.items() if name not in names}
    for name, key in wrong.items():
        others = [f"'{other}'" for other in wrong if other != name]
        also = f" (nor is there {listed(others)})" if others else ""
        raise ValueError(
            f"{key} must be a column of the table, got {name!r}{also}: it has {listed(names)}.{nearest(name, names)}"
            f" Write task.{key}=COLUMN"
        )
    if both := set(wanted.targets) & {*in_a_list(wanted.drop), wanted.order, wanted.series}:
        raise ValueError(
            f"target '{both.pop()}' cannot be dropped, nor order rows or tell groups apart: choose another"
        )
