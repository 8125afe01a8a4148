"""What is wrong with one measured configuration, in sentences."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from gradstudy.measurement import Measurement
from gradstudy.records import HEALTHY, LEARNED
from gradstudy.report.diagnosis.judgement import IDLE_FROM, TENFOLD, about, trend_direction
from gradstudy.report.diagnosis.suspects.ranked import ranked_suspects
from gradstudy.report.diagnosis.suspects.suspect import Suspect, case_of
from gradstudy.report.diagnosis.symptoms import Idle, Symptoms, known_median, typical
from gradstudy.series import CEILING, FLOOR
from gradstudy.words.number_words import amplitude, compact, factor_words, glossed, rounded, signed


def diagnose(measured: Measurement) -> str:
    """What is wrong with a configuration, and what is suspected, the most telling first: a line each.

    Args:
        measured: What `gradstudy.measure` returned.

    Returns:
        A sentence per line, then a suspect per line, with its number; where nothing is wrong, one line says so.
    """
    case = case_of(measured)
    return "\n".join(diagnosis_lines(case.symptoms, ranked_suspects(case)))


def diagnosis_lines(symptoms: Symptoms, suspects: Sequence[Suspect]) -> list[str]:
    """What is wrong, in sentences, the first decades of which are told as a factor too; then the suspects."""
    sentences = glossed("\n".join(diagnosis_sentences(symptoms))).split("\n")
    if not symptoms.ill.any():
        return sentences
    if not suspects:
        luck = (
            "Other seeds learned: more steps may be enough. " if 0 < symptoms.stuck.sum() < len(symptoms.stuck) else ""
        )
        return [*sentences, f"{luck}No suspect stands out: a study tells what decides it."]
    numbered = (f"{place}. {one.name}: {one.said}" for place, one in enumerate(suspects, start=1))
    return [*sentences, "Suspects, the most telling first:" if len(suspects) > 1 else "One suspect:", *numbered]


def diagnosis_sentences(symptoms: Symptoms) -> list[str]:
    """What is wrong, in sentences; where nothing is, one sentence says so."""
    start = [*_nothing_comes_back(symptoms), *(_not_finite(symptoms) or _trend(symptoms))]
    training = [*_vanishing_in_training(symptoms), *_exploding_in_training(symptoms)]
    near = _near(symptoms)
    rest = [*_underflow(symptoms), *_idle("dead", symptoms.dead), *_idle("saturated", symptoms.saturated)]
    learning = [*_learned_nothing(symptoms), *_learned_little(symptoms), *_by_heart(symptoms)]
    wrong = [*_divergence(symptoms), *start, *training, *near, *learning]
    opening = "At step 0 the signal is well: it" if wrong or rest else "Nothing is wrong: the signal"
    return [*wrong, *([] if start else [_well(symptoms, opening)]), *_learned(symptoms), *rest]


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
    where = "anywhere" if silent == len(symptoms.places) else f"to {_up_to(symptoms.places, silent - 1)}"
    count = "" if concerned.all() else f" in {_of(int(concerned.sum()), len(concerned))}"
    return [f"No signal comes back {where}{count}, it is exactly zero: {_without_rate(symptoms)}."]


def _up_to(places: Sequence[str], last: int) -> str:
    return f"{places[last]} and before" if last else places[0]


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
    whole = f"{abs(symptoms.gain):.1f} in all, {factor_words(symptoms.gain)}"
    size = f"{rate:.{digits}f} decades per {symptoms.kind} on its way back ({whole})"
    options, theory = about(symptoms.choices), _theory(symptoms, sign, digits)
    later = float(symptoms.members["gain"].median())
    mends = abs(later) <= abs(symptoms.gain) / 2 and not symptoms.diverged.any()
    mended = [f"Training mends it: {signed(later, 1)} decades in the median step."] if mends else []
    of = "The signal of the last answer alone" if symptoms.far else "The signal"
    return [f"{of} {verb} {size}: {options}; {theory}.", *_verdict(symptoms, sign), *mended]


def _verdict(symptoms: Symptoms, sign: int) -> list[str]:
    verb, verdict = ("vanishes", "vanishing") if sign < 0 else ("explodes", "exploding")
    called = symptoms.vanishing & ~_only_in_training(symptoms) if sign < 0 else symptoms.exploding
    if called.any():
        return [f"It {verb} in {_of(int(called.sum()), len(symptoms.members))}."]
    return [] if symptoms.diverged.any() or _near(symptoms) else [f"No member is called {verdict} for it."]


NEAR = 0.5
"""The share of a verdict's threshold from which a miss is a near one."""


def _near(symptoms: Symptoms) -> list[str]:
    """Of members that no verdict is given, and that are not far from one."""
    said, members = [], symptoms.members
    for name, happens, when in (
        ("vanishing", "the signal loses", "median"),
        ("exploding", "the signal on its way, or the gradient over training, gains", "worst"),
    ):
        threshold = getattr(symptoms.settings, name)
        near = (members[name] >= NEAR * threshold) & (members["verdict"] == HEALTHY)
        if near.any():
            size = f"{rounded(members.loc[near, name].median(), 1)} decades in the {when} step"
            count = _of(int(near.sum()), len(members))
            said.append(
                f"Near to {name}: {happens} {size}, in {count}, which counts as {name} from {compact(threshold)} on."
            )
    return said


