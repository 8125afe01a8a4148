"""Pages as text, rankings to print, and measurements of made records."""

import io
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from rich.console import RenderableType
from support.made_records import made_record
from support.made_study import made_run
from support.made_trials import make_info

from gradstudy.analysis.ranking.interactions import CELL_COLUMNS as CELLS
from gradstudy.analysis.ranking.ranking import Ranking
from gradstudy.analysis.responses.member_row import member_row, verdicts_by_threshold
from gradstudy.analysis.settings import DEFAULTS, Analysis
from gradstudy.analysis.space.levels import LEVEL_COLUMNS as LEVELS
from gradstudy.analysis.theory.prediction import Prediction
from gradstudy.configs.composition import Composer, hydra_ready
from gradstudy.records import DUMMY, SCREEN, Factor, MemberRecord
from gradstudy.report.findings import Findings
from gradstudy.report.terminal.console import PageConsole
from gradstudy.training.close_look import DataScale

ROW = {
    "share": 0.2,
    "share_low": 0.1,
    "share_high": 0.3,
    "first": 0.15,
    "first_low": 0.05,
    "first_high": 0.25,
    "rank": 1,
    "rank_low": 1,
    "rank_high": 2,
    "test": "Kruskal-Wallis",
    "p": 0.02,
    "verdict": "evidence",
    "evidence": True,
    "size": np.nan,
    "direction": "relu raises it by 4.1 decades over tanh",
    "conditional": False,
    "trials": 128,
}

CHOICES = {
    "model": "mlp",
    "activation": "tanh",
    "init": "default",
    "normalization": "none",
    "residual": "none",
    "pretraining": "none",
    "optimizer": "sgd",
    "lr": "constant",
    "clipping": "none",
}


class Clock:
    """Seconds that pass only when a test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def render() -> Callable[..., str]:
    """A page as a file would receive it, from a console that believes in markup: what is shown defends itself."""

    def printed(page: RenderableType, width: int = 80, encoding: str = "utf-8") -> str:
        file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="\n")
        PageConsole(file=file, width=width, markup=True, emoji=True).print(page)
        file.seek(0)
        return file.read()

    return printed


@pytest.fixture(scope="session")
def make_ranking() -> Callable[..., Ranking]:
    """A ranking with one row per mapping given; what a row leaves out is taken from ROW."""

    def made(*rows: dict[str, Any], **fields: Any) -> Ranking:
        table = pd.DataFrame([{"factor": "activation", **ROW, **row} for row in rows], columns=["factor", *ROW])
        whole: dict[str, Any] = {
            "response": "vanishing",
            "table": table,
            "levels": pd.DataFrame(columns=LEVELS),
            "interactions": pd.DataFrame(columns=["factor_a", "factor_b", "share", "share_low", "share_high"]),
            "cells": pd.DataFrame(columns=CELLS),
            "noise_floor": 0.02,
            "fit": 0.87,
            "seed_noise": 0.04,
            "trials": 128,
            "members": 512,
            "diverged": 36,
        }
        return Ranking(**{**whole, **fields})

    return made


@pytest.fixture(scope="session")
def make_findings() -> Callable[..., Findings]:
    """What a study found, of members (trial, vanishing, exploding, verdict, ...) and whatever `MadeStudy` takes."""

    def made(
        members: pd.DataFrame, *, info: dict[str, Any] | None = None, settings: Analysis = DEFAULTS,
        rankings=(), prescriptions=(), theory=None, hunt=None, cures=(), **stored: Any,
    ) -> Findings:  # fmt: skip
        members = members if "phase" in members else members.assign(phase=SCREEN)
        factors = (Factor("activation", ("tanh", "relu")), Factor("lr.value", low=0.001, high=0.1, log=True), DUMMY)
        usual = {"question": "Does clipping help?", "factors": factors, "seeds": 4, "steps": 200}
        identity = make_info("rnn_clip", **{**usual, "versions": {"torch": "2.13.0"}, **(info or {})})
        run = made_run(identity, members, settings, **stored)
        return Findings(run, rankings, prescriptions, verdicts_by_threshold(members, settings), theory, hunt, cures)

    return made


@pytest.fixture
def make_record() -> Callable[..., MemberRecord]:
    """A record of trial 0 that float64 looked at on step 0, with what measuring it cost."""
    usual = {"trial": 0, "seed": 0, "looks": (0,), "cost": {"recorder": 0.1, "probes": 0.04}}
    return lambda signal, **given: made_record(signal, **{**usual, **given})


@pytest.fixture(scope="session")
def usual_parts() -> dict[str, Any]:
    """What a perceptron of the shipped defaults is made of."""
    with hydra_ready():
        return Composer(["model=mlp", "task=random_signal"]).parts({})


@pytest.fixture
def make_look(usual_parts) -> Callable[..., SimpleNamespace]:
    """What a close look finds where nothing catches the eye, but for what is given."""

    def made(**found: Any) -> SimpleNamespace:
        parts = {**usual_parts, **found.pop("parts", {})}
        nowhere = np.array([np.nan])
        usual = {"steps": 200, "sharpness": nowhere, "last_sharpness": nowhere, "weights": ()}
        return SimpleNamespace(**{**usual, "data": DataScale(1.0, 3.0, np.ones(4), 0.0, 1.0), **found}, parts=parts)

    return made


@pytest.fixture
def make_measured(make_look) -> Callable[..., SimpleNamespace]:
    """What gradstudy.measure returns of these records; `theory` is the predicted log10(D_p / D_last) by place."""

    def made(
        *records, theory=None, no_theory="gated cells", settings=DEFAULTS, look=None, overrides=(), data=(), **choices
    ):
        prediction = None if theory is None else Prediction(np.array(theory), np.ones(len(theory)))
        members = pd.DataFrame(member_row(record, settings) for record in records)
        whole = {"records": records, "members": members, "choices": {**CHOICES, **choices}, "settings": settings}
        theory_says = {"prediction": prediction, "no_theory": no_theory}
        return SimpleNamespace(
            **whole, **theory_says, look=look or make_look(), overrides=overrides, own_factors=(), data=dict(data)
        )

    return made
