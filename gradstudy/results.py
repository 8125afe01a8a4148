"""What a study found, for notebooks: its stored trials, gradients and rankings."""

import html
from collections.abc import Sequence
from dataclasses import asdict
from functools import cached_property

import pandas as pd

from gradstudy.analysis.ranking import Ranking, rank
from gradstudy.analysis.responses import RESPONSES, member_row
from gradstudy.analysis.settings import Analysis
from gradstudy.records import MemberRecord, Series, StudyInfo
from gradstudy.tracking.reader import StoredStudy

RESPONSE_QUANTITIES = ("signal", "norm_before_clipping", "clip_coefficient", "loss")
"""What responses are computed from, and so what is read back when they are asked for under other settings."""


class Run:
    """A stored study. `members` has one row per trial and seed, `trials` one per trial; the rest is read on demand."""

    def __init__(self, stored: StoredStudy, settings: Analysis):
        self._stored, self.settings = stored, settings

    @property
    def info(self) -> StudyInfo:
        return self._stored.info

    @cached_property
    def members(self) -> pd.DataFrame:
        """One row per trial x seed: factors (missing where inactive), responses, verdict, first bad step and tensor."""
        measured_with = self.info.settings.get("responses")
        if measured_with == response_settings(self.settings):
            return self._stored.members
        return self._measured_again()

    @cached_property
    def trials(self) -> pd.DataFrame:
        """One row per trial: factors, responses (median over seeds), the commonest verdict, and `n_diverged`."""
        return trials_of(self.members, [factor.name for factor in self.info.factors])

    def gradients(self, **filters) -> pd.DataFrame:
        """The full record, tidy: trial, seed, step, quantity, place, value.

        Filters `trial`, `seed`, `step`, `quantity`, `place` (a value or a list) are pushed down to the Parquet files.
        """
        return self._stored.gradients(**filters)

    def rank(self, response: str = "vanishing") -> Ranking:
        """Which factors cause this response, with intervals? See `gradstudy.analysis.ranking.Ranking`."""
        return rank(self.members, self.info.factors, response, self.settings, seed=self.info.seed)

    def _repr_html_(self) -> str:
        return f"<b>{html.escape(self.info.name)}</b>: {html.escape(self.info.question)}{self.trials.to_html(max_rows=10)}"

    def _measured_again(self) -> pd.DataFrame:
        """The responses of the stored record under other settings than those of the launch."""
        members = self._stored.members
        known = members.set_index(["trial", "seed"])
        columns = ["seed", "step", "quantity", "place", "value"]
        rows = []
        for trial in members["trial"].unique():
            record = self._stored.gradients(trial=int(trial), quantity=list(RESPONSE_QUANTITIES))[columns]
            for seed, part in record.groupby("seed"):
                rows.append(member_row(_member_record(int(trial), int(seed), part, known), self.settings))
        fresh = pd.DataFrame(rows).set_index(["trial", "seed"])[[*RESPONSES, "verdict"]]
        kept = known.drop(columns=fresh.columns).join(fresh)
        return kept[known.columns].reset_index()


def response_settings(settings: Analysis) -> dict[str, float]:
    """The settings that a member's responses and verdict depend on; the others only concern the ranking."""
    return {name: asdict(settings)[name] for name in ("cap", "vanishing", "exploding", "first_steps")}


def trials_of(members: pd.DataFrame, factors: Sequence[str]) -> pd.DataFrame:
    """Members folded over their seeds."""
    grouped = members.groupby("trial")
    verdict = grouped["verdict"].agg(lambda verdicts: verdicts.mode().iloc[0])
    diverged = grouped["verdict"].agg(lambda verdicts: int((verdicts == "diverged").sum())).rename("n_diverged")
    parts = [grouped[list(factors)].first(), grouped[list(RESPONSES)].median(), verdict, diverged]
    return pd.concat(parts, axis=1).reset_index()


def _member_record(trial: int, seed: int, tidy: pd.DataFrame, known: pd.DataFrame) -> MemberRecord:
    bad = known.loc[(trial, seed), "first_bad_step"]
    tensor = known.loc[(trial, seed), "first_bad_tensor"]
    return MemberRecord(
        trial,
        seed,
        {str(quantity): _series(part) for quantity, part in tidy.groupby("quantity", observed=True)},
        first_bad_step=None if pd.isna(bad) else int(bad),
        first_bad_tensor=None if pd.isna(tensor) else tensor,
    )


def _series(tidy: pd.DataFrame) -> Series:
    wide = tidy.assign(place=tidy["place"].astype(str)).pivot(index="step", columns="place", values="value")
    return Series(tuple(wide.columns), wide.index.to_numpy(), wide.to_numpy())
