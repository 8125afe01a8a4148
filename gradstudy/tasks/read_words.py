"""What was read of a table, in words by what they are about: for the plan, the terminal and the report."""

from collections.abc import Iterator, Sequence

import numpy as np

from gradstudy.tasks.cell_times import day_words
from gradstudy.tasks.column_choice import Choice, Wanted, listed, typed
from gradstudy.tasks.column_kinds import DATE, DURATION, FLAG, NUMBER, WORDS, TableColumn
from gradstudy.tasks.splitting import Split
from gradstudy.tasks.suspicion import tells
from gradstudy.tasks.text_layout import one_line

SHOWN_COLUMNS = 8
MOST_CLASSES = 12
KIND_WORDS = {
    NUMBER: ("number", "numbers"),
    FLAG: ("yes or no", "yes or no"),
    DATE: ("date, in days", "dates, in days"),
    DURATION: ("duration, in seconds", "durations, in seconds"),
}


def words_of(choice: Choice, wanted: Wanted, split: Split, *, classes: bool, inputs: int) -> dict[str, str]:
    """Rows, inputs by kind, targets, what was filled in, what was left out and why, and what to look at."""
    told = {
        **split.words,
        "inputs": _inputs(choice.features, inputs, fills=wanted.missing == "median"),
        "target": "; ".join(_target(column, wanted, split, classes=classes) for column in choice.targets),
        "filled in": "; ".join(_filled(choice.features, split)) if wanted.missing == "median" else "",
        "left out": "; ".join(
            f"{listed(map(quoted, names), SHOWN_COLUMNS)} ({reason})" for reason, names in choice.left_out.items()
        ),
        "look at": "; ".join(_look_at(choice, wanted, classes=classes)),
    }
    if told["left out"]:
        told["left out"] += "; task.columns=[...] takes the columns that it names"
    return {about: words for about, words in told.items() if words}


def quoted(name: str) -> str:
    return f"'{name}'" if " " in name or not name else name


def _inputs(columns: Sequence[TableColumn], count: int, *, fills: bool) -> str:
    kinds = list(_kinds(columns, fills=fills))
    return kinds[0] if len(kinds) == 1 else f"{count}: {'; '.join(kinds)}"


def _kinds(columns: Sequence[TableColumn], *, fills: bool) -> Iterator[str]:
    for kind, (one, many) in KIND_WORDS.items():
        if names := [_with_unit(column) for column in columns if column.kind == kind]:
            yield f"{len(names)} {one if len(names) == 1 else many} ({listed(names, SHOWN_COLUMNS)})"
    if words := [column for column in columns if column.kind == WORDS]:
        inputs = sum(len(column.words) for column in words)
        names = [f"{quoted(column.name)}: {len(column.words)}" for column in words]
        of = f"{len(words)} {'column' if len(words) == 1 else 'columns'}"
        yield f"{inputs} for the words of {of} ({listed(names, SHOWN_COLUMNS)})"
    if gaps := sum(bool(column.missing.any()) for column in columns) * fills:
        yield f"{gaps} to say where a value was missing"


def _with_unit(column: TableColumn) -> str:
    return f"{quoted(column.name)} in {column.unit}" if column.unit else quoted(column.name)


def _target(column: TableColumn, wanted: Wanted, split: Split, *, classes: bool) -> str:
    values = column.values[~column.missing if wanted.window else np.concatenate([split.chosen, split.held_out])]
    if not classes:
        low, high, mean = (_number(column, value) for value in (values.min(), values.max(), values.mean()))
        how = "standardised" if wanted.standardize_target else "as it is"
        return f"{_with_unit(column)}, a number from {low} to {high} (mean {mean}), {how}"
    found, counts = np.unique(values, return_counts=True)
    names = [_class_name(column, value) for value in found]
    ordered = sorted(zip(names, counts, strict=True), key=lambda one: -one[1])
    shares = [f"{name}: {100 * count / len(values):.3g} %" for name, count in ordered]
    single = [name for name, count in ordered if count == 1]
    alone = f"; of {listed(single, SHOWN_COLUMNS)} there is one row only" if single else ""
    return f"{quoted(column.name)}, {len(names)} classes: {listed(shares, MOST_CLASSES)}{alone}"


def _class_name(column: TableColumn, value: float) -> str:
    if column.kind == WORDS:
        return column.words[int(value)]
    return ("no", "yes")[int(value)] if column.kind == FLAG else _number(column, value)


def _number(column: TableColumn, value: float) -> str:
    return day_words(value) if column.kind == DATE else f"{value:.6g}"


def _filled(columns: Sequence[TableColumn], split: Split) -> Iterator[str]:
    for column in columns:
        if count := int(column.missing.sum()):
            cells = [f"'{one_line(cell)[:20]}'" for cell in column.odd if cell]
            stood = f", where {listed(cells, 3)} stood" if cells else ""
            known = column.values[split.known]
            known = known[np.isfinite(known)]
            middle = (
                ""
                if column.kind == WORDS or not known.size
                else f" with the median {_number(column, float(np.median(known)))}"
            )
            yield f"{count} of {len(column.values)} in {quoted(column.name)}{middle}{stood}"


def _look_at(choice: Choice, wanted: Wanted, *, classes: bool) -> Iterator[str]:
    if choice.kept:
        yield f"{listed(choice.kept, SHOWN_COLUMNS)} would be left out, if there were any other column"
    if wanted.ahead:
        return
    for target in choice.targets:
        answers = np.where(target.missing, np.nan, target.values)
        found = [column.name for column in choice.features if tells(column, answers, classes=classes)]
        if found:
            says = f"{listed(map(quoted, found), SHOWN_COLUMNS)} {'tells' if len(found) == 1 else 'tell'}"
            yield (
                f"{says} the target {quoted(target.name)} without any other column: what is not known beforehand, "
                f"leave out with task.drop={typed(found)}"
            )
