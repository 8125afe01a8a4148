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
    with np.errstate(invalid="ignore"):  # between -inf and inf lies nan
        # half of each first: the mean of two of 1e308 would overflow
        return np.array([2 * np.median(known / 2) if known.size else np.nan for known in columns])


def typical(signal: np.ndarray) -> np.ndarray:
    """How large is the signal [member, place] in the typical member? log10 of it [place], in decades.

    The median of what every member has against its own last place, on top of the median last place: from the last
    place to the first it grows by the median of the members' gains. The gain of medians is another number where seeds
    differ. A member whose last place is 0, inf or nan has nothing to be set against and is taken as it is.
    """
    with np.errstate(divide="ignore"):
        decades = np.log10(signal)
    last = decades[:, -1:]
    known = np.isfinite(last)
    shift = np.where(known, np.median(last[known]) - last, 0.0) if known.any() else 0.0
    return median(decades + shift)
