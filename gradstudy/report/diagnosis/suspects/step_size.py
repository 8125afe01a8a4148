"""Steps that are too large, or too small, for the loss that they descend."""

import numpy as np

from gradstudy.report.diagnosis.suspects.suspect import (
    POSSIBLE,
    PROVEN,
    TELLING,
    WITHOUT_ANOTHER,
    Case,
    Suspect,
    beyond,
    log_range,
    options,
    typical_of,
)
from gradstudy.words.number_words import compact

NAME = "learning rate"
MOSTLY_TAKEN = 0.1
"""The part of a step that clipping leaves, from which on down it is clipping that makes steps short."""
LOWEST = 1e-4
"""The least part of the measured rate that a study goes down to: what takes less than that is no matter of rates."""
SOON = 30
"""Steps: what diverges by then was driven apart by the curvature that it began with."""


def over_the_curvature(case: Case) -> Suspect | None:
    """The rate times the curvature at step 0 is beyond what gradient descent bears.

    On a loss of curvature c, a step of rate r multiplies the distance to the minimum by 1 - r c: beyond r c = 2 it
    grows (LeCun, Bottou, Orr & Mueller 1998, section 4.6); 2 (1 + m) with momentum m. In training a network may hover
    there (Cohen et al. 2021: the edge of stability); one that starts beyond it is thrown off. It has a part at most
    where the curvature comes of a signal that explodes at step 0. Norms of features make the loss indifferent to the
    size of weights, which escape by growing (Arora, Li & Lyu 2019): there it is none where the network stays finite.
    """
    bound, concerned = case.parts["optimizer"].largest_curvature, case.ill
    if bound is None or not concerned.any() or not case.steps:
        return None
    times, curvature = _times_curvature(case, case.look.sharpness), case.look.sharpness
    product = typical_of(times, concerned)
    if not product > bound:
        return None
    rate, curved = _rate(case), typical_of(curvature, concerned)
    grown = case.symptoms.gain >= case.symptoms.settings.exploding / 2
    soon = case.diverged.any() and case.symptoms.members["first_bad_step"].min() <= SOON
    elsewhere = grown or case.parts["normalization"].standardizes
    if elsewhere and not case.diverged.any():
        return None
    weight = POSSIBLE if grown else PROVEN if soon else TELLING
    said = (
        f"{compact(rate)} times the largest curvature of the loss at step 0, {compact(curved)}, is "
        f"{compact(rate * curved)}; from {compact(bound)} on each step overshoots by more than the one before. Below "
        f"{compact(bound / curved)} it would not."
    )
    space = {"lr.value": log_range(rate, max(bound / curved / 10, rate * LOWEST))}
    return Suspect(NAME, said, weight + beyond(product / bound), space)


def into_sharper_ground(case: Case) -> Suspect | None:
    """The rate was small enough for the curvature at step 0, and is not where training came to.

    The curvature rises in training (Cohen et al. 2021), and in recurrent networks as suddenly as at a cliff, which
    clipping takes the step back from (Pascanu, Mikolov & Bengio 2013).
    """
    bound, concerned = case.parts["optimizer"].largest_curvature, case.diverged
    if bound is None or not concerned.any():
        return None
    before = typical_of(_times_curvature(case, case.look.sharpness), concerned)
    after = typical_of(_times_curvature(case, case.look.last_sharpness), concerned)
    if not (before <= bound < after):
        return None
    said = (
        f"{compact(_rate(case))} times the largest curvature of the loss is {compact(before)} at step 0 and "
        f"{compact(after)} at the last finite step; from {compact(bound)} on steps overshoot. Training ran into "
        "sharper ground: a lower rate, or clipping, keeps it from being thrown off."
    )
    space = {"lr.value": log_range(_rate(case), _rate(case) / 100)}
    if case.choices["clipping"] == "none":
        space["clipping"] = options("none", "norm")
    return Suspect(NAME, said, TELLING + beyond(after / bound), space)


