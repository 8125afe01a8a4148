"""Optuna's pruners, one function each; their names are options. Seeds are the steps after which they judge."""

import warnings

from optuna.exceptions import ExperimentalWarning
from optuna.pruners import BasePruner, MedianPruner, NopPruner, WilcoxonPruner

ENOUGH_SEEDS = {"none": 1, "median": 2, "wilcoxon": 5}
"""How many seeds must a trial have, so that one can be saved? Four differences are the fewest that Wilcoxon's signed
ranks call worse at Optuna's level of .1 (p = 1/16)."""


def none() -> BasePruner:
    """Every trial has all of its seeds."""
    return NopPruner()


def median() -> BasePruner:
    """Stops a trial whose best seed so far is worse than the median trial was at its latest seed."""
    return MedianPruner()


def wilcoxon() -> BasePruner:
    """Stops a trial that is worse than the best one, seed against seed (Wilcoxon's signed ranks)."""
    with warnings.catch_warnings():  # experimental since Optuna 3.6
        warnings.simplefilter("ignore", ExperimentalWarning)
        return WilcoxonPruner()
