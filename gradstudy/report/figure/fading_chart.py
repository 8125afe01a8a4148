"""How an answer's signal fades on its way back through time, as curves of a small chart beside theory's."""

from collections.abc import Collection, Mapping

import numpy as np

from gradstudy.analysis.responses.fading import Fading
from gradstudy.report.figure.charts import MOST_POINTS, SeedCurve
from gradstudy.report.figure.signal_words import amplitude_words
from gradstudy.series import evenly_spaced, median_of_seeds

THEORY = "theory"


def fading_name(state: str, among: Collection[str]) -> str:
    """What a chart shows; of which state only where there are more than one."""
    return "left of an answer's signal" + (f": {state}" if len(among) > 1 else "")


def fading_curves(fading: Fading, theory: np.ndarray | None) -> dict[str, SeedCurve]:
    """What is left over distance at the first look and at the last one, and what `theory` [distance] says.

    By what each is called, `step 0`: the median of the seeds that reached it, from the lowest to the highest.
    """
    curves = {f"step {fading.steps[which]}": _curve(fading.decades[:, which]) for which in fading.ends}
    return curves if theory is None else {**curves, THEORY: _curve(theory[None])}


def _curve(decades: np.ndarray) -> SeedCurve:
    """Of what is known [seed, distance], in decades."""
    shown = evenly_spaced(decades.shape[1], MOST_POINTS)
    middle, finite = median_of_seeds(decades)[shown], np.where(np.isfinite(decades), decades, np.nan)[:, shown]
    known = np.where(np.isfinite(middle), middle, np.nan)
    return SeedCurve(shown, known, np.fmin.reduce(finite), np.fmax.reduce(finite), in_decades=True)


def fading_words(curves: Mapping[str, SeedCurve]) -> str:
    """How much is left one step before the answer and at the far end of every curve."""
    return "; ".join(f"{label}: {_left(curve)}" for label, curve in curves.items())


def _left(curve: SeedCurve) -> str:
    known = np.flatnonzero(np.isfinite(curve.middle) & (curve.steps > 0))
    ends = dict.fromkeys(known[[0, -1]]) if known.size else ()
    told = (f"{amplitude_words(curve.middle[end])} after {curve.steps[end]}" for end in ends)
    return ", ".join(told) or "nothing that has a size"
