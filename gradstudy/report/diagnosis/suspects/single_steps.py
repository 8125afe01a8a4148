"""Single steps that go off a cliff, with nothing to hold them."""

import numpy as np

from gradstudy.report.diagnosis.suspects.suspect import POSSIBLE, TELLING, Case, Suspect, beyond
from gradstudy.words.number_words import compact

SPIKE = 10.0
"""A step whose gradient norm is so many times the median one."""
USUALLY_BELOW = 3.0
"""Times the median: a threshold that half of the steps would meet clips half of them."""
RARE = 0.1
"""Of more steps than this share it would be no spike."""
EARLY = 10
"""Steps: what leads off a cliff has gone some way before."""


def nothing_clips(case: Case) -> Suspect | None:
    """A few steps have a norm far above the others', and none is clipped.

    One step off a cliff undoes what hundreds learned; clipping the norm at a few times its usual size holds just these
    (Pascanu, Mikolov & Bengio 2013, section 3.2: half to ten times it).
    """
    clips = any((record.series["clip_coefficient"].values < 1.0).any() for record in case.measured.records)
    if clips or not case.exploded.any() or case.steps < 2:
        return None
    norms = [record.series["norm_before_clipping"].values[:, 0] for record in case.measured.records]
    ratio, step, usual = max(_spike(norm) for norm, ill in zip(norms, case.exploded, strict=True) if ill)
    if not ratio > SPIKE:
        return None
    threshold = float(f"{USUALLY_BELOW * usual:.1g}")
    said = (
        f"there is none, and the gradient norm at step {step} is {compact(ratio)} times the usual {compact(usual)}: "
        f"clipping.max_norm={compact(threshold)} holds such steps, and few others."
    )
    unclipped = case.choices["clipping"] == "none"
    space = {"clipping": "choice(none,norm)", "clipping.max_norm": f"choice({threshold!r})"} if unclipped else {}
    # what grows from the first steps on grows in every step: there clipping slows down what a lower rate ends
    return Suspect("clipping", said, (POSSIBLE if step < EARLY else TELLING) + beyond(ratio) / 2, space)


def _spike(norms: np.ndarray) -> tuple[float, int, float]:
    """By how much the largest of the norms [step] exceeds the median of those before it, if few do; when; the median.

    Of the first step it is set against those right behind it.
    """
    known = np.where(np.isfinite(norms), norms, 0.0)
    step = int(known.argmax())
    others = known[:step] if step else known[1 : 1 + EARLY]
    usual = float(np.median(others)) if others.size else 0.0
    if usual == 0.0 or np.mean(known > SPIKE * usual) > RARE:
        return 0.0, step, usual
    return float(known[step] / usual), step, usual
