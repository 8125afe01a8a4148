"""Regularisation that outweighs what is to be learned."""

import numpy as np

from gradstudy.report.diagnosis.suspects.suspect import TELLING, Case, Suspect, beyond, log_range
from gradstudy.words.number_words import compact, factor_words

SHRUNK = 1.0
"""Decades: a weight that decay alone makes so much smaller in training must be held against it by every gradient."""
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
