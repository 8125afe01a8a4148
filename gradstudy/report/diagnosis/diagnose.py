"""What is wrong with one measured configuration, in sentences."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from gradstudy.measurement import Measurement
from gradstudy.report.diagnosis.symptoms import Idle, Symptoms, known_median, symptoms_of, typical
from gradstudy.series import CEILING, FLOOR
from gradstudy.words.number_words import amplitude, signed

NAMED = 0.05
"""Decades per place: less is no loss and no gain worth naming, unless a verdict says so."""
TENFOLD = 1.0
"""Decades over all places: from here on, what the signal does at step 0 has a part in a verdict."""
IDLE_FROM = {"dead": 0.75, "saturated": 0.5}
"""Idle units are named where they are more than this share of a place. Half of them are dead in any deep network of
ReLUs: far from the input all samples point the same way, and every unit is on for all of them or for none."""

AT_START = ("normalization", "residual", "pretraining")
"""Groups beside activation and init that decide the gradient before anything is learned; their `none` is silent."""


def diagnose(measured: Measurement) -> str:
    """What is wrong with the gradients of a configuration, and which options it is about, a sentence per line.

    Args:
        measured: What `gradstudy.measure` returned.

    Returns:
        One sentence per line; where nothing is wrong, one that says so.
    """
    return "\n".join(diagnosis_sentences(symptoms_of(measured)))


def diagnosis_sentences(symptoms: Symptoms) -> list[str]:
    """What is wrong, in sentences; where nothing is, one sentence says so."""
    start = [*_nothing_comes_back(symptoms), *(_not_finite(symptoms) or _trend(symptoms))]
    training = [*_vanishing_in_training(symptoms), *_exploding_in_training(symptoms)]
    rest = [*_underflow(symptoms), *_idle("dead", symptoms.dead), *_idle("saturated", symptoms.saturated)]
    wrong = [*_divergence(symptoms), *start, *training]
    opening = "At step 0 the signal is well: it" if wrong or rest else "Nothing is wrong: the signal"
    return [*wrong, *([] if start else [_well(symptoms, opening)]), *rest]


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


def _divergence(symptoms: Symptoms) -> list[str]:
    members = symptoms.members
    bad = members[members["first_bad_step"].notna()].sort_values("first_bad_step")
    if bad.empty:
        return []
    kind, _, name = str(bad["first_bad_tensor"].iloc[0]).partition(" ")
    tensor = f"the gradient of {name}" if kind == "gradient" else f"the {kind} {name}".rstrip()
    count, step = _of(len(bad), len(members)), bad["first_bad_step"].iloc[0]
    return [f"{count} diverged, the first at step {step:.0f}: {tensor} was the first to be inf or nan."]


def _nothing_comes_back(symptoms: Symptoms) -> list[str]:
    """Of a signal that is exactly zero in float64, and not merely too small for float32."""
    zero = symptoms.signal == 0.0
    concerned = zero[:, 0]
    if not concerned.any():
        return []
    # Places up to which it is zero in every member concerned: "and before" then holds for each of them.
    silent = int(np.logical_and.accumulate(zero[concerned].all(axis=0)).sum())
    where = "anywhere" if silent == len(symptoms.places) else f"to {symptoms.places[silent - 1]} and before"
    count = "" if concerned.all() else f" in {_of(int(concerned.sum()), len(concerned))}"
    return [f"No signal comes back {where}{count}, it is exactly zero: {_without_rate(symptoms)}."]


def _not_finite(symptoms: Symptoms) -> list[str]:
    if symptoms.gain < CEILING:
        return []
    return [f"The signal is inf or nan already at step 0: {_without_rate(symptoms)}."]


def _without_rate(symptoms: Symptoms) -> str:
    return f"{about(symptoms.choices)}; {_theory(symptoms, unit=f' decades per {symptoms.kind}')}"


def _trend(symptoms: Symptoms) -> list[str]:
    """Of a signal that shrinks or grows on its way back before anything is learned, and what came of it."""
    sign = trend_direction(symptoms)
    if not sign or symptoms.gain <= FLOOR:  # a signal of exactly zero falls at no rate
        return []
    rate = abs(symptoms.gain) / symptoms.distance
    digits = max(2, 1 - int(np.floor(np.log10(rate))))  # two of them count where the rate is small
    verb = "loses" if sign < 0 else "gains"
    size = f"{rate:.{digits}f} decades per {symptoms.kind} on its way back ({abs(symptoms.gain):.1f} in all)"
    options, theory = about(symptoms.choices), _theory(symptoms, sign, digits)
    later = float(symptoms.members["gain"].median())
    mends = abs(later) <= abs(symptoms.gain) / 2
    mended = [f"Training mends it: {signed(later, 1)} decades in the median step."] if mends else []
    of = "The signal of the last answer alone" if symptoms.far else "The signal"
    return [f"{of} {verb} {size}: {options}; {theory}.", *_verdict(symptoms, sign), *mended]


def _verdict(symptoms: Symptoms, sign: int) -> list[str]:
    verb, verdict = ("vanishes", "vanishing") if sign < 0 else ("explodes", "exploding")
    called = symptoms.members["verdict"] == verdict
    count = int((called & ~_only_in_training(symptoms)).sum() if sign < 0 else called.sum())
    if count:
        return [f"It {verb} in {_of(count, len(symptoms.members))}."]
    return [] if symptoms.count("diverged") else [f"No member is called {verdict} for it."]


def _only_in_training(symptoms: Symptoms) -> pd.Series:
    """Which members are called vanishing although what they lose at step 0 would not have made it, [member]."""
    members = symptoms.members
    return (members["verdict"] == "vanishing") & (members["gain_init"] > -symptoms.vanishing_from)


def _vanishing_in_training(symptoms: Symptoms) -> list[str]:
    """Of what is lost in training on top of what step 0 loses, or where step 0 is well."""
    members, choices = symptoms.members, symptoms.choices
    total, sloped = len(members), trend_direction(symptoms) < 0
    if sloped:
        concerned = (members["gain"] < members["gain_init"] - TENFOLD) | _only_in_training(symptoms)
    else:
        concerned = members["verdict"] == "vanishing"
    gains = members["gain"][concerned]
    if gains.empty:
        return []
    if sloped:
        return [f"Training makes it worse: {_lost('it loses', gains, total)}: {_rule(choices)}."]
    return [f"In training {_lost('the signal comes to lose', gains, total)}: {_of_training(choices)}."]


def _lost(verb: str, gains: pd.Series, total: int) -> str:
    """How much these of so many members lose in training; what is exactly zero is lost at no size."""
    sized, words = gains[gains > FLOOR], []
    if not sized.empty:
        words.append(f"{verb} {-sized.median():.1f} decades in the median step, in {_of(len(sized), total)}")
    if len(sized) < len(gains):
        words.append(f"nothing comes back in the median step, in {_of(len(gains) - len(sized), total)}")
    return ", and ".join(words)


def _exploding_in_training(symptoms: Symptoms) -> list[str]:
    """Of what grows while it is trained: the gradient from step to step, or the signal over the places."""
    members, options = symptoms.members, _of_training(symptoms.choices)
    exploding = (members["verdict"] == "exploding").to_numpy()
    deep = trend_direction(symptoms) > 0
    over_steps = exploding & (symptoms.growth > np.maximum(symptoms.worst_gain, 0.0) + TENFOLD * deep)
    if over_steps.any():
        size = f"{np.median(symptoms.growth[over_steps]):.1f} decades over training"
        count = _of(int(over_steps.sum()), len(members))
        return [f"The gradient grows by {size}, in {count}{', beside that' if deep else ''}: {options}."]
    if exploding.any() and not deep:
        size = f"{np.median(symptoms.worst_gain[exploding]):.1f} decades in its worst step"
        return [
            f"In training the signal comes to gain {size}, in {_of(int(exploding.sum()), len(members))}: {options}."
        ]
    if symptoms.count("diverged") and not deep:
        return [f"It is training that makes the gradient grow, and not depth: {options}."]
    return []


def _underflow(symptoms: Symptoms) -> list[str]:
    exact, recorded = typical(symptoms.signal), known_median(symptoms.recorded)
    lost = np.flatnonzero((recorded == 0.0) & np.isfinite(exact))
    if not lost.size:
        return []
    first, last = symptoms.places[lost[0]], symptoms.places[lost[-1]]
    return [f"float32 reads 0 at {last} and before; in truth {amplitude(exact[lost[0]])} comes back to {first}."]


def _idle(state: str, idle: Idle | None) -> list[str]:
    """Of units that pass nothing on: how many, when, and from where on."""
    if idle is None:
        return []
    many = np.flatnonzero(idle.share > IDLE_FROM[state])
    if not many.size:
        return []
    share = f"{100 * np.median(idle.share[many]):.0f} % of the units"
    return [f"{share} are {state} at step {idle.step}{_where(many, idle.sites)}."]


def _where(many: np.ndarray, sites: tuple[str, ...]) -> str:
    """The sites that these are; nothing is said of a network's only one."""
    first = sites[many[0]]
    if len(sites) == 1:
        return ""
    if len(many) == 1:
        return f" in {first}"
    from_there_on = len(many) == len(sites) - many[0]
    return f" from {first} on" if from_there_on else f" in {len(many)} of {len(sites)} places, first in {first}"