def too_far_a_step(case: Case) -> Suspect | None:
    """A step changes the weights so much that the gradient says nothing of where it ends.

    For optimizers whose steps do not scale with the gradient. Layers changed by the parts r_l of their size change the
    network by up to (1 + r_1) (1 + r_2) ... - 1 of its own, and the gradient can be trusted while that is below 1
    (Bernstein et al. 2020).
    """
    if case.parts["optimizer"].largest_curvature is not None or not case.ill.any():
        return None
    step, compound, typical = _largest_step(case)
    if not compound > 1.0:
        return None
    rate = _rate(case)
    said = (
        f"step {step} of {case.choices['optimizer']} moves a weight tensor by {compact(100 * typical)} % of its size, "
        f"and what all layers do by up to {compact(compound)} times; up to 1 the gradient says where a step "
        f"leads. A rate of about {compact(rate * np.log(2.0) / np.log1p(compound))} would keep to that."
    )
    return Suspect(NAME, said, TELLING + beyond(compound), {"lr.value": log_range(rate, rate / 100)})


def hardly_moves(case: Case) -> Suspect | None:
    """So many steps of that size lead nowhere: the rate is too low, or the budget too short.

    Along a direction of curvature c, gradient descent takes 1 / (r c) steps to come closer by a factor e, and longer
    along all others; where clipping shortens each step so that it takes them, clipping is named. Of other optimizers,
    weights that move by a few per cent in the whole training are where they were.
    """
    if not case.stuck.any() or case.exploded.any() or not case.steps:
        return None
    rate, steps = _rate(case), case.steps
    if rate == 0.0:
        return Suspect(NAME, "it is 0: nothing can be learned.", PROVEN, {"lr.value": log_range(1e-3, 1e-1)})
    if case.parts["optimizer"].largest_curvature is None:
        far = steps * float(np.nanmedian(_ratios(case)[1]))
        said, enough = f"{steps} steps move a weight tensor by up to {compact(far)} times its size", far / 0.1
    else:
        needed = 1.0 / max(typical_of(_times_curvature(case, case.look.sharpness), case.stuck), 1e-300)
        needed *= 1.0 - getattr(case.parts["optimizer"], "momentum", 0.0)
        few = f"{compact(needed)} steps" if needed >= 1.0 else "less than a step"
        said = f"at {compact(rate)} the steepest direction of the loss takes {few} to descend, "
        said, enough = f"{said}flatter ones more, and there are {steps}", 0.3 * steps / needed
    if enough < 1.0:
        left = typical_of(case.last("clip_coefficient", 0), case.stuck)
        if case.parts["optimizer"].largest_curvature is not None and left < MOSTLY_TAKEN:
            said = f"{case.choices['clipping']} leaves {compact(left)} of each step: {said}. Clip less."
            space = {"clipping": options(case.choices["clipping"], "none")}
            return Suspect("clipping", said, TELLING + beyond(1 / enough), space)
        space = {"lr.value": log_range(rate, rate * max(100, 10 / enough))}
        return Suspect(NAME, f"{said}. Raise the rate, or budget.steps.", TELLING + beyond(1 / enough), space)
    missing = "more steps, or another rate, may be all that is missing"
    return Suspect(NAME, f"{said}: {missing}.", WITHOUT_ANOTHER, {"lr.value": log_range(rate / 10, rate * 10)})


def _rate(case: Case) -> float:
    """The highest rate of the schedule."""
    return float(case.parts["lr"].value)


def _times_curvature(case: Case, curvature: np.ndarray) -> np.ndarray:
    """The rate that a step of size 1 has, clipped as the first one was, times the curvature, [member]."""
    return np.asarray(_rate(case) * case.last("clip_coefficient", 0) * curvature)


def _ratios(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Steps, and the part of its size by which a weight tensor is moved in them, [step, tensor], typical of members.

    Vectors, such as biases, are left out: they may start at 0.
    """
    found = [one for record in case.measured.records if (one := record.series.get("update_ratio")) is not None]
    if not found:
        return np.empty(0, int), np.full((1, 1), np.nan)
    weights = [index for index, place in enumerate(found[0].places) if "weight" in place.rpartition(".")[2]]
    count = min(len(one.steps) for one in found)
    together = np.median([one.values[:count, weights] for one in found], axis=0)
    return found[0].steps[:count], together


def _largest_step(case: Case) -> tuple[int, float, float]:
    """Of the probed step that moved most: which it was, by what part all layers together, and one of them, moved."""
    steps, ratios = _ratios(case)
    with np.errstate(over="ignore"):
        compound = np.expm1(np.log1p(ratios).sum(axis=1))
    if not len(steps) or not np.isfinite(compound).any():
        return 0, np.nan, np.nan
    index = int(np.nanargmax(np.where(np.isfinite(compound), compound, np.nan)))
    return int(steps[index]), float(compound[index]), float(np.median(ratios[index]))
