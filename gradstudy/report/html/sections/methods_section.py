"""How was all this found? In plain words, with the numbers of this very study behind them."""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from gradstudy.analysis.ranking.attribution import FEWEST_TRIALS
from gradstudy.analysis.ranking.evidence import GOOD_FIT
from gradstudy.analysis.settings import RANKED_UNITS
from gradstudy.records import DUMMY, HUNT, SCREEN, Factor
from gradstudy.report.findings import Findings
from gradstudy.report.rendering import render
from gradstudy.tracking.members_file import PHASE
from gradstudy.words.ranking_words import percent_words
from gradstudy.words.trial_words import level_word


@dataclass(frozen=True)
class Varied:
    """A factor as the study varied it: over which levels or range, and in how many trials it lives."""

    name: str
    over: str
    trials: int
    is_conditional: bool


def methods_section(findings: Findings) -> Markup:
    """Design, instrument, responses, statistics and limits: what was done, and how the page is to be read."""
    members, info = findings.run.members, findings.run.info
    phases = members.groupby(PHASE)["trial"].nunique()
    sizes = members.groupby("trial").size()
    factors = list(_varied(members, info.factors))
    return render(
        "methods.html",
        info=info,
        settings=findings.run.settings,
        screened=int(phases.get(SCREEN, 0)),
        hunted=int(phases.get(HUNT, 0)),
        hunt_goal=info.hunted.get("goal", ""),
        members=len(members),
        shortened=int((sizes < info.seeds).sum()),
        factors=factors,
        conditional=[factor.name for factor in factors if factor.is_conditional],
        rankings=findings.rankings,
        units=RANKED_UNITS,
        responses=[ranking.response for ranking in findings.rankings],
        good_fit=GOOD_FIT,
        fewest=FEWEST_TRIALS,
        diverged=int((members["verdict"] == "diverged").sum()),
        has_prescriptions=bool(findings.prescriptions),
        has_theory=findings.theory is not None,
        percent=percent_words(findings.run.settings.confidence),
    )


def _varied(members: pd.DataFrame, factors: tuple[Factor, ...]) -> Iterator[Varied]:
    """Every factor but the dummy."""
    trials = members.drop_duplicates("trial")
    for factor in factors:
        if factor.name != DUMMY.name:
            lives = int(trials[factor.name].notna().sum())
            yield Varied(factor.name, _over(factor), lives, lives < len(trials))


def _over(factor: Factor) -> str:
    """`tanh, relu`, or `0.001 to 0.1, evenly over decades`."""
    if not factor.is_number:
        return ", ".join(map(level_word, factor.levels))
    kind = ", whole numbers" if factor.integer else ""
    return f"{factor.low:g} to {factor.high:g}{kind}{', evenly over decades' if factor.log else ''}"
