"""Optuna's pruners, by the words that choose them. Seeds are the steps after which they judge a trial."""

import warnings
from collections.abc import Callable, Mapping, Sequence

from optuna import Study
from optuna.exceptions import ExperimentalWarning
from optuna.pruners import BasePruner, MedianPruner, NopPruner, WilcoxonPruner
from optuna.trial import TrialState, create_trial

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
