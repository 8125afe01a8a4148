"""How an answer's signal fades on its way back through time: what is left of it, by the time steps before the answer.

Only where every time step has an answer: elsewhere the signal at each place says the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gradstudy.analysis.responses.signal_map import decades_of
from gradstudy.quantities import by_distance
from gradstudy.records import MemberRecord
from gradstudy.series import by_seed

STATES: Mapping[str, str] = {"hidden state": by_distance("signal"), "cell state": by_distance("cell_signal")}
"""What a recurrent network carries through time, and the quantity that tells what comes back to it."""


@dataclass(frozen=True)
class Fading:
    """What is left of an answer's signal, `decades` [seed, step, distance]: log10 of the share of it, at looks inside.

    Distances are time steps before the answer, from 0 on, where all of it is there. -inf where exactly nothing is left,
    inf where it is not finite, nan after a seed's end. `steps` [step] are those of training.
    """

    steps: np.ndarray
    decades: np.ndarray

    @property
    def ends(self) -> list[int]:
        """The first look and the last one, which may be the same."""
        return sorted({0, len(self.steps) - 1})


def fadings(records: Sequence[MemberRecord]) -> dict[str, Fading]:
    """How the signal to every state of a trial fades, from the records of its seeds; none where nobody looked."""
    series = {
        state: [record.series[name] for record in records if name in record.series] for state, name in STATES.items()
    }
    return {state: _fading(*by_seed(own)) for state, own in series.items() if own}


def _fading(steps: np.ndarray, shares: np.ndarray) -> Fading:
    decades = decades_of(shares)
    return Fading(steps, np.concatenate([np.where(np.isnan(decades[..., :1]), np.nan, 0.0), decades], axis=-1))
