"""What did the instruments of all members read at one step? From records to arrays [member, place]."""

from collections.abc import Sequence

import numpy as np

from gradstudy.records import MemberRecord


def steps_of(records: Sequence[MemberRecord], quantity: str) -> list[int]:
    """At which steps was a quantity read on any member? In order; none where it was not measured."""
    return sorted(
        {int(step) for record in records if quantity in record.series for step in record.series[quantity].steps}
    )


def places_of(records: Sequence[MemberRecord], quantity: str) -> tuple[str, ...]:
    """Where was a quantity read? In its own order; nowhere where it was not measured."""
    return next((record.series[quantity].places for record in records if quantity in record.series), ())


def look(records: Sequence[MemberRecord], quantity: str, step: int) -> np.ndarray:
    """What did the members that have it read at this step? [member, place], without a row where none has."""
    own = [record.series[quantity] for record in records if quantity in record.series]
    rows = [series.values[series.steps == step] for series in own]
    return np.concatenate([np.empty((0, len(places_of(records, quantity)))), *rows])


def median(values: np.ndarray) -> np.ndarray:
    """The median [place] over members of what is not nan; nan where nothing is known."""
    columns = (column[~np.isnan(column)] for column in values.T)
    # half of each first: the mean of two of 1e308 would overflow
    return np.array([2 * np.median(known / 2) if known.size else np.nan for known in columns])
