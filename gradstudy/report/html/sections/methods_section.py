"""How all this was found, in plain words with the numbers of this very study behind them, and how it is run again."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup, escape

from gradstudy.analysis.settings import Analysis
from gradstudy.conclusions import FEWEST_TRIALS, GOOD_FIT
from gradstudy.records import DUMMY, HUNT, SCREEN, Factor
from gradstudy.report.findings import Findings
from gradstudy.report.rendering import render
from gradstudy.response import RANKED
from gradstudy.tracking.members_file import PHASE
from gradstudy.words.command_words import again_command, load_call
from gradstudy.words.number_words import counted, percent_words
from gradstudy.words.trial_words import level_word

ALWAYS_DEFINED = ("gain", "vanishing", "exploding")


@dataclass(frozen=True)
class Varied:
    """A factor as the study varied it: over which levels or range, and in how many trials it lives."""

    name: str
    over: str
    trials: int
    is_conditional: bool


def methods_section(findings: Findings) -> Markup:
    """Design, instrument, responses, statistics and limits: what was done, and how the page is to be read."""
    members, info = findings.run.searched, findings.run.info
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
        hunt_batch=info.hunted.get("batch", 0),
        members=len(members),
        shortened=int((sizes < info.seeds).sum()),
        factors=factors,
        conditional=[factor.name for factor in factors if factor.is_conditional],
        rankings=findings.rankings,
        ranked=RANKED,
        defined=_defined([ranking.response for ranking in findings.rankings], findings.run.settings),
        good_fit=GOOD_FIT,
        fewest=FEWEST_TRIALS,
        diverged=int((members["verdict"] == "diverged").sum()),
        has_prescriptions=bool(findings.prescriptions),
        has_theory=findings.theory is not None,
        percent=percent_words(findings.run.settings.confidence),
    )


def _defined(ranked: Sequence[str], settings: Analysis) -> dict[str, Markup]:
    """How responses are measured, by name: the three that every page speaks of, and those that were ranked."""
    numbers = {"cap": f"{settings.cap:g}", "first_steps": counted(settings.first_steps, "step")}
    names: dict[str, str] = {}
    for name in (*ALWAYS_DEFINED, *ranked):
        names.setdefault(RANKED[name].definition, name)
    return {name: _with_code(definition.format(**numbers)) for definition, name in names.items()}


def _with_code(text: str) -> Markup:
    """HTML of a text with `names` in it."""
    return Markup(re.sub("`(.*?)`", r"<code>\1</code>", str(escape(text))))


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


def reproduce_section(findings: Findings) -> Markup:
    """The commands, the seeds, the versions that measured it, and where everything is stored."""
    info = findings.run.info
    return render(
        "reproduce.html",
        info=info,
        store=findings.run.store,
        ui_command=findings.run.ui_command,
        again=again_command(info),
        notebook=f"import gradstudy\nrun = {load_call(info)}",
        trial=int(findings.run.searched["trial"].iloc[0]),
    )
