"""From the chosen columns of a table to arrays that a network reads, with what it cannot read told in words."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from gradstudy.tasks.column_choice import FEW, Choice, Wanted, told, ways_out
from gradstudy.tasks.column_kinds import FLAG, NUMBER, WORDS, TableColumn
from gradstudy.tasks.feature_task import Data
from gradstudy.tasks.read_words import words_of
from gradstudy.tasks.splitting import Split, drawn
from gradstudy.tasks.windows import windows_of

FEWEST_ROWS = 10
MOST_CELLS = 2**28
"""Numbers in all, 2 GiB of them: arrays of that size are copied once or twice on their way."""


def data_of(choice: Choice, wanted: Wanted, *, ways: bool = True) -> Data:
    """Numbers as they are, an input per word of text; classes or numbers as target; a fixed fifth held out.

    ValueError where the columns cannot be read so; it says what to type against that, unless `ways` is off.
    """
    _check(choice, wanted, ways=ways)
    classes = _names_classes(choice.targets, wanted)
    answers = np.stack([column.values for column in choice.targets], axis=1)
    gaps = np.any([column.missing for column in choice.features], axis=0)
    fills, whole = wanted.missing == "median", np.isfinite(answers).all(1)
    usable = np.ones(len(whole), bool) if fills else ~gaps
    split: Split
    if wanted.window:
        split = windows_of(choice, wanted, usable, whole)
    else:
        _check_rows(int((usable & whole).sum()), len(whole))
        split = drawn(usable & whole, answers[:, 0] if classes else None)
    made = np.stack(list(_inputs(choice.features, indicate=fills)), axis=1)
    inputs = _filled(made, split.known)
    names, targets = _targets(answers, split.chosen, split.held_out, wanted, classes=classes)
    data = split.data(inputs, targets, names if classes else answers.shape[1])
    about = words_of(choice, wanted, split, classes=classes, inputs=inputs.shape[1])
    return replace(data, about=about)


def _targets(
    answers: np.ndarray, chosen: np.ndarray, held_out: np.ndarray, wanted: Wanted, *, classes: bool
) -> tuple[int, tuple[np.ndarray, np.ndarray]]:
    """How many classes there are, and what is to be answered: their places [row], or numbers [row, output]."""
    if classes:
        found, places = np.unique(answers[np.concatenate([chosen, held_out]), 0], return_inverse=True)
        return len(found), (places[: len(chosen)], places[len(chosen) :])
    if not wanted.standardize_target:
        return 0, (answers[chosen], answers[held_out])
    mean, spread = answers[chosen].mean(0), answers[chosen].std(0)
    standard = (answers - mean) / np.where(spread > 0, spread, 1.0)
    return 0, (standard[chosen], standard[held_out])


def _inputs(columns: Sequence[TableColumn], *, indicate: bool) -> Iterator[np.ndarray]:
    """A row per input: numbers first, nan where they are missing, then an input per word, then, to indicate them,
    one per column that has gaps.
    """
    for column in columns:
        if column.kind != WORDS:
            yield np.where(column.missing, np.nan, column.values)
    for column in columns:
        for place in range(len(column.words)):
            yield (column.values == place).astype(float)
    for column in columns:
        if indicate and column.missing.any():
            yield column.missing.astype(float)


def _filled(inputs: np.ndarray, known: np.ndarray) -> np.ndarray:
    """With the median over the known rows in place of what is missing; 0 where these have none."""
    for place in np.flatnonzero(np.isnan(inputs).any(0)):
        seen = inputs[known, place]
        seen = seen[np.isfinite(seen)]
        inputs[np.isnan(inputs[:, place]), place] = np.median(seen) if seen.size else 0.0
    return inputs


def _names_classes(targets: Sequence[TableColumn], wanted: Wanted) -> bool:
    words = [column for column in targets if column.kind in (WORDS, FLAG)]
    if len(targets) > 1:
        if words or wanted.classify == "true":
            name = words[0].name if words else targets[0].name
            raise ValueError(f"target can be several columns if all are numbers, and '{name}' names classes: take one")
        return False
    (target,) = targets
    if wanted.classify == "false" and words:
        first = target.words[0] if target.words else "yes or no"
        raise ValueError(
            f"classify=false needs a target of numbers, and '{target.name}' holds '{first}': use classify=true or auto"
        )
    if wanted.classify != "auto":
        return wanted.classify == "true"
    known = target.values[~target.missing]
    return bool(words) or (
        target.kind == NUMBER and len(np.unique(known)) <= FEW and bool((known == known.round()).all())
    )


def _check(choice: Choice, wanted: Wanted, *, ways: bool) -> None:
    rows = len(choice.targets[0].values)
    if rows < FEWEST_ROWS:
        raise ValueError(f"a table of at least {FEWEST_ROWS} rows was expected, got {rows}: add rows")
    if problems := choice.problems(wanted.missing):
        raise ValueError(f"{told(problems)}: {f'write {ways_out(problems)}' if ways else 'fill them, or drop those'}")
    aim = ", ".join(f"'{column.name}'" for column in choice.targets)
    if not choice.features:
        out = f" ({told_reasons(choice)})" if choice.left_out else ""
        more = ", or task.ahead=1 to tell it from what it was before" if wanted.window and not wanted.ahead else ""
        raise ValueError(f"there is no column beside the target {aim} to learn from{out}: add one{more}")
    for target in choice.targets:
        known = target.values[~target.missing]
        if len(np.unique(known)) < 2:
            raise ValueError(f"target '{target.name}' is '{_shown(target)}' in every row: choose one that varies")
    if _names_classes(choice.targets, wanted):
        (target,) = choice.targets
        count = len(np.unique(known := target.values[~target.missing]))
        if 2 * count > len(known):
            raise ValueError(
                f"target '{target.name}' names {count} classes in {len(known)} rows: choose another column, or "
                "classify=false if it is a number"
            )
    inputs = sum(len(column.words) or 1 for column in choice.features)
    if rows * inputs > MOST_CELLS:
        raise ValueError(
            f"{rows} rows of {inputs} inputs are {rows * inputs * 8 / 2**30:.1f} GiB, and at most "
            f"{MOST_CELLS * 8 / 2**30:.0f} are read: take fewer rows, or name the columns with task.columns=[...]"
        )


def _check_rows(whole: int, rows: int) -> None:
    if whole < FEWEST_ROWS:
        raise ValueError(
            f"{whole} of {rows} rows have a value in every column, and at least {FEWEST_ROWS} must: "
            "write task.missing=median, or drop the columns with the most gaps with task.drop=[...]"
        )


def _shown(column: TableColumn) -> str:
    known = column.values[~column.missing]
    if not known.size:
        return ""
    return column.words[int(known[0])] if column.words else f"{known[0]:g}"


def told_reasons(choice: Choice) -> str:
    return "; ".join(f"left out: {', '.join(names)}, {reason}" for reason, names in choice.left_out.items())
