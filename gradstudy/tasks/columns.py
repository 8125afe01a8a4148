"""From a table of columns to arrays that a network reads, with what it cannot read told in words."""

from collections.abc import Hashable
from math import ceil

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_datetime64_any_dtype, is_numeric_dtype
from sklearn.model_selection import train_test_split

from gradstudy.tasks.feature_task import Data

FEW = 20
"""A target of no more different whole numbers names classes; text columns may have five times as many words."""
FEWEST_ROWS, MOST_HELD_OUT = 10, 1000
"""Every member keeps its held-out rows in memory, and a thousand tell a loss to a few per cent."""


def data_of(features: pd.DataFrame, target: pd.Series, classify: str) -> Data:
    """Numbers as they are, a column per word of text; classes or a standardised number as target; a fixed fifth held
    out.

    `classify` is `true`, `false` or `auto`: classes where the target is text, true or false, or few whole numbers.
    ValueError where the columns cannot be read so.
    """
    _check(features, target)
    inputs = pd.get_dummies(features, columns=[name for name in features if _is_text(features[name])], dtype=float)
    classes = _names_classes(target, classify)
    numbers = _class_numbers(target) if classes else target.to_numpy(float)[:, None]
    chosen, held_out = _split(len(target), numbers if classes else None)
    if not classes:
        numbers = (numbers - numbers[chosen].mean()) / (numbers[chosen].std() or 1.0)
    rows = inputs.to_numpy(float)
    outputs = int(numbers.max()) + 1 if classes else 1
    return Data(rows[chosen], numbers[chosen], rows[held_out], numbers[held_out], outputs)


def _class_numbers(target: pd.Series) -> np.ndarray:
    numbers, names = pd.factorize(target, sort=True)
    if len(names) > len(target) / 2:
        raise ValueError(
            f"target '{target.name}' names {len(names)} classes in {len(target)} rows: choose another column, or "
            "classify=false if it is a number"
        )
    return numbers


def _split(count: int, classes: np.ndarray | None) -> list[np.ndarray]:
    """Row numbers to train on and held out, balanced over classes where each has rows enough."""
    held_out = min(ceil(count / 5), MOST_HELD_OUT)
    sizes = np.bincount(classes) if classes is not None else np.zeros(1)
    balanced = sizes.min() >= 2 and len(sizes) <= held_out
    stratify = classes if balanced else None
    rows: list[np.ndarray] = train_test_split(np.arange(count), test_size=held_out, random_state=0, stratify=stratify)
    return rows


def _names_classes(target: pd.Series, classify: str) -> bool:
    words = is_bool_dtype(target) or _is_text(target)
    if classify == "false" and words:
        raise ValueError(
            f"classify=false needs a target of numbers, and '{target.name}' holds '{target.iloc[0]}': "
            "use classify=true or auto"
        )
    if classify != "auto":
        return classify == "true"
    return words or (target.nunique() <= FEW and bool((target == target.round()).all()))


def _check(features: pd.DataFrame, target: pd.Series) -> None:
    if len(target) < FEWEST_ROWS:
        raise ValueError(f"a table of at least {FEWEST_ROWS} rows was expected, got {len(target)}: add rows")
    if not features.shape[1]:
        raise ValueError(f"there is no column beside the target '{target.name}': add one to learn from")
    for name, column in [*features.items(), (target.name, target)]:
        _check_column(name, column)
    words = [name for name in features if _is_text(features[name]) and features[name].nunique() > 5 * FEW]
    if words:
        raise ValueError(
            f"column '{words[0]}' holds {features[words[0]].nunique()} different words, and each would become an "
            f"input: at most {5 * FEW} can; drop the column, or turn it into numbers"
        )
    if target.nunique() < 2:
        raise ValueError(f"target '{target.name}' is '{target.iloc[0]}' in every row: choose one that varies")


def _check_column(name: Hashable, column: pd.Series) -> None:
    if is_datetime64_any_dtype(column):
        raise ValueError(f"column '{name}' holds dates: turn them into numbers")
    missing = int(column.isna().sum())
    if is_numeric_dtype(column) and not missing:
        missing = int((~np.isfinite(column.to_numpy(float))).sum())
    if missing:
        raise ValueError(
            f"column '{name}' has {missing} missing or infinite values of {len(column)}: fill them, or drop those rows"
        )


def _is_text(column: pd.Series) -> bool:
    return not is_numeric_dtype(column)
