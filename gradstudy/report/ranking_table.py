"""Which factors move a response, by how much, and how sure are we? One ranking as a table for 80 columns."""

from typing import Any

import numpy as np
import pandas as pd
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gradstudy.analysis.ranking import Ranking
from gradstudy.records import DUMMY
from gradstudy.report.plain import Bar, fraction, plain_grid, plain_name, plain_table, plain_text
from gradstudy.report.units import UNITS

QUESTIONS = {
    "vanishing": "What makes gradients vanish?",
    "exploding": "What makes gradients explode?",
    "clipped": "What makes clipping engage?",
    "learned": "What makes the network learn?",
}
SHORT = {"Kruskal-Wallis": "KW"}
SMALLEST_SHARE = 0.005
NO_CAUSE = "No factor beats the noise floor: there is no evidence for a cause here."


def ranking_table(ranking: Ranking) -> RenderableType:
    """What causes a response? Shares with 95 % intervals, ranks, tests; then directions and what to trust.

    Directions stand below the table and not in it: a sentence in a narrow column cannot be read at 80 columns.
    """
    parts: list[RenderableType] = [_title(ranking.response)]
    if len(ranking.table):
        parts += [Text(), _shares(ranking)]
    if ranking.table["share"].notna().any():
        parts += [Text(), _directions(ranking)]
    return Group(*parts, Text(), _caption(ranking))


def _title(response: str) -> Text:
    question = QUESTIONS.get(response, f"What moves the {response.replace('_', ' ')}?")
    return plain_text(f"{question}  ({response}, {UNITS[response]})", "bold")


def _shares(ranking: Ranking) -> Table:
    table = plain_table("factor", "share [95 %]", "rank", "test", "", numbers=("rank",))
    for row in ranking.table.itertuples():
        cells = map(plain_text, (_interval(row), _ranks(row), _test(row)))
        table.add_row(plain_name(row.factor), *cells, _mark(row), style="" if _proven(row) else "dim")
    return table


def _directions(ranking: Ranking) -> RenderableType:
    grid = plain_grid()
    nothing = not any(_proven(row) and row.factor != DUMMY.name for row in ranking.table.itertuples())
    for row in ranking.table.itertuples():
        if row.factor != DUMMY.name and (_proven(row) or row.conditional):
            grid.add_row(plain_text(row.factor), plain_text(_direction(row)), style="" if _proven(row) else "dim")
    return Group(*([Text(NO_CAUSE)] if nothing else []), grid)


def _caption(ranking: Ranking) -> Text:
    trust = {
        "Q2 of the surrogate (cross-validated)": ranking.fit,
        "noise of the seeds": ranking.seed_noise,
        "noise floor": ranking.noise_floor,
        **_interaction(ranking),
    }
    known = "".join(f", {name} {fraction(share)}" for name, share in trust.items() if np.isfinite(share))
    words = f"{ranking.trials} trials, {ranking.diverged or 'no'} members diverged{known}."
    return plain_text(f"{words}\n{ranking.note}".strip())


def _interaction(ranking: Ranking) -> dict[str, float]:
    strongest = ranking.interactions.sort_values("share", ascending=False).head(1)
    shown = (row for row in strongest.itertuples() if row.share >= SMALLEST_SHARE)
    return {f"strongest interaction {row.factor_a} x {row.factor_b}": row.share for row in shown}


def _proven(row: Any) -> bool:
    return bool(np.isfinite(row.share)) and bool(row.evidence)


def _doubt(row: Any) -> str:
    return "no evidence" if np.isfinite(row.share) else "not ranked"


def _mark(row: Any) -> RenderableType:
    if row.factor == DUMMY.name:
        return Text("noise floor")
    return Bar(row.share) if _proven(row) else Text(_doubt(row))


def _direction(row: Any) -> str:
    words = row.direction if _proven(row) else _doubt(row)
    return f"{words} (where it lives: {row.trials} trials)" if row.conditional else words


def _interval(row: Any) -> str:
    if not np.isfinite(row.share):
        return "-"
    return f"{fraction(row.share)} [{fraction(row.share_low)}, {fraction(row.share_high)}]"


def _ranks(row: Any) -> str:
    if pd.isna(row.rank_low) or pd.isna(row.rank_high):
        return "-"
    low, high = int(row.rank_low), int(row.rank_high)
    return str(low) if low == high else f"{low}-{high}"


def _test(row: Any) -> str:
    if not np.isfinite(row.p):
        return "-"
    digits = f"{row.p:.3f}" if row.p < 0.1 else f"{row.p:.2f}"
    p = "p<.001" if row.p < 0.001 else f"p={digits.removeprefix('0')}"
    return f"{SHORT.get(row.test, row.test)} {p}"
