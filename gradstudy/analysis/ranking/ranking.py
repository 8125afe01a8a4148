"""Which factors cause a response, how much of its variance is their doing, and how sure that is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from gradstudy.analysis.ranking.alignment import confounded, triples_in_line
from gradstudy.analysis.ranking.attribution import attribute
from gradstudy.analysis.ranking.causes import RANKING_COLUMNS, cause_table, tested
from gradstudy.analysis.ranking.evidence import weigh
from gradstudy.analysis.ranking.interactions import cell_table, strongest
from gradstudy.analysis.ranking.survival import survival_columns
from gradstudy.analysis.ranking.trial_outcomes import TrialOutcomes, check_members, known_members, trial_outcomes
from gradstudy.analysis.settings import DEFAULTS, Analysis
from gradstudy.analysis.space.coordinates import CodedTrials, encode
from gradstudy.analysis.space.levels import level_table
from gradstudy.analysis.space.replicates import is_constant
from gradstudy.conclusions import FEWEST_TRIALS, GOOD_FIT
from gradstudy.records import DUMMY, Factor
from gradstudy.response import RANKED, TIME

FEWEST_FOR_INTERIM = 32
"""Trials before which nothing is said: of fewer, the first cohorts hold too few combinations to tell factors apart."""
STRICTER = 5.0
"""Ten looks at growing data, each at a fifth of the level, give as many false alarms as one at all of it (Pocock
1977)."""


@dataclass(frozen=True)
class Ranking:
    """What came out for one response.

    A verdict is `evidence` where the test is significant, which the randomised assignment makes valid by itself, and no
    surrogate that fits contradicts it; or where the interval lies above the dummy's in a surrogate that fits (what acts
    through interactions passes a test of one factor at a time unseen). It is `evidence of no effect` where the interval
    ends below what is negligible, in a surrogate of many trials that leaves no more than that unexplained, and the test
    is silent; `no evidence`: neither; `noise floor`: the dummy; `not ranked`.

    Attributes:
        response: Its name.
        table: One row per factor, the dummy among them, largest share first. `share` is the total-effect (Sobol) index,
            of the variance of trial means, alone and together with other factors; `first` the first-order index, what
            the factor does alone; `rank`: each with its interval. `test`, and its `p` after false-discovery control,
            know no surrogate. Then `verdict`, the flag `evidence`, `direction` in words, `size` (by how much the
            response changes, RMS, when this factor alone is drawn anew), `conditional` (then the share is of the
            variance where the factor lives), and in how many `trials` it lives. What could not be ranked has missing
            values; shares and ranks are missing, but not their intervals, where the surrogate predicts nothing (`fit`
            of 0 or less).
        levels: One row per level: trials, diverged members, mean, and effect against the reference level in the
            response's unit (of a time: steps, with `share_diverged` and `median_step`, inf where fewer than half
            diverged).
        interactions: Second-order (Sobol) indices of pairs of factors.
        cells: The mean response in the cells of the strongest interactions.
        noise_floor: The upper end of the dummy's interval; nan without a dummy.
        fit: The leave-one-out Q2 of the surrogate.
        unexplained: The share of the variance that the surrogate predicts badly beyond the noise of the seeds: it may
            be any factor's, and unless it is negligible no factor is said to have no effect.
        seed_noise: The share of the variance of trial means that is mere seed noise, which no factor can explain.
        trials: How many were ranked.
        members: How many were measured on them.
        diverged: How many of these diverged.
        unproven: Factors for which only a surrogate speaks that fits too badly to be believed.
        tied: Factors that were not assigned independently of another one.
        in_line: Threes of factors that were not assigned independently of each other: what two of them do together
            looks like the doing of the third.
        constant: The response's value where it is the same in every trial, else None.
        moves: By how many decades trial means differ at most, where that is too little to have causes, else None.
        left_out: How many trials were not, as the response is missing on some of their members.
        negligible: The share below which a factor is said to have no effect.
        confidence: The coverage of every interval.
    """

    response: str
    table: pd.DataFrame
    levels: pd.DataFrame
    interactions: pd.DataFrame
    cells: pd.DataFrame
    noise_floor: float
    fit: float
    seed_noise: float
    trials: int
    members: int
    diverged: int
    unproven: tuple[str, ...] = ()
    tied: tuple[str, ...] = ()
    in_line: tuple[tuple[str, ...], ...] = ()
    constant: float | None = None
    moves: float | None = None
    unexplained: float = float("nan")
    left_out: int = 0
    negligible: float = DEFAULTS.negligible
    confidence: float = DEFAULTS.confidence

    @property
    def note(self) -> str:
        """What can be concluded, and what stands against it, in plain words."""
        from gradstudy.words.conclusion_words import ranking_note

        return ranking_note(self)

    def _repr_html_(self) -> str:
        from gradstudy.notebook.cards import ranking_card

        return ranking_card(self)

    def plot(self, axes: Any = None) -> Any:
        """A forest plot of the shares, the largest on top: matplotlib axes, new ones by default."""
        from gradstudy.notebook.ranking_plots import plot_shares

        return plot_shares(self, axes)

    def plot_interactions(self, axes: Any = None) -> Any:
        """A heat map of second-order shares, first-order ones on the diagonal: matplotlib axes, new ones by default."""
        from gradstudy.notebook.ranking_plots import plot_interactions

        return plot_interactions(self, axes)

    def plot_cells(self, factor_a: str = "", factor_b: str = "", axes: Any = None) -> Any:
        """A heat map of `cells`, the mean response where two factors meet, of the strongest pair by default."""
        from gradstudy.notebook.ranking_plots import plot_cells

        return plot_cells(self, factor_a, factor_b, axes)


def rank(
    members: pd.DataFrame,
    factors: Sequence[Factor],
    response: str,
    settings: Analysis = DEFAULTS,
    seed: int = 0,
    *,
    steps: int | None = None,
) -> Ranking:
    """The ranking of the causes of one response.

    There are none to rank where a response in decades moves by less than `settings.negligible_decades` in all, or
    what is learned by less than `settings.learned`, which counts as nothing.

    Args:
        members: One row per trial x seed of a randomised screen: trial, seed, one column per factor (missing where it
            does not live), the responses, `verdict` and `first_bad_step`. A trial's value is the mean over its seeds (a
            median would hide one diverged seed in four).
        factors: Those of the study.
        response: What is ranked.
        settings: Thresholds and budget of the analysis.
        seed: That of the study, of which draws and permutations are derived.
        steps: How long training was; only `time_to_divergence` needs it.

    Returns:
        A ranking of the trials whose response is known at every seed; what cannot be ranked (too few trials, nothing
        varied) comes back empty, and its note says why.

    Raises:
        InputError: No rows, an unknown response or level, a number out of range, a missing column, an infinite
            value, a member twice.
    """
    check_members(members, factors, response)
    outcome = trial_outcomes(members, response, steps)
    points = encode(outcome.trials, factors)
    screen = CodedTrials(tuple(factors), points, outcome.ranked, outcome.repeats)
    moves = _too_little(outcome, response, settings)
    told = CodedTrials(tuple(factors), points, outcome.shown)
    tests, level = tested(screen), 1.0 - settings.confidence
    silent = tests.loc[~(tests["p"] < level), "factor"].tolist()
    ranked = screen if moves is None else screen.only([])
    shares = attribute(ranked, draws=settings.draws, seed=seed, confidence=settings.confidence, doubted=silent)
    pairs, levels = shares.pairs, level_table(told, outcome.diverged, settings.confidence)
    if response == TIME:
        levels = survival_columns(levels, told, outcome.row, outcome.ends)
    unranked = Ranking(
        response=response,
        table=pd.DataFrame(columns=RANKING_COLUMNS),
        levels=levels,
        interactions=pairs if shares.fit > 0.0 else pairs.assign(share=np.nan, share_low=0.0),
        cells=cell_table(told, outcome.diverged, strongest(pairs) if shares.fit >= GOOD_FIT else pairs.head(0)),
        noise_floor=float("nan"),
        fit=shares.fit,
        seed_noise=outcome.noise,
        trials=len(outcome.trials),
        members=len(outcome.row),
        diverged=int(outcome.diverged.sum()),
        constant=float(outcome.shown[0]) if len(outcome.shown) and is_constant(outcome.shown) else None,
        moves=moves,
        unexplained=float(np.clip(1.0 - shares.fit - np.nan_to_num(outcome.noise), 0.0, 1.0)),
        left_out=members["trial"].nunique() - len(outcome.trials),
        negligible=settings.negligible,
        confidence=settings.confidence,
    )
    if not shares.names:
        return unranked
    weighed = weigh(tests["p"].to_numpy(), screen, shares, settings)
    table = cause_table(
        tests, told, shares, weighed, response=response, confidence=settings.confidence, noise=outcome.noise
    )
    return replace(
        unranked,
        table=table,
        noise_floor=float(table.loc[table["factor"] == DUMMY.name, "share_high"].max()),
        unproven=tuple(weighed.names[weighed.unproven].tolist()),
        tied=tuple(weighed.names[weighed.tied].tolist()),
        in_line=triples_in_line(screen),
    )


def _too_little(outcome: TrialOutcomes, response: str, settings: Analysis) -> float | None:
    # By how much the response moves, where nobody would care what makes it move by that.
    least = {"decades": settings.negligible_decades, "share of the way": settings.learned}.get(RANKED[response].unit)
    if least is None or len(outcome.shown) < FEWEST_TRIALS or is_constant(outcome.shown):
        return None
    moves = float(np.ptp(outcome.shown))
    return moves if moves < least else None


@dataclass(frozen=True)
class InterimLook:
    """The factors that a response depends on, as far as `trials` trials show.

    `seen` are significant, smallest p first. `tied` are too, but went hand in hand with another factor so far: networks
    of one shape are trained together, so that the first trials are no random part of all.
    """

    response: str
    trials: int
    seen: tuple[str, ...]
    tied: tuple[str, ...]


def interim_look(
    members: pd.DataFrame, factors: Sequence[Factor], response: str, settings: Analysis, *, steps: int | None = None
) -> InterimLook | None:
    """The factors that the response depends on so far; None while there are too few trials to say.

    `members` are rows of a randomised screen, as `gradstudy.analysis.ranking.ranking.rank` takes them.
    """
    members = known_members(members, response)
    if members["trial"].nunique() < FEWEST_FOR_INTERIM:
        return None
    outcome = trial_outcomes(members, response, steps)
    if _too_little(outcome, response, settings) is not None:
        return InterimLook(response, len(outcome.trials), (), ())
    screen = CodedTrials(tuple(factors), encode(outcome.trials, factors), outcome.ranked)
    found = tested(screen).assign(tied=confounded(screen)).sort_values("p")
    found = found[(found["p"] < (1.0 - settings.confidence) / STRICTER) & (found["factor"] != DUMMY.name)]
    seen, tied = (tuple(found.loc[found["tied"] == which, "factor"]) for which in (False, True))
    return InterimLook(response, len(outcome.trials), seen, tied)
