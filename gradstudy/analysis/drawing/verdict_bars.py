"""Which share of the members is healthy, and which is not? A bar per group, its parts with their counts."""

from typing import Any

import pandas as pd

from gradstudy.analysis.drawing.letters import letters
from gradstudy.analysis.palette import VERDICT_COLOURS
from gradstudy.analysis.picture import axes_or_new
from gradstudy.records import VERDICTS

NARROW = 0.06
"""Share of a bar; in a smaller part its count has no room."""


def verdict_bars(counts: pd.DataFrame, axes: Any = None) -> Any:
    """How do verdicts differ between groups? `counts` [group, verdict]; matplotlib axes, new ones by default."""
    axes = axes_or_new(axes, (5.0, 1.6 + 0.4 * len(counts)))
    shares = counts.div(counts.sum(axis=1), axis=0)
    left = pd.Series(0.0, index=counts.index)
    for verdict in VERDICTS:
        looks = {"color": VERDICT_COLOURS[verdict], "edgecolor": "white", "label": verdict}
        bars = axes.barh(range(len(counts)), shares[verdict], left=left, height=0.75, **looks)
        room = (shares[verdict] >= NARROW).tolist()
        words = [str(count) if fits else "" for count, fits in zip(counts[verdict], room, strict=True)]
        axes.bar_label(bars, words, label_type="center", color="black" if verdict == "exploding" else "white")
        left = left + shares[verdict]
    names = [f"{letters(name)}\n(n={total})" for name, total in counts.sum(axis=1).items()]
    axes.set_yticks(range(len(counts)), names)
    axes.set(xlim=(0, 1), ylim=(len(counts) - 0.5, -0.5), xlabel="share of the members, counts in the bars")
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, frameon=False, fontsize="small")
    axes.spines[["top", "right", "left"]].set_visible(False)
    return axes