def _well(symptoms: Symptoms, opening: str) -> str:
    change = f"{signed(symptoms.gain / symptoms.distance, 2)} decades per {symptoms.kind}"
    whole = f"on its way back ({signed(symptoms.gain, 1)} in all)"
    if len(symptoms.places) == 1:
        return f"{opening} has one {symptoms.kind} only, and no way to be lost on."
    return f"{opening} changes by {change} {whole}; {_theory(symptoms)}."


def _theory(symptoms: Symptoms, sign: int = 0, digits: int = 2, unit: str = "") -> str:
    """What theory says of one place: beside a loss or gain of this sign without one, where it is the same."""
    if symptoms.theory is None:
        return f"theory says nothing here: {symptoms.no_theory}"
    rate = symptoms.theory / symptoms.distance
    if not np.isfinite(rate):
        return "theory says nan" if np.isnan(rate) else f"theory says {'zero' if rate < 0 else 'inf'}"
    number = f"{abs(rate):.{digits}f}" if sign * rate > 0 else signed(rate, digits)
    return f"theory says {number}{unit}"


def _of_training(choices: Mapping[str, str]) -> str:
    return f"{_rule(choices)}, {about(choices)}"


def _rule(choices: Mapping[str, str]) -> str:
    return f"{choices['optimizer']} with lr {choices['lr']}"


def _of(count: int, total: int) -> str:
    return f"{count} of {total} members"
