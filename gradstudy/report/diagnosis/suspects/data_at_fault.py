"""Inputs and targets of a size that a network cannot start from."""

from dataclasses import fields

import numpy as np

from gradstudy.report.diagnosis.suspects.suspect import POSSIBLE, PROVEN, TELLING, Case, Suspect, beyond, log_range
from gradstudy.words.number_words import compact

LARGE_INPUTS, SMALL_INPUTS, UNEVEN, LARGE_TARGETS = 3.0, 0.03, 100.0, 5.0
"""Root mean squares, and the ratio of those of features."""


def size_of_inputs(case: Case) -> Suspect | None:
    """Inputs are far from size 1; of nothing but zeros nothing can be learned.

    The curvature of the first layer's weights grows with the square of what enters them, so that the largest stable
    rate falls by as much, and units start on the flat ends of their nonlinearity (LeCun, Bottou, Orr & Mueller 1998,
    section 4.3: features with mean 0 and variance 1). A norm of features behind the first map takes the size away.
    """
    size = case.look.data.inputs
    if size == 0.0 and case.stuck.any():
        unscaled = getattr(case.parts["task"], "scale", 1.0) == 0.0
        why = (
            "task.scale is 0, and so is every input" if unscaled else "every input is 0: no feature of the data varies"
        )
        space = {"task.scale": "choice(0.0,1.0)"} if unscaled else {}
        return Suspect("size of the inputs", f"{why}, and there is nothing to learn from.", PROVEN, space)
    if not case.ill.any() or case.parts["normalization"].standardizes or SMALL_INPUTS <= size <= LARGE_INPUTS:
        return None
    if not np.isfinite(size) or size == 0.0:
        return None
    large = size > LARGE_INPUTS
    ratio = size if large else SMALL_INPUTS / size
    effect = f"a curvature {compact(size**2)} times that of inputs of size 1" if large else "next to nothing to see"
    shifted = f", and lie {compact(case.look.data.offset)} deviations from 0" if case.look.data.offset > 1.0 else ""
    said = f"inputs have a root mean square of {compact(size)}{shifted}, which gives the first layer {effect}."
    return Suspect("size of the inputs", said + _mend(case), TELLING + beyond(ratio), _scaled(case, size))


def uneven_features(case: Case) -> Suspect | None:
    """Features are of very different size.

    The curvatures of their weights differ by the square of that, and one rate cannot serve both (LeCun, Bottou, Orr &
    Mueller 1998, section 4.3).
    """
    sizes = case.look.data.features
    if not case.ill.any() or len(sizes) < 2:
        return None
    low, high = np.quantile(sizes, (0.1, 0.9), method="nearest")
    if not high > UNEVEN * low:
        return None
    said = f"features have root mean squares from {compact(low)} to {compact(high)}: no one rate serves both."
    return Suspect("size of the features", said + _mend(case), POSSIBLE + beyond(high / low), _scaled(case, high))


def size_of_targets(case: Case) -> Suspect | None:
    """Targets are numbers far beyond 1.

    The error and with it every gradient grow with them: the first step may kill every unit (Stack Overflow 48934338:
    targets around 125, rate 0.1, all units dead).
    """
    size = case.look.data.target
    if not case.ill.any() or size is None or not size > LARGE_TARGETS:
        return None
    said = (
        f"targets have a root mean square of {compact(size)}, and every gradient is as much larger: divide them by it."
    )
    return Suspect("size of the targets", said, TELLING + beyond(size / LARGE_TARGETS))


def _has(case: Case, name: str) -> bool:
    return name in {field.name for field in fields(case.parts["task"])}


def _is_raw(case: Case) -> bool:
    return _has(case, "standardize") and not case.parts["task"].standardize


def _mend(case: Case) -> str:
    return " task.standardize=true gives every feature mean 0 and variance 1." if _is_raw(case) else ""


def _scaled(case: Case, size: float) -> dict[str, str]:
    """What a study would vary."""
    if _is_raw(case):
        return {"task.standardize": "choice(false,true)"}
    now = getattr(case.parts["task"], "scale", 0.0)
    return {"task.scale": log_range(now, now / size)} if now > 0.0 else {}
