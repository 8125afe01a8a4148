"""Weights that start so that the signal cannot pass: all alike, too large, too small, or wrong for the activation."""

import numpy as np

from gradstudy.random_network import NoTheory
from gradstudy.report.diagnosis.judgement import about, trend_direction
from gradstudy.report.diagnosis.suspects.suspect import (
    PROVEN,
    TELLING,
    Case,
    Suspect,
    beyond,
    log_range,
    options,
)
from gradstudy.training.theory_input import activation_curve_of
from gradstudy.words.number_words import compact

LONG, SHORT = 3.0, 0.2
"""Lengths of a unit's weights: 1 keeps a linear signal, 1.4 that of a ReLU, 0.58 is what PyTorch draws."""
FLAT = 0.5
"""The steepest slope of an activation that loses half of the signal or more wherever it stands."""
GOOD_INITS = ("default", "orthogonal", "kaiming_normal")


def all_alike(case: Case) -> Suspect | None:
    """Units of a layer start as copies of each other, and stay so: the layer is worth one unit.

    What enters and leaves them is the same, and so is their gradient (Goodfellow, Bengio & Courville 2016, section 8.4:
    the init must break the symmetry).
    """
    copies = [weight.name for weight in case.look.weights if weight.are_copies]
    if not copies or not case.ill.any():
        return None
    if case.parts["init"].gain == 0.0:
        said = "init.gain=0 makes every hidden weight 0: nothing passes, forward or back, and all units are copies."
        return Suspect("init", said, PROVEN, {"init.gain": "choice(0.0,1.0)"})
    where = "every layer" if len(copies) == len(case.look.weights) else copies[0]
    said = (
        f"{case.choices['init']} gives all units of {where} the same weights; they get the same gradient and stay "
        "copies of each other, so that a layer is worth one unit. A random init tells them apart."
    )
    return Suspect("init", said, PROVEN, {"init": options(case.choices["init"], "default", "orthogonal")})


def size_of_weights(case: Case) -> Suspect | None:
    """The weights of a unit are so long, or so short, that every layer multiplies the signal by that.

    A linear layer keeps it where fan_in Var W = 1, a ReLU where it is 2 (Glorot & Bengio 2010; He et al. 2015). A norm
    of features takes the size away.
    """
    weights = [weight for weight in case.look.weights if not weight.are_copies]
    if not weights or not case.ill.any() or case.parts["normalization"].standardizes:
        return None
    length = float(np.median([weight.length for weight in weights]))
    if not (length > LONG or 0.0 < length < SHORT) or "zero" in case.choices["init"]:
        return None
    ratio, gain = (length if length > 1.0 else 1.0 / length), float(case.parts["init"].gain)
    step = "layer" if case.symptoms.kind == "block" else case.symptoms.kind
    said = (
        f"under {case.choices['init']} the weights that enter a unit have a length of {compact(length)}; 1 (with relu "
        f"1.4) keeps the signal, and {'more makes it grow' if length > 1.0 else 'less makes it shrink'} with every "
        f"{step}. init.gain={compact(gain / length, 2)} would make it 1."
    )
    space = {"init.gain": log_range(gain, (1.5 if length < 1.0 else 1.0) * gain / length)}
    return Suspect("init", said, TELLING + 0.5 + beyond(ratio) / 2, space)


def activation_under_init(case: Case) -> Suspect | None:
    """The signal loses or gains so much per layer at step 0 that depth decides: which activation, under which init.

    Each layer multiplies it by the root of fan_in Var W E[phi'^2] (Poole et al. 2016, Schoenholz et al. 2017), which no
    init brings to 1 where the slope of phi is small everywhere.
    """
    symptoms, sign = case.symptoms, trend_direction(case.symptoms)
    limits, fail = symptoms.settings, case.exploded if sign > 0 else symptoms.vanishing
    enough = abs(symptoms.gain) >= (limits.exploding if sign > 0 else limits.vanishing) / 2
    if not sign or not enough or not (fail | case.stuck).any() or symptoms.kind == "time step" or case.is_silent:
        return None
    normed = sign > 0 and case.choices["normalization"] == "batch"  # whatever the activation and the init
    if normed or all_alike(case) is not None or size_of_weights(case) is not None:
        return None
    factor = 10 ** (symptoms.gain / symptoms.distance)
    slope = _steepest(case)
    gain = float(case.parts["init"].gain)
    off = sign * (gain - 1.0) > 0.0 and gain > 0.0  # to the side of the fault
    if slope < FLAT:
        why = f"the slope of {case.choices['activation']} is {compact(slope)} at most, so that no init keeps the signal"
    else:
        why = f"{compact(abs(symptoms.gain))} decades over {symptoms.distance + 1} {symptoms.kind}s"
        why += f", under init.gain={compact(gain)}" if off else ""
    said = f"{about(case.choices)} passes {compact(factor)} of the signal back per {symptoms.kind}: {why}."
    space = {
        **({"init.gain": log_range(gain, 1.0)} if off else {}),
        "activation": options(case.choices["activation"], "relu", "tanh"),
        "init": options(case.choices["init"], *GOOD_INITS),
    }
    return Suspect("activation and init", said, TELLING + beyond(10 ** abs(symptoms.gain)), space)


def _steepest(case: Case) -> float:
    try:
        curve = activation_curve_of(case.parts["activation"])
    except NoTheory:
        return np.inf
    return float(np.abs(curve.slope(np.linspace(-5.0, 5.0, 401))).max())
