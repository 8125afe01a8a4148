"""What a hunt knows: the trials that were told, in an Optuna study too, and the region that the best of them span."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, exp, floor, log

import numpy as np
import optuna
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, TrialState, create_trial

from gradstudy.records import Factor, Level
from gradstudy.search.best import costs
from gradstudy.search.objective import Objective
from gradstudy.search.search_space import Levels, distribution, readable
from gradstudy.search.storage import scratch_storage

GENERATION = "NSGAIISampler:generation"
"""Where NSGA-II looks up which generation a trial is of."""


@dataclass(frozen=True)
class Told:
    """What came of one trial. `values` per objective, mean over its seeds; `by_seed` of the first objective."""

    levels: Levels
    values: tuple[float, ...]
    by_seed: tuple[float, ...]
    pruned: bool = False


def frozen(factors: Sequence[Factor], told: Told) -> FrozenTrial:
    """The trial in Optuna's words.

    All are of one generation: NSGA-II then breeds from the best of everything told, which is what its own chain of
    generations keeps, and is found without walking that chain.
    """
    by_name = {factor.name: factor for factor in factors}
    return create_trial(
        state=TrialState.PRUNED if told.pruned else TrialState.COMPLETE,
        params=told.levels,
        distributions={name: distribution(by_name[name]) for name in told.levels},
        values=None if told.pruned else told.values,
        intermediate_values=dict(enumerate(told.by_seed)) if len(told.values) == 1 else None,
        system_attrs={GENERATION: 0},
    )


def study_in_memory(
    factors: Sequence[Factor], objectives: Sequence[Objective], told: Sequence[Told], sampler: BaseSampler | None = None
) -> optuna.Study:
    """An Optuna study that knows these trials and is stored nowhere."""
    directions = [objective.direction for objective in objectives]
    study = optuna.create_study(storage=scratch_storage(), sampler=sampler, directions=directions)
    study.add_trials([frozen(factors, one) for one in told])
    return study


BEST = 0.25
"""The share of the screen's trials that spans the region; whoever is as good as the last of them counts too."""

REGION_MARGIN = 0.05
"""The share of a factor's range by which the region is wider, on either side, than what its best trials span."""


def best_region(factors: Sequence[Factor], told: Sequence[Told], objectives: Sequence[Objective]) -> tuple[Factor, ...]:
    """The factors with the levels that occur among the best trials, and the ranges that these span, a little widened.

    A factor that lives in none of them keeps what it has.
    """
    cost = costs(np.array([one.values for one in told], float), objectives)
    limit = np.sort(cost)[ceil(BEST * len(told)) - 1]
    best = [one.levels for one, own in zip(told, cost, strict=True) if own <= limit]
    return tuple(_narrowed(f, [levels[f.name] for levels in best if f.name in levels]) for f in factors)


def inside(region: Sequence[Factor], levels: Mapping[str, Level]) -> bool:
    """Whether a trial lies in the region, in everything that lives in it."""
    return all(
        levels[f.name] in f.levels if f.levels else f.low <= float(levels[f.name]) <= f.high
        for f in region
        if f.name in levels
    )


def _narrowed(factor: Factor, seen: Sequence[Level]) -> Factor:
    if not seen:
        return factor
    if factor.levels:
        return replace(factor, levels=tuple(level for level in factor.levels if level in seen))
    low, high = min(map(float, seen)), max(map(float, seen))
    if factor.log:
        margin = exp(REGION_MARGIN * log(factor.high / factor.low))
        low, high = low / margin, high * margin
    else:
        margin = REGION_MARGIN * (factor.high - factor.low)
        low, high = low - margin, high + margin
    if factor.integer:
        low, high = floor(low), ceil(high)
    low, high = max(factor.low, low), min(factor.high, high)
    return replace(factor, low=float(readable(factor, low)), high=float(readable(factor, high)))
