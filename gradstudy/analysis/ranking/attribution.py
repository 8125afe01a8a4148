"""The share of the variance that is each factor's doing, jointly for all where possible."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from gradstudy.analysis.ranking.sobol_indices import effect_draws, whole_draws
from gradstudy.analysis.ranking.widening import interval_ends, widened
from gradstudy.analysis.space.coordinates import INACTIVE, CodedTrials, FactorSpace, infer_space
from gradstudy.analysis.space.replicates import is_constant
from gradstudy.analysis.surrogate.effects import Basis
from gradstudy.analysis.surrogate.model import Model, fit_model
from gradstudy.conclusions import FEWEST_TRIALS
from gradstudy.records import DUMMY

PAIR_COLUMNS = ["factor_a", "factor_b", "share", "share_low", "share_high"]


@dataclass(frozen=True)
class Attribution:
    """Shares that could be true: draws [draw, factor] over `names`; second-order `pairs`; the model's Q2.

    `draws` are total shares of the variance where a factor lives and `first` what it does by itself, as the model has
    it; `wide` and `wide_first` scatter as the trials have it, and `unexplained` [factor] is what a factor may have
    beside them, as the model predicts it badly beyond the noise of the seeds: nothing of the dummy (see `widening`).
    `effects` are totals over the variance everywhere. `p` [factor] is how often a factor without influence would seem
    to matter as much in the model, alone or together with others. `pairs` has PAIR_COLUMNS, the largest share first.
    """

    names: tuple[str, ...]
    draws: np.ndarray
    first: np.ndarray
    wide: np.ndarray
    wide_first: np.ndarray
    effects: np.ndarray
    p: np.ndarray
    unexplained: np.ndarray
    pairs: pd.DataFrame
    fit: float


def attribute(
    screen: CodedTrials, *, draws: int, seed: int, confidence: float = 0.95, doubted: Collection[str] = ()
) -> Attribution:
    """The share of the variance of the screen's values that is each factor's doing.

    Factors that never varied, or live in too few trials, are left out; nothing is left of a constant response. A
    conditional factor whose life no level decides is ranked on a model of the trials in which it lives. `confidence` is
    that of the intervals of pairs. What the model alone says of the `doubted` factors is checked by permutation.
    """
    ranked = _rankable(screen)
    rules = infer_space(screen).rules
    always = np.asarray(screen.lives.all(axis=0))
    partial = [column for column in ranked if column not in rules and not always[column]]
    together = screen.only([column for column in ranked if column not in partial])
    shares = _joint(together, draws=draws, seed=seed, confidence=confidence, doubted=doubted)
    for column in partial:
        shares = _beside(shares, screen, column, draws=draws, seed=seed)
    return shares


def _joint(
    screen: CodedTrials, *, draws: int, seed: int, confidence: float, doubted: Collection[str] = ()
) -> Attribution:
    names = tuple(factor.name for factor in screen.factors)
    if not names:
        nothing, none = np.empty((whole_draws(draws), 0)), np.empty(0)
        no_pairs = pd.DataFrame(columns=PAIR_COLUMNS)
        return Attribution(names, nothing, nothing, nothing, nothing, nothing, none, none, no_pairs, float("nan"))
    space = infer_space(screen)
    model = fit_model(screen.points, screen.repeated, Basis(space.codes), seed)
    found = effect_draws(model, space, draws=draws, seed=seed)
    pairs = [(names[a], names[b]) for a, b in found.pair_columns]
    random = np.random.default_rng(seed)
    wide, wide_first, wide_pairs = (
        widened(given, parted, random)
        for given, parted in zip((found.total, found.first, found.pairs), found.parted, strict=True)
    )
    unexplained = float(np.clip(1.0 - model.fit - _noise(screen), 0.0, 1.0))
    table = _pair_table(pairs, found.pairs, interval_ends(wide_pairs, unexplained, confidence))
    p = _of_switches(_checked(model, names, doubted, 1.0 - confidence), space)
    return Attribution(
        names,
        draws=found.total,
        first=found.first,
        wide=wide,
        wide_first=np.minimum(wide_first, wide),
        effects=found.everywhere,
        p=p,
        unexplained=np.array([0.0 if name == DUMMY.name else unexplained for name in names]),
        pairs=table,
        fit=model.fit,
    )


def _noise(screen: CodedTrials) -> float:
    # The share of the variance of trial means that is seed noise. Without replicates nothing is known of it, and all
    # that is badly predicted may be an effect.
    means = screen.repeated.means
    return float((means.noise * means.error).mean() / screen.values.var(ddof=1))


def _checked(model: Model, names: Sequence[str], doubted: Collection[str], level: float) -> np.ndarray:
    # Where few trials hold most of the response, a likelihood ratio is too sure of itself: what would be significant by
    # it alone has to be rare among permutations too.
    p = model.p.copy()
    for factor, name in enumerate(names):
        if name in doubted and p[factor] < level:
            by_chance = model.checked(factor)
            p[factor] = p[factor] if by_chance < level else by_chance
    return p


def _of_switches(p: np.ndarray, space: FactorSpace) -> np.ndarray:
    # A level that decides where another factor lives switches its effect on and off, which the model takes for granted:
    # such a factor matters where either of them does. The smallest p-value, times the looks.
    looks = [[factor] for factor in range(len(p))]
    for child, rule in space.rules.items():
        for parent in rule.parents:
            looks[parent].append(child)
    return np.array([min(1.0, len(some) * p[some].min()) for some in looks])


def _pair_table(
    pairs: list[tuple[str, str]], draws: np.ndarray, interval: tuple[np.ndarray, np.ndarray]
) -> pd.DataFrame:
    table = pd.DataFrame(pairs, columns=PAIR_COLUMNS[:2])
    table["share"] = draws.mean(axis=0)
    table["share_low"], table["share_high"] = interval
    return table.sort_values("share", ascending=False, kind="stable", ignore_index=True)


def _beside(shares: Attribution, screen: CodedTrials, column: int, *, draws: int, seed: int) -> Attribution:
    # One more factor, as it is among the trials in which it lives, beside what lives in all of those.
    support = screen.among(screen.lives[:, column])
    complete = [other for other in _rankable(support) if support.lives[:, other].all()]
    if column not in complete:
        return shares
    apart = _joint(support.only(complete), draws=draws, seed=seed, confidence=0.95)
    own, share = complete.index(column), support.values.var() / screen.values.var()
    return replace(
        shares,
        names=(*shares.names, screen.factors[column].name),
        draws=np.column_stack([shares.draws, apart.draws[:, own]]),
        first=np.column_stack([shares.first, apart.first[:, own]]),
        wide=np.column_stack([shares.wide, apart.wide[:, own]]),
        wide_first=np.column_stack([shares.wide_first, apart.wide_first[:, own]]),
        effects=np.column_stack([shares.effects, apart.draws[:, own] * share]),
        p=np.append(shares.p, apart.p[own]),
        unexplained=np.append(shares.unexplained, apart.unexplained[own]),
    )


def _rankable(screen: CodedTrials) -> list[int]:
    if len(screen.values) < FEWEST_TRIALS or is_constant(screen.values):
        return []
    living = [column[column != INACTIVE] for column in screen.points.T]
    return [which for which, column in enumerate(living) if len(column) >= FEWEST_TRIALS and np.ptp(column) > 0.0]
