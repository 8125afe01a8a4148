"""What is worth naming of the symptoms of a configuration."""

from collections.abc import Mapping

import numpy as np

from gradstudy.report.diagnosis.symptoms import Symptoms

NAMED = 0.05
"""Decades per place: less is no loss and no gain worth naming, unless a verdict says so."""
TENFOLD = 1.0
"""Decades over all places: from here on, what the signal does at step 0 has a part in a verdict."""
IDLE_FROM = {"dead": 0.75, "saturated": 0.5}
"""Idle units are named where they are more than this share of a place. Half of them are dead in any deep network of
ReLUs: far from the input all samples point the same way, and every unit is on for all of them or for none."""

AT_START = ("normalization", "residual", "pretraining")
"""Groups beside activation and init that decide the gradient before anything is learned; their `none` is silent."""


def trend_direction(symptoms: Symptoms) -> int:
    """Whether the signal loses (-1) or gains (1) so much on its way back at step 0 that it is worth naming; else 0.

    It is where it is NAMED per place and no member disagrees, or where a verdict of that direction meets a change of
    TENFOLD over all places.
    """
    gains, sign = symptoms.members["gain_init"], int(np.sign(symptoms.gain))
    steep = abs(symptoms.gain) / symptoms.distance >= NAMED and bool((np.sign(gains) == sign).all())
    verdicts = ("vanishing",) if sign < 0 else ("exploding", "diverged")
    called = symptoms.count(*verdicts) > 0 and abs(symptoms.gain) >= TENFOLD
    return sign if steep or called else 0


def about(choices: Mapping[str, str]) -> str:
    """The options that decide the gradient at the start: `sigmoid under xavier_uniform, residual gated`."""
    others = (f", {group} {choices[group]}" for group in AT_START if choices.get(group, "none") != "none")
    return f"{choices['activation']} under {choices['init']}{''.join(others)}"
