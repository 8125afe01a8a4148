"""Columns to learn from only if somebody asks for them: running numbers, ids, copies of the answer."""

import re
from collections.abc import Callable, Mapping

import numpy as np
from scipy.special import gammaln

from gradstudy.tasks.column_kinds import DATE, NUMBER, WORDS, TableColumn

UNNAMED = re.compile(r"Unnamed: \d+|")
ID = re.compile(
    r"id|ids|index|idx|row|rowid|row_?(nr|no|num|number)|nr|no|key|uid|uuid|guid|.*[ _.-](id|index|idx|nr)|.*[a-z]I[dD]"
    r"|(Id|ID|Index|INDEX|Nr|No|Key|UUID|ROW|Row)|(id|ID)[ _.-].*"
)
CHANCE = -14.0
"""The natural logarithm of how likely, one in a million, a column may tell the target by accident, to be named."""
MOST_LOOKED_AT = 20_000
"""So many rows, evenly spaced, tell whether a column tells the target."""


def suspicion(column: TableColumn) -> str:
    """Why a column is left out unless somebody asks for it by name; empty where nothing speaks against it."""
    known = column.values[~column.missing]
    return "" if column.refused else next((why for why, holds in SUSPICIONS.items() if holds(column, known)), "")


def _is_constant(column: TableColumn, known: np.ndarray) -> bool:
    return known.size == len(column.values) and bool(known.min() == known.max())


def _runs_on(column: TableColumn, known: np.ndarray) -> bool:
    with np.errstate(over="ignore"):
        steps = np.diff(known)
    return column.kind == DATE and bool((steps > 0).all() or (steps < 0).all())


def _whole_steps(column: TableColumn, known: np.ndarray) -> np.ndarray:
    """The steps between the ordered whole numbers of a column; none where it holds others, or has gaps."""
    whole = column.kind == NUMBER and known.size == len(column.values) and (known == np.round(known)).all()
    with np.errstate(over="ignore"):  # numbers so far apart are refused later, by the column's name
        return np.diff(np.sort(known)) if whole else np.empty(0)


def _counts(column: TableColumn, known: np.ndarray) -> bool:
    steps = _whole_steps(column, known)
    return bool(steps.size and (steps == 1).all())


def _is_id(column: TableColumn, known: np.ndarray) -> bool:
    return bool(ID.fullmatch(column.name) and (steps := _whole_steps(column, known)).size and (steps > 0).all())


SUSPICIONS: Mapping[str, Callable[[TableColumn, np.ndarray], bool]] = {
    "nothing in any row": lambda column, known: not known.size,
    "the same in every row": _is_constant,
    "without a name, as an index is written": lambda column, known: bool(UNNAMED.fullmatch(column.name)),
    "another word in most rows": lambda column, known: 2 * len(column.words) > known.size,
    "running on from row to row": _runs_on,
    "a running number": _counts,
    "an id, by its name": _is_id,
}
"""What is suspicious about a column, of which the values are known that are not missing."""


def tells(column: TableColumn, target: np.ndarray, *, classes: bool) -> bool:
    """Whether this column by itself tells the target, as a copy, a code or a function of it does.

    Words and few numbers tell classes if each stands with one class only; numbers if they put the rows into the order
    of a target of numbers, or one class after the other. What may be an accident of few rows does not count.
    """
    some = slice(None, None, -(-len(target) // MOST_LOOKED_AT))
    known = np.isfinite(target[some]) & ~column.missing[some]
    if known.sum() < 3:
        return False
    values, wanted = column.values[some][known], target[some][known]
    sizes = np.unique(wanted, return_counts=True)[1]
    ways = gammaln(len(wanted) + 1) - gammaln(sizes + 1).sum()  # in which the target could lie beside the column
    pairs, counts = np.unique(np.stack([values, wanted]), axis=1, return_counts=True)
    groups = np.unique(values, return_counts=True)[1]
    if classes:
        pure = len(groups) == pairs.shape[1]
        if column.kind == WORDS:
            return bool(pure and len(groups) * np.log(len(sizes)) - ways < CHANCE)
        in_a_row = np.count_nonzero(np.diff(pairs[1])) == len(sizes) - 1
        return bool(pure and in_a_row and gammaln(len(sizes) + 1) - ways < CHANCE)
    if column.kind == WORDS:
        return False
    same = gammaln(groups + 1).sum() - gammaln(counts + 1).sum()  # ways that keep the order
    falling = pairs[1][np.lexsort((-pairs[1], pairs[0]))]
    monotone = (np.diff(pairs[1]) >= 0).all() or (np.diff(falling) <= 0).all()
    return bool(monotone and np.log(2) + same - ways < CHANCE)
