"""What a study found, for notebooks: its stored trials, gradients and rankings."""

import html
from collections.abc import Sequence
from dataclasses import asdict
from functools import cached_property
from typing import Any

import pandas as pd
from threadpoolctl import threadpool_limits

from gradstudy.analysis.agreement import PREDICTED, Agreement, agreement
from gradstudy.analysis.ranking import Ranking, rank
from gradstudy.analysis.responses import member_row
from gradstudy.analysis.settings import RESPONSES, Analysis
from gradstudy.records import StudyInfo
from gradstudy.tracking.address_check import shown
from gradstudy.tracking.reader import StoredStudy
from gradstudy.tracking.store import ui_command


class Run:
    """A stored study. `members` has one row per trial and seed, `trials` one per trial; the rest is read on demand."""

    def __init__(self, stored: StoredStudy, settings: Analysis):
        self._stored, self.settings = stored, settings

    @property
    def info(self) -> StudyInfo:
        return self._stored.info

    @cached_property
    def members(self) -> pd.DataFrame:
        """One row per trial x seed: factors (missing where inactive), responses, verdict, first bad step and tensor.

        `gain_init_theory` is what mean-field theory predicts of `gain_init`, missing where it says nothing.
        """
        measured_with = self.info.settings.get("responses")
        if measured_with == response_settings(self.settings):
            return self._stored.members
        return self._measured_again()

    @cached_property
    def trials(self) -> pd.DataFrame:
        """One row per trial: factors, responses (median over seeds), the commonest verdict, and `n_diverged`."""
        return trials_of(self.members, [factor.name for factor in self.info.factors])

    def gradients(self, **filters: Any) -> pd.DataFrame:
        """The full record, tidy: trial, seed, step, quantity, place, value.

        Filters `trial`, `seed`, `step`, `quantity`, `place` (a value or a list) are pushed down to the Parquet files.
        InputError, naming what is stored, where the trials that were asked for hold nothing of that name; a step at
        which nothing was measured has no rows.
        """
        return self._stored.gradients(**filters)

    def rank(self, response: str = "vanishing") -> Ranking:
        """Which factors cause this response, with intervals? See `gradstudy.analysis.ranking.Ranking`."""
        with threadpool_limits(1):  # a second BLAS thread changes the order of sums, and is slower on small matrices
            return rank(self.members, self.info.factors, response, self.settings, seed=self.info.seed)

    def theory(self) -> Agreement:
        """Does mean-field theory predict `gain_init`? InputError where it says nothing about any trial."""
        return agreement(self.members)

    def overrides(self, trial: int) -> list[str]:
        """What runs this trial again, as `gradstudy.measure(run.overrides(7))` or behind `mode=trial`."""
        return list(self._stored.trial(trial).overrides)

    @property
    def store(self) -> str:
        """Where is this study stored?"""
        return shown(self._stored.uri)

    @property
    def ui_command(self) -> str:
        """How does a person look at it?"""
        return ui_command(self._stored.uri)

    def _repr_html_(self) -> str:
        return (
            f"<b>{html.escape(self.info.name)}</b>: {html.escape(self.info.question)}{self.trials.to_html(max_rows=10)}"
        )

    def _measured_again(self) -> pd.DataFrame:
        """The responses of the stored record under other settings than those of the launch."""
        known = self._stored.members.set_index(["trial", "seed"])
        records = (record for result in self._stored.results() for record in result.records)
        fresh = pd.DataFrame(member_row(record, self.settings) for record in records).set_index(["trial", "seed"])
        known[[*RESPONSES, "verdict"]] = fresh[[*RESPONSES, "verdict"]]
        return known.reset_index()


def response_settings(settings: Analysis) -> dict[str, float]:
    """The settings that a member's responses and verdict depend on; the others only concern the ranking."""
    return {name: asdict(settings)[name] for name in ("cap", "vanishing", "exploding", "first_steps")}


def trials_of(members: pd.DataFrame, factors: Sequence[str]) -> pd.DataFrame:
    """Members folded over their seeds."""
    grouped = members.groupby("trial")
    verdict = grouped["verdict"].agg(lambda verdicts: verdicts.mode().iloc[0])
    diverged = grouped["verdict"].agg(lambda verdicts: int((verdicts == "diverged").sum())).rename("n_diverged")
    predicted = grouped[[name for name in (PREDICTED,) if name in members]].first()  # older studies have none
    parts = [grouped[list(factors)].first(), grouped[list(RESPONSES)].median(), predicted, verdict, diverged]
    return pd.concat(parts, axis=1).reset_index()
