"""The measured values that are asked for: the same filters, and the same words about wrong ones, everywhere."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds

from gradstudy.errors import InputError, nearest

FILTER_KINDS = {
    "trial": pa.int64(),
    "seed": pa.int64(),
    "step": pa.int64(),
    "quantity": pa.string(),
    "place": pa.string(),
}
"""What can be filtered by."""

AMONG = {"trial": (), "seed": ("trial",), "quantity": ("trial",), "place": ("trial", "quantity")}
"""Where a wish must be found, or it is wrong input: in the rows that these other filters leave. A step need not be
found: a member that diverged has none behind its last, and a probe looks at a few."""

MOST_SHOWN = 24

Filters = Mapping[str, Any]
"""A value or a list of values by column; None asks for everything."""


def select(stored: ds.Dataset, filters: Filters) -> pd.DataFrame:
    """The rows that are asked for. Filters are pushed down to what is stored.

    InputError when something that was asked for is stored nowhere, saying what is. It is looked for only where it was
    not found: to know all that is stored, all of it has to be read.
    """
    wanted = wishes(filters)
    found = stored.to_table(filter=_condition(wanted))
    if any(set(wanted[column]) - set(found[column].unique().to_pylist()) for column in AMONG if column in wanted):
        _check_stored(stored, wanted)
    table: pd.DataFrame = found.to_pandas()
    return table


def wishes(filters: Filters) -> dict[str, list[Any]]:
    """The filters as lists, by column. InputError for a column that is none, or a value that is none of its kind."""
    for column in filters:
        if column not in FILTER_KINDS:
            raise InputError(
                f"A filter must be one of {', '.join(FILTER_KINDS)}, got '{column}'.{nearest(column, FILTER_KINDS)}"
            )
    return {column: _wish(column, wanted) for column, wanted in filters.items() if wanted is not None}


def check_known(column: str, wanted: Sequence[Any], known: Sequence[Any], where: str = "") -> None:
    """InputError when something is wanted that is not known, though something is known."""
    unknown = [one for one in wanted if one not in known]
    if not unknown or not known:
        return
    got = ", ".join(f"'{one}'" if isinstance(one, str) else str(one) for one in unknown)
    hint = nearest(unknown[0], known) if isinstance(unknown[0], str) else ""
    raise InputError(f"{column} must be one of {_listing(known)}{where}, got {got}.{hint}")


def _wish(column: str, wanted: Any) -> list[Any]:
    try:
        values = [wanted] if np.ndim(wanted) == 0 else list(wanted)
        known: list[Any] = pa.array(values, FILTER_KINDS[column]).to_pylist()
    except (ValueError, TypeError, OverflowError):  # Arrow's own errors are ValueErrors and TypeErrors
        values, known = [wanted], []
    if known != values:  # Arrow reads 1.5 as 1
        kind = "a name" if FILTER_KINDS[column] == pa.string() else "a whole number"
        raise InputError(f"{column} must be {kind} or a list of them, got {wanted!r}.")
    return known


def _condition(wanted: Mapping[str, list[Any]]) -> ds.Expression:
    condition = ds.scalar(True)
    for column, values in wanted.items():
        condition &= ds.field(column).isin(pa.array(values, FILTER_KINDS[column]))
    return condition


def _check_stored(stored: ds.Dataset, wanted: Mapping[str, list[Any]]) -> None:
    for column, others in AMONG.items():
        if column in wanted:
            within = {other: wanted[other] for other in others if other in wanted}
            quantities = within.get("quantity")
            where = f" (of {', '.join(quantities)})" if quantities else ""
            check_known(column, wanted[column], _values(stored, column, within), where)


def _values(stored: ds.Dataset, column: str, within: Mapping[str, list[Any]]) -> list[Any]:
    """The different values of a column in the order in which they are stored."""
    batches = stored.to_batches(columns=[column], filter=_condition(within))
    return list(dict.fromkeys(value for batch in batches for value in batch[column].unique().to_pylist()))


def _listing(known: Sequence[Any]) -> str:
    if isinstance(known[0], str):
        words = list(known)
    elif len(known) > 1 and sorted(known) == list(range(min(known), max(known) + 1)):
        return f"{min(known)} to {max(known)}"
    else:
        words = [str(number) for number in sorted(known)]
    return ", ".join(words if len(words) <= MOST_SHOWN else [*words[:3], "...", words[-1]])
