"""What a diagnosis is made of: plain values of one configuration, taken from its record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from gradstudy.analysis.responses.signal_map import decades_of
from gradstudy.analysis.settings import DEFAULTS, Analysis
from gradstudy.measurement import Measurement
from gradstudy.records import LEARNED, STUCK, MemberRecord
from gradstudy.series import CEILING, FAR, FLOOR, first_signal, gain_by_step, growth_over_start, has_far_flow, way_back


def steps_of(records: Sequence[MemberRecord], quantity: str) -> list[int]:
    """The steps at which a quantity was read on any member, in order; none where it was not measured."""
    return sorted(
        {int(step) for record in records if quantity in record.series for step in record.series[quantity].steps}
    )


def places_of(records: Sequence[MemberRecord], quantity: str) -> tuple[str, ...]:
    """The places where a quantity was read, in its own order; none where it was not measured."""
    return next((record.series[quantity].places for record in records if quantity in record.series), ())


def look(records: Sequence[MemberRecord], quantity: str, step: int) -> np.ndarray:
    """What the members that have it read at this step, [member, place], without a row where none has."""
    own = [record.series[quantity] for record in records if quantity in record.series]
    rows = [series.values[series.steps == step] for series in own]
    return np.concatenate([np.empty((0, len(places_of(records, quantity)))), *rows])


def known_median(values: np.ndarray) -> np.ndarray:
    """The median [place] over members of what is not nan; nan where nothing is known."""
    columns = (column[~np.isnan(column)] for column in values.T)
    with np.errstate(invalid="ignore"):  # between -inf and inf lies nan
        # half of each first: the mean of two of 1e308 would overflow
        return np.array([2 * np.median(known / 2) if known.size else np.nan for known in columns])


def typical(signal: np.ndarray) -> np.ndarray:
    """The signal [member, place] of the typical member: log10 of it [place], in decades.

    The median of what every member has against its own last place, on top of the median last place: from the last
    place to the first it grows by the median of the members' gains. The gain of medians is another number where seeds
    differ. A member whose last place is 0, inf or nan has nothing to be set against and is taken as it is.
    """
    decades = decades_of(signal)
    last = decades[:, -1:]
    known = np.isfinite(last)
    shift = np.where(known, np.median(last[known]) - last, 0.0) if known.any() else 0.0
    return known_median(decades + shift)


BINARY = 0.9
"""The share of saturated units from which a layer says little but yes or no, and passes little back."""


@dataclass(frozen=True)
class Idle:
    """The share [site] of the units that do nothing at a step: median over members; a site is a nonlinearity."""

    step: int
    sites: tuple[str, ...]
    share: np.ndarray


@dataclass(frozen=True)
class Symptoms:
    """How one configuration behaves.

    `kind` is what a place is: layer, block or time step. `signal` and `recorded` are D_p at step 0 [member, place], as
    float64 has it and as training read it; where it is `far`, both are those of the last answer alone, see
    `gradstudy.series.way_back`. `members` has one row per member: responses, verdict, first bad step and tensor.
    `worst_gain` and `growth` [member]: by how many decades the signal grew on its way back in its worst step,
    and the gradient norm over training, neither of them cut off at the cap. `theory` is the predicted gain_init, None
    where there is none, for the reason `no_theory`. `settings` has the verdicts' thresholds. `final_loss` [member] is
    where training ended; `baseline` the loss of whoever disregards the inputs, where the task has such a number.
    `held_out_loss` [member] is that of samples that were held out, and `by_heart` says in which members they are
    answered no better than without a look at them. Units that are flat on both sides are `saturated`, and not `dead`.
    """

    kind: str
    places: tuple[str, ...]
    signal: np.ndarray
    recorded: np.ndarray
    members: pd.DataFrame
    worst_gain: np.ndarray
    growth: np.ndarray
    choices: Mapping[str, str]
    theory: float | None = None
    no_theory: str = ""
    dead: Idle | None = None
    saturated: Idle | None = None
    settings: Analysis = DEFAULTS
    final_loss: np.ndarray = field(default_factory=lambda: np.empty(0))
    held_out_loss: np.ndarray = field(default_factory=lambda: np.empty(0))
    by_heart: np.ndarray = field(default_factory=lambda: np.empty(0, bool))
    baseline: float | None = None
    far: bool = False

    @property
    def gain(self) -> float:
        """Decades that the signal gains on its way back at step 0: median over the members whose gain has a size.

        Where none has, FLOOR for a signal of exactly zero, or CEILING for one that is not finite.
        """
        gains = self.members["gain_init"]
        sized = gains[(gains > FLOOR) & (gains < CEILING)]
        return float((gains if sized.empty else sized).median())

    @property
    def distance(self) -> int:
        """How many places the signal travels."""
        return max(len(self.places) - 1, 1)

    @property
    def diverged(self) -> np.ndarray:
        """Which members diverged, [member]."""
        return np.asarray(self.members["first_bad_step"].notna())

    @property
    def vanishing(self) -> np.ndarray:
        """Which members vanish, whatever else they do, [member]."""
        return np.asarray((self.members["vanishing"] >= self.settings.vanishing) & ~self.diverged)

    @property
    def exploding(self) -> np.ndarray:
        """Which members explode, whatever else they do but for those that diverged, [member]."""
        return np.asarray((self.members["exploding"] >= self.settings.exploding) & ~self.diverged)

    @property
    def stuck(self) -> np.ndarray:
        """Which members learned nothing, [member]."""
        return np.asarray(self.members["outcome"] == STUCK)

    @property
    def ill(self) -> np.ndarray:
        """With which members something is wrong, [member]: with all of them where a layer has come to two values."""
        binary = self.saturated is not None and bool(np.nanmax(self.saturated.share) > BINARY)
        return np.asarray(self.diverged | self.vanishing | self.exploding | self.stuck | binary)

    def count(self, *verdicts: str) -> int:
        """How many members have one of these verdicts."""
        return int(self.members["verdict"].isin(verdicts).sum())


def symptoms_of(measured: Measurement) -> Symptoms:
    """What a measurement says about its configuration, read off its records; nothing is judged yet."""
    records, prediction = measured.records, measured.prediction
    saturated = _idle(records, "saturated_units")
    settings, norms = measured.settings, [record.series["norm_before_clipping"].values for record in records]
    return Symptoms(
        kind=kind_of(records),
        places=places_of(records, "signal"),
        signal=np.concatenate([first_signal(record) for record in records]),
        recorded=look(records, FAR if has_far_flow(records[0]) else "signal", 0),
        members=measured.members,
        worst_gain=np.array([_worst_gain(record) for record in records]),
        growth=np.array([growth_over_start(norm[:, 0], settings.first_steps).max() for norm in norms]),
        choices=measured.choices,
        theory=None if prediction is None else float(prediction.gain_init),
        no_theory=measured.no_theory,
        dead=_idle(records, "dead_units") if saturated is None else None,
        saturated=saturated,
        settings=settings,
        final_loss=np.array([_final_loss(record) for record in records]),
        held_out_loss=np.array([_last(record, "held_out_loss") for record in records]),
        by_heart=(measured.members["outcome"] == LEARNED).to_numpy() & [_only_by_heart(record) for record in records],
        baseline=_baseline(records),
        far=has_far_flow(records[0]),
    )


def kind_of(records: Sequence[MemberRecord]) -> str:
    """What a flow point of these networks is: a layer, a block, or a time step.

    A block is what a skip is joined behind, or what holds nonlinearities of its own.
    """
    places = places_of(records, "signal")
    if places[0].startswith("time_"):
        return "time step"
    inside = any(site.startswith(f"{place}.") for place in places for site in places_of(records, "dead_units"))
    return "block" if inside or places_of(records, "skip_share") else "layer"


def _baseline(records: Sequence[MemberRecord]) -> float | None:
    found = [record.series["baseline_loss"].values[0, 0] for record in records if "baseline_loss" in record.series]
    return float(np.median(found)) if found else None


def _last(record: MemberRecord, quantity: str) -> float:
    return float(record.series[quantity].values[-1, 0]) if quantity in record.series else np.nan


def _only_by_heart(record: MemberRecord) -> bool:
    """Whether what was held out costs more than the baseline, and where classes are counted is no oftener right.

    A network that is sure of its few mistakes may have a large loss and be right all the same.
    """
    costs_more = _last(record, "held_out_loss") > _last(record, "baseline_loss")
    return costs_more and not _last(record, "held_out_accuracy") > _last(record, "baseline_accuracy")


def _final_loss(record: MemberRecord) -> float:
    """The median finite loss of the last tenth of the steps, by which the outcome is judged as well."""
    loss = record.series["loss"].values[:, 0]
    known = loss[np.isfinite(loss)]
    return float(np.median(known[-max(1, len(known) // 10) :])) if known.size else np.nan


def _worst_gain(record: MemberRecord) -> float:
    gains = np.concatenate([gain_by_step(record.series["signal"].values), gain_by_step(way_back(record))])
    return float(gains[np.isfinite(gains)].max(initial=-np.inf))


def _idle(records: Sequence[MemberRecord], quantity: str) -> Idle | None:
    """The first or the last look, whichever shows more idle units."""
    steps = steps_of(records, quantity)
    looks = [Idle(step, places_of(records, quantity), known_median(look(records, quantity, step))) for step in steps]
    ends = [one for one in (looks[:1] + looks[-1:]) if not np.isnan(one.share).all()]
    return max(ends, key=lambda one: np.nanmean(one.share), default=None)
