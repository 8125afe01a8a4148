"""Which factors move a response, by how much, and how sure are we? One ranking as a table for 80 columns."""

from typing import Any

import numpy as np
import pandas as pd
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gradstudy.analysis.evidence import EVIDENCE, GOOD_FIT, NO_EFFECT, NOISE_FLOOR, NOT_RANKED
from gradstudy.analysis.ranking import Ranking
from gradstudy.report.cell_grid import cell_grid
from gradstudy.report.level_lines import LEGEND, digits_of, level_lines
from gradstudy.report.plain import Bar, fraction, plain_name, plain_table, plain_text
from gradstudy.report.units import RANKED_UNITS

QUESTIONS = {
    "vanishing": "What makes gradients vanish?",
    "exploding": "What makes gradients explode?",
    "clipped": "What makes clipping engage?",
    "learned": "What makes the network learn?",
    "time_to_divergence": "What makes training last before it diverges?",
}
SHORT = {"Kruskal-Wallis": "KW", "Spearman": "rho", NO_EFFECT: "no effect"}
SMALLEST_SHARE = 0.005
NO_CAUSE = "No factor beats the noise floor: there is no evidence for a cause here."


def ranking_table(ranking: Ranking) -> RenderableType:
    """What causes a response? Shares with 95 % intervals, ranks, tests; then what the levels do, and what to trust.

    What is said in sentences stands below the table: a sentence in a narrow column cannot be read at 80 columns.
    """
    parts: list[RenderableType] = [_title(ranking.response)]
    if len(ranking.table):
        parts += [Text(), _shares(ranking), Text(), *_effects(ranking)]
    return Group(*parts, *_together(ranking), Text(), _caption(ranking))


def _title(response: str) -> Text:
    question = QUESTIONS.get(response, f"What moves the {response.replace('_', ' ')}?")
    return plain_text(f"{question}  ({response}, {RANKED_UNITS[response]})", "bold")


def _shares(ranking: Ranking) -> Table:
    table = plain_table("factor", "share [95 %]", "own", "rank", "test", "", numbers=("own", "rank"))
    rough = "~" if 0.0 < ranking.fit < GOOD_FIT else ""
    for row in ranking.table.itertuples():
        cells = map(plain_text, (_interval(row, rough), fraction(row.first), _ranks(row), _test(row)))
        table.add_row(plain_name(row.factor), *cells, _mark(row), style="" if _proven(row) else "dim")
    return table


def _effects(ranking: Ranking) -> list[RenderableType]:
    """What the levels of the proven causes do, and where a conditional factor was looked at."""
    digits, lines = digits_of(ranking.levels), []
    for row in ranking.table.itertuples():
        if _proven(row):
            levels = ranking.levels[ranking.levels["factor"] == row.factor]
            lines.append(level_lines(_said(row), levels, digits=digits))
        elif row.conditional and row.verdict != NOISE_FLOOR:
            lines.append(plain_text(_said(row), "dim"))
    verdicts = set(ranking.table["verdict"])
    if EVIDENCE in verdicts:
        return [*lines, plain_text(LEGEND, "dim")]
    return [Text(NO_CAUSE), *lines] if verdicts != {NOT_RANKED} else lines


def _together(ranking: Ranking) -> list[RenderableType]:
    """The cells of the strongest interaction, where there is one worth a look."""
    first = ranking.cells.head(1)[["factor_a", "factor_b"]].merge(ranking.cells)
    if first.empty:
        return []
    grid = cell_grid(first, unit=RANKED_UNITS[ranking.response], digits=digits_of(ranking.levels))
    return [] if grid is None else [Text(), grid]


def _caption(ranking: Ranking) -> Text:
    trust = {
        "Q2 of the surrogate (cross-validated)": ranking.fit,
        "noise of the seeds": ranking.seed_noise,
        "noise floor": ranking.noise_floor,
    }
    known = "".join(f", {name} {fraction(share)}" for name, share in trust.items() if np.isfinite(share))
    words = f"{ranking.trials} trials, {ranking.diverged or 'no'} members diverged{known}{_interaction(ranking)}."
    return plain_text(f"{words}\n{ranking.note}".strip())


def _interaction(ranking: Ranking) -> str:
    """The strongest one, where it would not read as nothing."""
    strongest = ranking.interactions.sort_values("share", ascending=False).head(1)
    shown = (row for row in strongest.itertuples() if row.share >= SMALLEST_SHARE)
    return "".join(f", strongest interaction {row.factor_a} x {row.factor_b} {_interval(row)}" for row in shown)


def _proven(row: Any) -> bool:
    return row.verdict == EVIDENCE


def _mark(row: Any) -> RenderableType:
    if _proven(row) and np.isfinite(row.share):
        return Bar(row.share)
    return Text(SHORT.get(row.verdict, row.verdict))


def _said(row: Any) -> str:
    words = f"{row.factor}: {row.direction if _proven(row) else row.verdict}"
    return f"{words} (where it lives: {row.trials} trials)" if row.conditional else words


def _interval(row: Any, rough: str = "") -> str:
    if not np.isfinite(row.share_high):
        return "-"
    share = f"{rough}{fraction(row.share)}" if np.isfinite(row.share) else "?"
    return f"{share} [{fraction(row.share_low)}, {fraction(row.share_high)}]"


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
