"""The trials that stand for a study: a typical one of every verdict, and others that show how far each reaches."""

from collections.abc import Mapping, Sequence

import pandas as pd

from gradstudy.analysis.prescription.experience import trial_health
from gradstudy.analysis.prescription.prescription import Prescription
from gradstudy.records import VERDICTS
from gradstudy.series import evenly_spaced

TYPICAL = (
    "Typical of a verdict is the trial that its prescription starts from, whose levels are most like those of the "
    "others; without one, the trial whose gain is nearest to the median of its verdict."
)


def trials_by_verdict(members: pd.DataFrame) -> dict[str, pd.Series]:
    """The gain of every trial (mean over seeds) by its number, smallest first, under its verdict, from good to bad.

    A trial's verdict is that of `gradstudy.records.trial_verdict`.
    """
    verdicts, gains = trial_health(members)["verdict"], members.groupby("trial")["gain"].mean().sort_values()
    found = {verdict: gains[verdicts[gains.index] == verdict] for verdict in VERDICTS}
    return {verdict: own for verdict, own in found.items() if len(own)}


def typical_trials(by_verdict: Mapping[str, pd.Series], prescriptions: Sequence[Prescription]) -> dict[str, int]:
    """The most typical trial of every verdict that occurs; see TYPICAL."""
    starts = {one.verdict: one.trial for one in prescriptions if one.trial is not None}
    middle = {verdict: int((gains - gains.median()).abs().to_numpy().argmin()) for verdict, gains in by_verdict.items()}
    return {verdict: starts.get(verdict, int(by_verdict[verdict].index[row])) for verdict, row in middle.items()}


def spread_trials(by_verdict: Mapping[str, pd.Series], most: int) -> dict[str, list[int]]:
    """At most so many trials, as many of every verdict: evenly spaced in the order of their gains."""
    each = most // max(len(by_verdict), 1)
    return {
        verdict: [int(gains.index[row]) for row in evenly_spaced(len(gains), each)]
        for verdict, gains in by_verdict.items()
    }
