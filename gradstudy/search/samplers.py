"""Optuna's samplers, one function each: (seed, how many trials were told) -> sampler. Their names are options."""

import warnings

from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler, GPSampler, NSGAIISampler, RandomSampler, TPESampler

POPULATION = 32
"""From how many of the best trials does NSGA-II breed?"""


def tpe(seed: int, told: int) -> BaseSampler:
    """Tree-structured Parzen estimators (Bergstra et al. 2011), jointly over the factors that live together.

    Trials asked before and not yet told count as bad ones (constant liar), which spreads a batch out.
    """
    with warnings.catch_warnings():  # `group` has been experimental since Optuna 2.8
        warnings.simplefilter("ignore", ExperimentalWarning)
        return TPESampler(seed=seed, multivariate=True, group=True, constant_liar=True)


def gp(seed: int, told: int) -> BaseSampler:
    """A Gaussian process; some second per trial, and factors that do not live everywhere are drawn at random."""
    return GPSampler(seed=seed, warn_independent_sampling=False)


def nsga2(seed: int, told: int) -> BaseSampler:
    """A genetic algorithm for several objectives (Deb et al. 2002): children of the best of all that was told."""
    return NSGAIISampler(seed=seed, population_size=max(2, min(POPULATION, told)))


def random(seed: int, told: int) -> BaseSampler:
    """No memory at all: what the others have to beat."""
    return RandomSampler(seed=seed)
