"""What a hunt knows: the trials that were told, and an Optuna study in memory that holds them."""

from collections.abc import Sequence
from dataclasses import dataclass

import optuna
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, TrialState, create_trial

from gradstudy.records import Factor
from gradstudy.search.objective import Objective
from gradstudy.search.search_space import Levels, distribution
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
