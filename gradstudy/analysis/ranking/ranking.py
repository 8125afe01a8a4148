"""Which factors cause a response, how much of its variance is their doing, and how sure is that?"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd

from gradstudy.analysis.ranking.attribution import attribute
from gradstudy.analysis.ranking.causes import RANKING_COLUMNS, cause_table, tested
from gradstudy.analysis.ranking.conclusions import empty_note, ranking_note
from gradstudy.analysis.ranking.evidence import weigh
from gradstudy.analysis.ranking.interactions import cell_table, interaction_matrix, strongest
from gradstudy.analysis.ranking.member_check import check_members
from gradstudy.analysis.ranking.survival import survival_columns
from gradstudy.analysis.ranking.trial_outcomes import TrialOutcomes, trial_outcomes
from gradstudy.analysis.settings import DEFAULTS, Analysis
from gradstudy.analysis.space.coordinates import CodedTrials, encode
from gradstudy.analysis.space.levels import level_table
from gradstudy.errors import InputError
from gradstudy.notebook.axes import letters
from gradstudy.notebook.cards import ranking_page
from gradstudy.notebook.forest_plot import forest_plot
from gradstudy.notebook.heat_map import heat_map
from gradstudy.records import DUMMY, Factor
from gradstudy.response import RANKED, TIME
from gradstudy.words.level_words import digits_of, mean_words
from gradstudy.words.ranking_words import percent_words, visible


@dataclass(frozen=True)
class Ranking:
    """What came out for one response?

    `table` has one row per factor, the dummy among them, largest share first: total-effect shares of the variance of
    trial means (`share`), the part of them that a factor has alone (`first`), rank, each with its interval; a
    surrogate-free test (`p` after false-discovery control), a verdict, a direction in words, whether the factor is
    conditional (then its share is of the variance where it lives) and in how many trials it lives. A factor that could
    not be ranked has missing values; shares and ranks are missing, but not their intervals, where the surrogate
    predicts nothing (`fit` of 0 or less).

    `verdict` is `evidence` (the flag of that name): the test is significant, which the randomised assignment makes
    valid by itself, or the interval lies above the dummy's in a surrogate that fits (what acts through interactions
    passes a test of one factor at a time unseen); `evidence of no effect`: the interval ends below what is negligible,
    in a surrogate that fits to many trials, and the test is silent; `no evidence`: neither; `noise floor`: the dummy;
    `not ranked`.

    `levels` has a row per level: trials, diverged members, mean, and effect against the reference level in the
    response's unit (of a time: steps, with `share_diverged` and `median_step`, inf where fewer than half diverged).
    `interactions` has second-order shares, `cells` the mean response in the cells of the strongest of them.

    `noise_floor` is the upper end of the dummy's interval; `fit` the leave-one-out Q2 of the surrogate; `seed_noise`
    the share of the variance of trial means that is mere seed noise, which no factor can explain; `diverged` counts
    members; `note` says in plain words what can be concluded. `confidence` is the coverage of every interval.
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
    diverged: int
    note: str
    confidence: float = DEFAULTS.confidence

    def _repr_html_(self) -> str:
        return ranking_page(self)

    def plot(self, axes: Any = None) -> Any:
        """Which factors are causes? A forest plot, the largest share on top: matplotlib axes, new ones by default."""
        if self.table["share"].isna().all():
            raise InputError(f"a ranking of {self.response} with at least one share is needed to plot. {self.note}")
        axes = forest_plot(self.table, self.noise_floor, axes)
        footnote = "\n*where it lives" if self.table.dropna(subset=["share"])["conditional"].any() else ""
        axes.set_xlabel(f"share of the variance, {percent_words(self.confidence)} interval{footnote}")
        axes.set_title(fill(RANKED[self.response].question, 30))
        return axes

    def plot_interactions(self, axes: Any = None) -> Any:
        """Which factors act together? A heat map of second-order shares, first-order ones on the diagonal."""
        matrix = interaction_matrix(self.table, self.interactions)
        if matrix.empty:
            raise InputError(f"a ranking of {self.response} with at least one share is needed to plot. {self.note}")
        names = list(matrix)
        axes = heat_map(matrix.to_numpy(), names, names, write=visible, unit="share of the variance", axes=axes)
        axes.set_title(f"{self.response}: what factors do\nalone (diagonal) and in pairs")
        return axes

    def plot_cells(self, factor_a: str = "", factor_b: str = "", axes: Any = None) -> Any:
        """What is the response where two factors meet? A heat map of `cells`, of the strongest pair by default."""
        named = self.cells[self.cells["factor_a"].eq(factor_a) & self.cells["factor_b"].eq(factor_b)]
        cells = named if factor_a or factor_b else self.cells.head(1)[["factor_a", "factor_b"]].merge(self.cells)
        if cells.empty:
            pairs = self.cells[["factor_a", "factor_b"]].drop_duplicates().agg(" x ".join, axis=1)
            raise InputError(f"a pair of `cells` is needed to plot, there is {', '.join(pairs) or 'none'}. {self.note}")
        down, across = cells["level_a"].unique(), cells["level_b"].unique()
        grid = cells["mean"].to_numpy(dtype=float).reshape(len(down), len(across))
        unit, digits = RANKED[self.response].unit, digits_of(self.levels)
        axes = heat_map(grid, down, across, write=partial(mean_words, digits=digits), unit=unit, axes=axes)
        names = {"ylabel": letters(cells["factor_a"].iloc[0]), "xlabel": letters(cells["factor_b"].iloc[0])}
        axes.set(title=f"mean {self.response}", **names)
        return axes


