"""The signal at every place, on every step: one trial as a map, in the median of its seeds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gradstudy.records import MemberRecord, Series
from gradstudy.series import by_seed, evenly_spaced, has_far_flow, median_of_seeds, stretches, way_back


@dataclass(frozen=True)
class SignalMap:
    """log10 of the signal, `decades` [step, place], in the median of the seeds that reached the step.

    -inf is a signal of exactly zero; inf one that is inf or nan. `steps` [step] go as far as the last seed did. `far`:
    it is that of the last answer alone, see `gradstudy.series.way_back`.
    """

    places: tuple[str, ...]
    steps: np.ndarray
    decades: np.ndarray
    far: bool = False

    def thinned(self, *, steps: int, places: int) -> "SignalMap":
        """The same with so many steps and places at most.

        Places are evenly spaced, and so are stretches of steps: of each the step that is furthest from the usual one
        stands for it, so that no spike is lost.
        """
        rows, columns = self._telling(steps), evenly_spaced(len(self.places), places)
        names = tuple(self.places[column] for column in columns)
        return replace(self, places=names, steps=self.steps[rows], decades=self.decades[np.ix_(rows, columns)])

    def _telling(self, most: int) -> np.ndarray:
        """Of so many stretches of the steps at most, the one at which some place is furthest from its median step."""
        usual = median_of_seeds(self.decades)
        with np.errstate(invalid="ignore"):  # what is not finite on most steps is usual
            far = np.where(self.decades == usual, 0.0, np.abs(self.decades - usual)).max(axis=1)
        starts = stretches(len(far), most)
        return starts + [int(stretch.argmax()) for stretch in np.split(far, starts[1:])]


def signal_map(records: Sequence[MemberRecord]) -> SignalMap:
    """The map of one trial, from the records of its seeds: with float64's range where float32 read 0."""
    signals = signals_of(records)
    steps, values = by_seed(signals)
    return SignalMap(signals[0].places, steps, median_of_seeds(decades_of(values)), far=has_far_flow(records[0]))


def signals_of(records: Sequence[MemberRecord]) -> list[Series]:
    """The signal of every seed: of the last answer alone, where every time step has one."""
    return [replace(record.series["signal"], values=way_back(record)) for record in records]


def decades_of(amplitudes: np.ndarray) -> np.ndarray:
    """log10, -inf of exactly zero."""
    with np.errstate(divide="ignore"):
        found: np.ndarray = np.log10(amplitudes)
    return found
