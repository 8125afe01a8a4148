"""What would other tools say of the same trials? One function per method: Planted and a seed in, importances out.

All get the mean over seeds with diverged members at the cap, which is their best case; the variants `... dropped` get
what a tuner's script reports, infinity for a trial with a diverged seed, which Optuna leaves out. Numbers reach SALib
and the forest on their (log) scale, levels as their index, and what does not live as -1. Higher means more important;
what a method cannot rank has 0.
"""

import warnings
from collections.abc import Callable

import numpy as np
import optuna
import pandas as pd
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.importance import (
    FanovaImportanceEvaluator,
    MeanDecreaseImpurityImportanceEvaluator,
    PedAnovaImportanceEvaluator,
    get_param_importances,
)
from SALib.analyze import delta, pawn
from sklearn.ensemble import RandomForestRegressor

from gradstudy.analysis.space.coordinates import encode
from gradstudy.records import Factor
from planted.truths import Planted

Importances = dict[str, float]
TREES = 100
RESAMPLES = 10
"""SALib's bootstrap, which delta's bias correction is the mean of; its cost is proportional to it."""


def fanova(planted: Planted, seed: int, values: np.ndarray | None = None) -> Importances:
    """Optuna's fANOVA: main effects in a forest, where all factors of a call live."""
    return _by_optuna(planted, lambda: FanovaImportanceEvaluator(seed=seed), values)


def impurity(planted: Planted, seed: int, values: np.ndarray | None = None) -> Importances:
    """Optuna's mean decrease of impurity."""
    return _by_optuna(planted, lambda: MeanDecreaseImpurityImportanceEvaluator(seed=seed), values)


def ped_anova(planted: Planted, seed: int, values: np.ndarray | None = None) -> Importances:
    """Optuna's PED-ANOVA with its defaults: what tells the tenth of trials that fail most from the rest?

    They have the highest `exploding` or the lowest `gain`, which served it better than the other end on most rows. It
    knows conditional factors, and draws nothing: no seed.
    """
    values = trial_means(planted) if values is None else values
    study = study_of(planted, -values if planted.response == "exploding" else values)
    found = get_param_importances(study, evaluator=PedAnovaImportanceEvaluator())
    return _every_factor(planted, found)


def salib_delta(planted: Planted, seed: int) -> Importances:
    """Borgonovo's delta from given data (Plischke et al. 2013), bias-reduced."""
    found = _by_salib(planted, delta.analyze, seed, num_resamples=RESAMPLES, method="delta")
    return _every_factor(planted, dict(zip(_names(planted), found["delta_raw"], strict=True)))


def salib_pawn(planted: Planted, seed: int) -> Importances:
    """PAWN (Pianosi & Wagener 2018): the largest distance between distributions over ten slices.

    The median is reported more often, and found the main cause less often here (77 against 89 % at 256 trials).
    """
    found = _by_salib(planted, pawn.analyze, seed)
    return _every_factor(planted, dict(zip(_names(planted), found["maximum"], strict=True)))


def forest(planted: Planted, seed: int) -> Importances:
    """What most people do: the importances of a plain random forest."""
    grown = RandomForestRegressor(n_estimators=TREES, random_state=seed).fit(_codes(planted), trial_means(planted))
    return _every_factor(planted, dict(zip(_names(planted), grown.feature_importances_, strict=True)))


def dropped(method: Callable[..., Importances]) -> Callable[[Planted, int], Importances]:
    """The same method on what is left when a trial with a diverged seed counts for nothing."""

    def found(planted: Planted, seed: int) -> Importances:
        diverged = (planted.members["verdict"] == "diverged").groupby(planted.members["trial"]).any()
        return method(planted, seed, np.where(diverged, np.inf, trial_means(planted)))

    return found


PEERS = {
    "fanova": fanova,
    "pedanova": ped_anova,
    "mdi": impurity,
    "delta": salib_delta,
    "pawn": salib_pawn,
    "forest": forest,
    "fanova dropped": dropped(fanova),
    "pedanova dropped": dropped(ped_anova),
    "mdi dropped": dropped(impurity),
}


def _by_optuna(planted: Planted, evaluator: Callable, values: np.ndarray | None) -> Importances:
    # A forest needs every factor in every trial: a conditional one is asked for beside those that always live, as a
    # careful user does, which ranks it among the trials where it lives. Names are sorted because Optuna 5.0's mean
    # decrease of impurity hands the values out in sorted order to the names as they came, and so to the wrong ones.
    study = study_of(planted, trial_means(planted) if values is None else values)
    always = [factor.name for factor in planted.factors if planted.trials[factor.name].notna().all()]
    found = get_param_importances(study, evaluator=evaluator(), params=sorted(always))
    for name in set(_names(planted)) - set(always):
        found[name] = get_param_importances(study, evaluator=evaluator(), params=sorted([*always, name]))[name]
    return _every_factor(planted, found)


def study_of(planted: Planted, values: np.ndarray) -> optuna.Study:
    """The trials as an Optuna study in memory; factors that do not live are absent."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction="minimize")
    known = {factor.name: _distribution(factor) for factor in planted.factors}
    for row, value in zip(planted.trials.to_dict("records"), values, strict=True):
        levels = {name: _level(known[name], level) for name, level in row.items() if not pd.isna(level)}
        distributions = {name: known[name] for name in levels}
        study.add_trial(optuna.trial.create_trial(params=levels, distributions=distributions, value=float(value)))
    return study


def _distribution(factor: Factor) -> BaseDistribution:
    if factor.levels:
        return CategoricalDistribution(factor.levels)
    whole = IntDistribution if factor.integer else FloatDistribution
    return whole(factor.low, factor.high, log=factor.log)


def _level(distribution: BaseDistribution, level: object) -> object:
    return int(level) if isinstance(distribution, IntDistribution) else level


def _by_salib(planted: Planted, analyze: Callable, seed: int, **options: object) -> dict:
    # SALib knows no names with a dot's meaning, turns its warnings on by itself, and takes a seed of 0 for none.
    problem = {"num_vars": len(planted.factors), "names": [f"x{at}" for at in range(len(planted.factors))]}
    with warnings.catch_warnings(record=True), np.errstate(all="ignore"):
        return analyze(problem, _codes(planted), trial_means(planted), seed=seed + 1, **options)


def _every_factor(planted: Planted, found: Importances) -> Importances:
    return {name: float(np.nan_to_num(found.get(name, 0.0))) for name in _names(planted)}


def _names(planted: Planted) -> list[str]:
    return [factor.name for factor in planted.factors]


def _codes(planted: Planted) -> np.ndarray:
    return encode(planted.trials, planted.factors)


def trial_means(planted: Planted) -> np.ndarray:
    """The response of each trial: its mean over seeds."""
    return planted.members.groupby("trial")[planted.response].mean().to_numpy(dtype=float)
