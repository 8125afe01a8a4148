"""What a made study found, whose truth is known: `activation` and `lr.value` cause vanishing, nothing else does."""

import html
import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from gradstudy.analysis.ranking.ranking import rank
from gradstudy.analysis.settings import DEFAULTS
from gradstudy.records import DUMMY, SCREEN, Factor
from gradstudy.report.findings import Findings
from gradstudy.report.html.page import report_page

FACTORS = (
    Factor("activation", ("tanh", "relu", "sigmoid")),
    Factor("init", ("default", "orthogonal")),
    Factor("lr.value", low=0.001, high=0.1, log=True),
    Factor("clipping", ("none", "norm")),
    Factor("clipping.max_norm", low=0.1, high=10.0, log=True),
    DUMMY,
)
STEPS = 5
FAST = replace(DEFAULTS, draws=32)


def members_of(trials: int, seeds: int, factors: tuple[Factor, ...] = FACTORS) -> pd.DataFrame:
    """Members of a screen: the last level of the first factor makes gradients vanish, a high number makes one diverge.

    A factor `a.b` lives where the factor `a` does not have its first level.
    """
    random = np.random.default_rng(2)
    columns = {factor.name: _drawn(factor, trials, random) for factor in factors}
    table = pd.DataFrame(columns)
    for name in columns:
        parent = name.partition(".")[0]
        if parent != name and parent in columns:
            table[name] = table[name].where(table[parent] != table[parent].min())
    first, steps = factors[0], pd.Series(np.full(trials, np.nan))
    level = table[first.name].map({level: which for which, level in enumerate(first.levels)})
    number = table[[f.name for f in factors if f.is_number and f != DUMMY][:1]].rank(pct=True).sum(axis=1)
    rows = []
    for seed in range(seeds):
        vanishing = np.clip(2.5 * level + 2.0 * number + random.normal(0, 0.3, trials), 0.0, 10.0)
        bad = number + 0.05 * seed > 0.95
        own = table.assign(trial=range(trials), seed=seed, phase=SCREEN, vanishing=np.where(bad, 10.0, vanishing))
        rows.append(own.assign(exploding=np.where(bad, 10.0, 0.1), first_bad_step=steps.mask(bad, 3.0)))
    members = pd.concat(rows).sort_values(["trial", "seed"], ignore_index=True)
    members["gain"] = members["gain_init"] = -members["vanishing"]
    ends = members["first_bad_step"].notna()
    vanished = members["vanishing"] >= FAST.vanishing
    return members.assign(
        verdict=np.where(ends, "diverged", np.where(vanished, "vanishing", "healthy")),
        outcome=np.where(ends | vanished, "stuck", "learned"),
        first_bad_tensor=np.where(ends, "layer_03.weight", None),
    )


def signals_of(members: pd.DataFrame, places: int = 3) -> Callable[..., pd.DataFrame]:
    """A record of every member on every step: the signal, geometric over the places, and the norm, which triples.

    Clipping halves the norm on the last step.
    """
    names = [f"layer_{place:02d}" for place in range(1, places + 1)]
    rows = [
        (row.trial, row.seed, step, "signal", name, 10.0 ** (-row.vanishing * (1 - which / max(places - 1, 1))))
        for row in members.itertuples()
        for step in range(STEPS)
        for which, name in enumerate(names)
    ]
    rows += [
        (row.trial, row.seed, step, quantity, "all", 3.0**step * (share if step == STEPS - 1 else 1.0))
        for row in members.itertuples()
        for quantity, share in (("norm_before_clipping", 1.0), ("norm_after_clipping", 0.5))
        for step in range(STEPS)
    ]
    record = pd.DataFrame(rows, columns=["trial", "seed", "step", "quantity", "place", "value"])

    def gradients(**filters):
        kept = record
        for name, asked in filters.items():
            kept = kept[kept[name].isin(asked if isinstance(asked, list) else [asked])]
        return kept.reset_index(drop=True)

    return gradients


@pytest.fixture(scope="session")
def make_study(make_findings) -> Callable[..., Findings]:
    """Findings of a made study, ranked by `responses`; whatever else is given goes into them as it is."""

    def made(members=None, factors=FACTORS, responses=("vanishing",), info=None, **fields) -> Findings:
        members = members_of(36, 2) if members is None else members
        rankings = tuple(rank(members, factors, response, FAST, steps=STEPS) for response in responses)
        identity = {"factors": factors, "seeds": int(members["seed"].nunique()), "steps": STEPS, **(info or {})}
        given = {"settings": FAST, "gradients": signals_of(members), "rankings": rankings, **fields}
        return make_findings(members, info=identity, **given)

    return made


@pytest.fixture(scope="session")
def findings(make_study) -> Findings:
    """What the made study found."""
    return make_study()


@pytest.fixture(scope="session")
def whole_page(findings) -> str:
    """The page of the made study."""
    return report_page(findings)


def _drawn(factor: Factor, trials: int, random: np.random.Generator) -> np.ndarray:
    if not factor.is_number:
        return random.permutation(np.resize(np.array(factor.levels, dtype=object), trials))
    share = random.permutation((np.arange(trials) + 0.5) / trials)
    spaced = factor.low * (factor.high / factor.low) ** share if factor.log else share * (factor.high - factor.low)
    return spaced if factor.log else factor.low + spaced


@pytest.fixture(scope="session")
def tables() -> Callable[[str], list[list[list[str]]]]:
    """What is written in the tables of a fragment: [table][row][cell], without blanks at the ends of lines."""

    def inside(tag, fragment):
        return re.findall(rf"<(?:{tag})\b[^>]*>(.*?)</(?:{tag})>", fragment, re.DOTALL)

    def words(cell):
        return " ".join(html.unescape(re.sub("<[^>]*>", "", cell)).split())

    return lambda fragment: [
        [[words(cell) for cell in inside("th|td", row)] for row in inside("tr", table)]
        for table in inside("table", fragment)
    ]
