"""What was measured over what mean-field theory says: one dead network does not spoil the picture."""

from typing import Any

import numpy as np
import pandas as pd

from gradstudy.analysis.theory.agreement import Agreement
from gradstudy.notebook.axes import axes_or_new
from gradstudy.notebook.palette import ACCENT, VERDICT_COLOURS
from gradstudy.words.number_words import rounded


def plot_agreement(agreement: Agreement, axes: Any = None) -> Any:
    """Measured over predicted gain; see `Agreement.plot`."""
    axes, table = axes_or_new(axes, (5, 5)), agreement.table
    inside, beyond = table[table["in_range"]], table[~table["in_range"]]
    low, high = _limits(inside)
    axes.plot([low, high], [low, high], color="0.6", linewidth=1, label="theory is right")
    reach = [inside["measured"] - inside["lowest"], inside["highest"] - inside["measured"]]
    axes.errorbar(
        inside["predicted"],
        inside["measured"],
        yerr=np.maximum(reach, 0.0),  # the mean of equal seeds may lie a rounding error above the highest
        label="trials, from lowest to highest seed",
        fmt="o",
        markersize=4,
        alpha=0.7,
        elinewidth=0.8,
        color=ACCENT,
    )
    if len(beyond):
        edge = beyond[["predicted", "measured"]].clip(low, high).T.to_numpy()
        axes.plot(*edge, "x", color=VERDICT_COLOURS["diverged"], clip_on=False, label="0 or beyond float64")
    r2 = f", R2 {rounded(agreement.r2, 4)}" if np.isfinite(agreement.r2) else ""
    axes.set(xlim=(low, high), ylim=(low, high), aspect="equal", title=f"{agreement.predicted} trials{r2}")
    axes.set(xlabel="predicted gain_init (decades)", ylabel="measured gain_init (decades)")
    axes.legend(loc="upper left")
    return axes


def _limits(table: pd.DataFrame) -> tuple[float, float]:
    """Of both axes, with a margin."""
    if table.empty:
        return -1.0, 1.0
    shown = table[["predicted", "lowest", "highest"]].to_numpy(dtype=float)
    margin = max(0.05 * (shown.max() - shown.min()), 0.1)
    return float(shown.min() - margin), float(shown.max() + margin)
