"""Pages as text, and rankings to print."""

import io
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from rich.console import Console, RenderableType

from gradstudy.analysis.ranking import Ranking

ROW = {
    "share": 0.2,
    "share_low": 0.1,
    "share_high": 0.3,
    "rank": 1,
    "rank_low": 1,
    "rank_high": 2,
    "test": "Kruskal-Wallis",
    "p": 0.02,
    "evidence": True,
    "direction": "relu raises it by 4.1 decades over tanh",
    "conditional": False,
    "trials": 128,
}


@pytest.fixture
def render() -> Callable[..., str]:
    """A page as a file would receive it, from a console that believes in markup: what is shown defends itself."""

    def printed(page: RenderableType, width: int = 80, encoding: str = "utf-8") -> str:
        file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="\n")
        Console(file=file, width=width, markup=True, emoji=True).print(page)
        file.seek(0)
        return file.read()

    return printed


@pytest.fixture
def make_ranking() -> Callable[..., Ranking]:
    """A ranking with one row per mapping given; what a row leaves out is taken from ROW."""

    def made(*rows: dict[str, Any], **fields: Any) -> Ranking:
        table = pd.DataFrame([{"factor": "activation", **ROW, **row} for row in rows], columns=["factor", *ROW])
        whole: dict[str, Any] = {
            "response": "vanishing",
            "table": table,
            "interactions": pd.DataFrame({"factor_a": [], "factor_b": [], "share": []}),
            "noise_floor": 0.02,
            "fit": 0.87,
            "seed_noise": 0.04,
            "trials": 128,
            "diverged": 36,
            "note": "",
        }
        return Ranking(**{**whole, **fields})

    return made