def rank(
    members: pd.DataFrame,
    factors: Sequence[Factor],
    response: str,
    settings: Analysis = DEFAULTS,
    seed: int = 0,
    *,
    steps: int | None = None,
) -> Ranking:
    """Which factors cause this response, by how much, and how sure is that?

    `members` has one row per trial x seed of a randomised screen: trial, seed, one column per factor (missing where it
    does not live), the responses, `verdict` and `first_bad_step`. A trial's value is the mean over its seeds (a median
    would hide one diverged seed in four). `steps` is how long training was; only `time_to_divergence` needs it.
    InputError: no rows, an unknown response or level, a number out of range, a missing column, a value that is not
    finite, a member twice. What cannot be ranked (too few trials, nothing varied) comes back empty, with a note.
    """
    check_members(members, factors, response)
    outcome = trial_outcomes(members, response, steps)
    points = encode(outcome.trials, factors)
    screen = CodedTrials(tuple(factors), points, outcome.ranked, outcome.repeats)
    told = CodedTrials(tuple(factors), points, outcome.shown)
    tests, level = tested(screen), 1.0 - settings.confidence
    silent = tests.loc[~(tests["p"] < level), "factor"].tolist()
    shares = attribute(screen, draws=settings.draws, seed=seed, confidence=settings.confidence, doubted=silent)
    diverged = int(outcome.diverged.sum())
    found = {
        "response": response,
        "levels": _levels(told, outcome, response, settings.confidence),
        "interactions": shares.pairs if shares.fit > 0.0 else shares.pairs.assign(share=np.nan, share_low=0.0),
        "fit": shares.fit,
        "seed_noise": outcome.noise,
        "trials": len(outcome.trials),
        "diverged": diverged,
        "confidence": settings.confidence,
    }
    if not shares.names:
        note = empty_note(response, outcome.shown, diverged=diverged, members=len(members))
        nothing = {
            "table": pd.DataFrame(columns=RANKING_COLUMNS),
            "cells": cell_table(told, outcome.diverged, shares.pairs),
        }
        return Ranking(**found, **nothing, noise_floor=np.nan, note=note)
    weighed = weigh(tests["p"].to_numpy(), screen, shares, settings)
    table = cause_table(tests, told, shares, weighed, response=response, confidence=settings.confidence)
    floor = float(table.loc[table["factor"] == DUMMY.name, "share_high"].max())
    note = ranking_note(response, table, weighed, settings=settings, fit=shares.fit, floor=floor, noise=outcome.noise)
    note += " Every member diverged." * (diverged == len(members))
    cells = cell_table(told, outcome.diverged, strongest(shares.pairs) if weighed.fits else shares.pairs.head(0))
    return Ranking(**found, table=table, cells=cells, noise_floor=floor, note=note)


def _levels(told: CodedTrials, outcome: TrialOutcomes, response: str, confidence: float) -> pd.DataFrame:
    levels = level_table(told, outcome.diverged, confidence)
    return survival_columns(levels, told, outcome.row, outcome.ends) if response == TIME else levels
