"""Optuna's samplers and pruners, each by a word: `tpe`, `gp`, `nsga2`, `random` and others; `median`, `wilcoxon`."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from inspect import signature
from typing import Any

import numpy as np
import optuna
from optuna import Study
from optuna.exceptions import ExperimentalWarning
from optuna.pruners import BasePruner, MedianPruner, NopPruner, WilcoxonPruner
from optuna.samplers import BaseSampler
from optuna.trial import TrialState, create_trial

from gradstudy.records import Factor, Level
from gradstudy.search.hunt.told import Told, study_in_memory
from gradstudy.search.objective import Objective
from gradstudy.search.search_space import Levels, SearchSpace, readable, suggested

SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "tpe": {"multivariate": True, "group": True, "constant_liar": True},
    "gp": {"warn_independent_sampling": False},
}
"""What some are told beside the seed. TPE looks jointly at the factors that live together, and counts trials asked
before and not yet told as bad ones, which spreads a batch out; GP draws factors that do not live everywhere at random.
"""

POPULATION = 32
"""How many of the best trials a genetic algorithm breeds from, as soon as there are so many."""


def _samplers() -> dict[str, Callable[..., BaseSampler]]:
    """Those that need no more than a seed, TPE first; their numerals are ours: NSGAIISampler is `nsga2`."""
    found = {}
    for name in sorted(optuna.samplers.__all__, key=lambda name: name != "TPESampler"):
        made = getattr(optuna.samplers, name)
        settings = signature(made).parameters if name.endswith("Sampler") else {}
        if "seed" in settings and all(one.default is not one.empty for one in settings.values()):
            found[name.removesuffix("Sampler").replace("III", "3").replace("II", "2").lower()] = made
    return found


SAMPLERS = _samplers()


def first_at_random(sampler: str) -> int:
    """How many trials this sampler wants to know before it looks at them, by Optuna's default."""
    wanted = signature(SAMPLERS[sampler]).parameters.get("n_startup_trials")
    return wanted.default if wanted and isinstance(wanted.default, int) else 0


def sampled(
    sampler: str,
    space: SearchSpace,
    objectives: Sequence[Objective],
    told: Sequence[Told],
    *,
    start: int,
    count: int,
    seed: int,
) -> list[Levels]:
    """The levels of the next `count` trials, the first of which is `start`, as this sampler chooses them."""
    # Every batch has a random stream of its own, so that it can be asked again without those before it.
    own_seed = int(np.random.SeedSequence([*b"hunt", seed, start]).generate_state(1)[0])
    made = _make_sampler(sampler, own_seed, sum(not one.pruned for one in told))
    study = study_in_memory(space.factors, objectives, told, made)

    def chosen(trial: optuna.Trial, factor: Factor) -> Level:
        return readable(factor, suggested(trial, factor))

    return [space.levels(partial(chosen, study.ask())) for _ in range(count)]


def _make_sampler(sampler: str, seed: int, told: int) -> BaseSampler:
    made, settings = SAMPLERS[sampler], dict(SETTINGS.get(sampler, {}))
    if "population_size" in signature(made).parameters:
        settings["population_size"] = max(2, min(POPULATION, told))
    with warnings.catch_warnings():  # several samplers, and `group`, have been experimental for years
        warnings.simplefilter("ignore", ExperimentalWarning)
        return made(seed=seed, **settings)


PRUNERS: Mapping[str, Callable[[], BasePruner]] = {
    "none": NopPruner,
    "median": MedianPruner,
    "wilcoxon": WilcoxonPruner,
}
"""`median` stops a trial whose best seed so far is worse than the median trial was at its latest seed, `wilcoxon` one
that is worse than the best one, seed against seed (Wilcoxon's signed ranks)."""

ENOUGH_SEEDS = {"none": 1, "median": 2, "wilcoxon": 5}
"""How many seeds a trial must have, so that one can be saved. Four differences are the fewest that Wilcoxon's signed
ranks call worse at Optuna's level of .1 (p = 1/16)."""


def is_hopeless(pruner: str, study: Study, by_seed: Sequence[float]) -> bool:
    """Whether this pruner would stop a trial with these values of its seeds, knowing the trials of this study."""
    trial = create_trial(state=TrialState.RUNNING, intermediate_values=dict(enumerate(by_seed)))
    with warnings.catch_warnings():  # WilcoxonPruner has been experimental since Optuna 3.6
        warnings.simplefilter("ignore", ExperimentalWarning)
        return bool(PRUNERS[pruner]().prune(study, trial))