def _learned_nothing(symptoms: Symptoms) -> list[str]:
    """Of members that are where whoever disregards the inputs is, after training, and did not diverge."""
    stuck = symptoms.stuck & ~symptoms.diverged
    if not stuck.any() or symptoms.baseline is None:
        return []
    return [f"It learned nothing, in {_of(int(stuck.sum()), len(stuck))}: {_ended(symptoms, stuck)}."]


def _learned(symptoms: Symptoms) -> list[str]:
    """Of members that all learned."""
    learned = np.asarray(symptoms.members["outcome"] == LEARNED)
    if not learned.all() or symptoms.baseline is None or _learned_little(symptoms) or symptoms.by_heart.any():
        return []
    return [f"It learns: {_ended(symptoms, learned)}."]


def _learned_little(symptoms: Symptoms) -> list[str]:
    """Of members that learned hardly more than would have been nothing."""
    if symptoms.baseline is None:
        return []
    members, least = symptoms.members, symptoms.settings.learned
    little = np.asarray((members["outcome"] == LEARNED) & (members["learned"] < least / NEAR))
    if not little.any():
        return []
    way = compact(float(members["learned"][little].median()), 2)
    which = f"It learned little, in {_of(int(little.sum()), len(little))}"
    so_far = f"{way} of the way to 0, where less than {compact(least)} is nothing"
    return [f"{which}: {_ended(symptoms, little)}: {so_far}."]


def _by_heart(symptoms: Symptoms) -> list[str]:
    """Of members that learned what they were trained on, and nothing that holds for other samples."""
    concerned = np.asarray(symptoms.by_heart, bool)
    if not concerned.any():
        return []
    outside = compact(float(np.median(symptoms.held_out_loss[concerned])))
    count = _of(int(concerned.sum()), len(concerned))
    ended = _ended(symptoms, concerned).replace(",", f" in training and at {outside} on what was held out,", 1)
    return [f"It learned by heart alone, in {count}: {ended}."]


def _ended(symptoms: Symptoms, which: np.ndarray) -> str:
    """Where training of these members came to, beside what it costs to answer the same to everything."""
    assert symptoms.baseline is not None
    end = compact(float(np.median(symptoms.final_loss[which])))
    return f"the loss ends at {end}, and a constant answer has {compact(symptoms.baseline)}"


def _only_in_training(symptoms: Symptoms) -> pd.Series:
    """Which members are called vanishing although what they lose at step 0 would not have made it, [member]."""
    members = symptoms.members
    return pd.Series(symptoms.vanishing, members.index) & (members["gain_init"] > -symptoms.settings.vanishing)


def _vanishing_in_training(symptoms: Symptoms) -> list[str]:
    """Of what is lost in training on top of what step 0 loses, or where step 0 is well."""
    members = symptoms.members
    total, sloped = len(members), trend_direction(symptoms) < 0
    if sloped:
        concerned = (members["gain"] < members["gain_init"] - TENFOLD) | _only_in_training(symptoms)
    else:
        concerned = pd.Series(symptoms.vanishing, members.index)
    gains = members["gain"][concerned]
    if gains.empty:
        return []
    if sloped:
        return [f"Training makes it worse: {_lost('it loses', gains, total)}."]
    return [f"In training {_lost('the signal comes to lose', gains, total)}."]


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
    members, exploding = symptoms.members, symptoms.exploding
    deep = trend_direction(symptoms) > 0
    over_steps = exploding & (symptoms.growth > np.maximum(symptoms.worst_gain, 0.0) + TENFOLD * deep)
    if over_steps.any():
        size = f"{np.median(symptoms.growth[over_steps]):.1f} decades over training"
        count = _of(int(over_steps.sum()), len(members))
        return [f"The gradient grows by {size}, in {count}{', beside that' if deep else ''}."]
    if exploding.any() and not deep:
        size = f"{np.median(symptoms.worst_gain[exploding]):.1f} decades in its worst step"
        return [f"In training the signal comes to gain {size}, in {_of(int(exploding.sum()), len(members))}."]
    if symptoms.diverged.any() and not deep:
        return ["It is training that makes the gradient grow, and not depth."]
    return []


def _underflow(symptoms: Symptoms) -> list[str]:
    exact, recorded = typical(symptoms.signal), known_median(symptoms.recorded)
    lost = np.flatnonzero((recorded == 0.0) & np.isfinite(exact))
    if not lost.size:
        return []
    first, until = symptoms.places[lost[0]], _up_to(symptoms.places, int(lost[-1]))
    return [f"float32 reads 0 at {until}; in truth {amplitude(exact[lost[0]])} comes back to {first}."]


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
    whole = (
        f"on its way back{' from the last answer alone' if symptoms.far else ''} ({signed(symptoms.gain, 1)} in all)"
    )
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


def _of(count: int, total: int) -> str:
    return f"{count} of {total} members"
