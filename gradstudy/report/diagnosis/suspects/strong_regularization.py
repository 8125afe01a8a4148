"""Regularisation that outweighs what is to be learned."""

import numpy as np

from gradstudy.report.diagnosis.suspects.starting_weights import SHORT
from gradstudy.report.diagnosis.suspects.suspect import TELLING, Case, Suspect, beyond, log_range
from gradstudy.words.number_words import compact, factor_words

SHRUNK = 1.0
"""Decades: a weight that decay alone makes so much smaller in training must be held against it by every gradient."""
MANY_TIMES = 10.0
"""Times its own size that a weight is pulled towards 0: ten times what would make it 0."""
MOSTLY = 0.8
"""Dropped, of the units of a layer: what is usual is a tenth to a half."""


def decay_outweighs(case: Case) -> Suspect | None:
    """Decay alone would shrink every weight to a small part of itself within the training.

    A step multiplies a weight by 1 - r d, for a rate r and a decay d, r / (1 - m) with momentum m (Krogh & Hertz 1992;
    Loshchilov & Hutter 2019). Where the optimizer rescales gradients, and decay is one of them, it says nothing.
    """
    optimizer, penalty = case.parts["optimizer"], case.parts["regularization"]
    decoupled = float(getattr(optimizer, "weight_decay", 0.0))
    added = float(penalty.weight_decay) if optimizer.largest_curvature is not None else 0.0
    name, decay = ("optimizer", decoupled) if decoupled else ("regularization", added)
    per_step = float(case.parts["lr"].value) / (1.0 - getattr(optimizer, "momentum", 0.0)) * decay
    decades = case.steps * per_step / np.log(10.0)
    if not decades > SHRUNK or not (case.symptoms.vanishing | case.stuck).any():
        return None
    said = (
        f"over {case.steps} steps {name}.weight_decay={compact(decay)} alone makes weights smaller by "
        f"{factor_words(decades)}: what is learned does not hold against it."
    )
    space = {f"{name}.weight_decay": log_range(decay, decay * 1e-4)}
    return Suspect("weight decay", said, TELLING + 0.5 + beyond(decades), space)


def pulled_to_zero(case: Case) -> Suspect | None:
    """An L1 penalty pulls every weight to 0 by a fixed length per step, many times its size within the training.

    Whatever moves a weight by less than that per step cannot hold it away from 0 (Tibshirani 1996). Where the optimizer
    rescales gradients it says nothing.
    """
    strength, weights = float(getattr(case.parts["regularization"], "l1", 0.0)), case.look.weights
    if not strength or not weights or case.parts["optimizer"].largest_curvature is None or not case.stuck.any():
        return None
    size = float(np.median([weight.length / weight.inputs**0.5 for weight in weights]))
    times = case.steps * float(case.parts["lr"].value) * strength / max(size, 1e-300)
    if not times > MANY_TIMES:
        return None
    said = (
        f"regularization.l1={compact(strength)} pulls every weight towards 0, in {case.steps} steps by "
        f"{compact(times)} times its size: little that is learned holds against it."
    )
    return Suspect(
        "l1", said, TELLING + 0.5 + beyond(times), {"regularization.l1": log_range(strength, strength * 1e-4)}
    )


def held_short(case: Case) -> Suspect | None:
    """The weights that enter a unit are held to a length at which every layer passes little of the signal.

    1 keeps that of a linear layer; what is held far below it vanishes, whatever it learns (Glorot & Bengio 2010).
    """
    longest = float(getattr(case.parts["regularization"], "max_norm", np.inf))
    if longest >= SHORT or not case.ill.any() or case.parts["normalization"].standardizes:
        return None
    said = (
        f"regularization.max_norm={compact(longest)} holds the weights that enter a unit to that length; 1 keeps the "
        "signal, and less makes it shrink with every layer."
    )
    space = {"regularization.max_norm": log_range(longest, 3.0)}
    return Suspect("max_norm", said, TELLING + 0.5 + beyond(1.0 / longest) / 2, space)


def mostly_dropped(case: Case) -> Suspect | None:
    """So much is dropped that what is left is noise.

    What is kept with the probability 1 - p is multiplied by 1 / (1 - p), so that in every layer the mean square of the
    signal grows by that, forward and back, and none of it tells samples apart (Schoenholz et al. 2017, section 5).
    """
    dropped = float(getattr(case.parts["regularization"], "dropout", 0.0))
    if not dropped >= MOSTLY or not case.ill.any():
        return None
    kept = 1.0 - dropped
    said = (
        f"regularization.dropout={compact(dropped)} leaves {compact(100 * kept)} % of the units of a layer, "
        f"{compact(1 / kept)} times as strong: what comes through is mostly noise."
    )
    space = {"regularization.dropout": f"choice({dropped!r},0.5,0.1)"}
    return Suspect("dropout", said, TELLING + 0.5, space)
