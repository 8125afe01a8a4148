"""Where and when the signal vanishes or explodes: maps of typical trials, and of any other that a person chooses."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from markupsafe import Markup

from gradstudy.analysis.prescription.experience import levels_in, trial_health
from gradstudy.analysis.prescription.prescription import Prescription
from gradstudy.analysis.responses.fading import STATES, Fading, fadings
from gradstudy.analysis.responses.signal_map import SignalMap, signal_map
from gradstudy.analysis.theory.agreement import PREDICTED
from gradstudy.analysis.theory.prediction import even_fading
from gradstudy.records import VERDICTS, MemberRecord
from gradstudy.report.figure.charts import NORMS, SeedCurve, decade_word, seed_curves, whole_ticks
from gradstudy.report.figure.heat_image import Scale, colour_stops, scale_of
from gradstudy.report.findings import Findings
from gradstudy.report.html.pieces.axis import Axis, Ticks
from gradstudy.report.html.pieces.trial_map import NUMBER_CODE, Scales, TrialMap, stored_records, trial_map
from gradstudy.report.rendering import render
from gradstudy.series import FAR, evenly_spaced, median_of_seeds
from gradstudy.words.trial_words import levels_words

TYPICAL = (
    "Typical of a verdict is the trial that its prescription starts from, whose levels are most like those of the "
    "others; without one, the trial whose gain is nearest to the median of its verdict."
)


def trials_by_verdict(members: pd.DataFrame) -> dict[str, pd.Series]:
    """The gain of every trial (mean over seeds) by its number, smallest first, under its verdict, from good to bad.

    A trial's verdict is that of `gradstudy.records.trial_verdict`.
    """
    verdicts, gains = trial_health(members)["verdict"], members.groupby("trial")["gain"].mean().sort_values()
    found = {verdict: gains[verdicts[gains.index] == verdict] for verdict in VERDICTS}
    return {verdict: own for verdict, own in found.items() if len(own)}


def typical_trials(by_verdict: Mapping[str, pd.Series], prescriptions: Sequence[Prescription]) -> dict[str, int]:
    """The most typical trial of every verdict that occurs; see TYPICAL."""
    starts = {one.verdict: one.trial for one in prescriptions if one.trial is not None}
    middle = {verdict: int((gains - gains.median()).abs().to_numpy().argmin()) for verdict, gains in by_verdict.items()}
    return {verdict: starts.get(verdict, int(by_verdict[verdict].index[row])) for verdict, row in middle.items()}


def spread_trials(by_verdict: Mapping[str, pd.Series], most: int) -> dict[str, list[int]]:
    """At most so many trials, as many of every verdict: evenly spaced in the order of their gains."""
    each = most // max(len(by_verdict), 1)
    return {
        verdict: [int(gains.index[row]) for row in evenly_spaced(len(gains), each)]
        for verdict, gains in by_verdict.items()
    }


QUANTITIES = ("signal", "signal_float64", FAR, *STATES.values(), *NORMS.values())
MOST_MAPS = 40
"""Beside the typical ones: some 12 kB each."""
BEYOND = 0.01
"""The share of all numbers that may lie beyond either end of colours and charts: one outlier would flatten the rest."""


def signal_section(findings: Findings) -> Markup:
    """How large the backpropagated signal was at every place, on every step, in typical trials and in others.

    Of those whose record is stored; nothing where none is.
    """
    by_verdict = trials_by_verdict(findings.run.searched)
    typical = list(typical_trials(by_verdict, findings.prescriptions).values())
    others = spread_trials(by_verdict, MOST_MAPS)
    verdicts = {trial: verdict for verdict, gains in by_verdict.items() for trial in gains.index}
    shown = sorted({*typical, *(trial for own in others.values() for trial in own)})
    records = stored_records(findings.run.gradients, shown, QUANTITIES)
    if not records:
        return Markup()
    maps, colours = _maps(findings, records, verdicts)
    axes = list(dict.fromkeys(axis for one in maps.values() for axis in (one.places, one.steps)))
    return render(
        "signal.html",
        maps=maps,
        typical=[trial for trial in typical if trial in maps],
        others={verdict: [trial for trial in own if trial in maps] for verdict, own in others.items()},
        each=MOST_MAPS // len(others),
        colours=colour_stops(),
        scale=colour_ticks(colours),
        info=findings.run.info,
        is_far=any(one.far for one in maps.values()),
        typical_means=TYPICAL,
        axes=axes,
        code={**NUMBER_CODE, "axes": axes},
    )


def _maps(
    findings: Findings, records: Mapping[int, Sequence[MemberRecord]], verdicts: Mapping[int, str]
) -> tuple[dict[int, TrialMap], Scale]:
    """These trials as they are drawn, and the scale of their colours."""
    signals = {trial: signal_map(own) for trial, own in records.items()}
    norms = {trial: seed_curves(own, NORMS) for trial, own in records.items()}
    fades = {trial: fadings(own) for trial, own in records.items()}
    scales = common_scales(signals.values(), norms.values(), fades.values(), findings.run.settings.cap)
    members = findings.run.searched[findings.run.searched["trial"].isin(list(records))]
    maps = {}
    for trial in sorted(records):
        own = members[members["trial"] == trial]
        levels = levels_words(levels_in(own.iloc[0], findings.run.info.factors))
        gain = own[PREDICTED].iloc[0] if PREDICTED in own else None  # older studies have none
        theory = even_fading(gain, len(signals[trial].places))
        shown = (signals[trial], norms[trial], fades[trial], scales)
        maps[trial] = trial_map(own, *shown, theory=theory, verdict=verdicts[trial], levels=levels)
    return maps, scales.colours


def common_scales(
    signals: Collection[SignalMap],
    norms: Iterable[Mapping[str, SeedCurve]],
    fades: Iterable[Mapping[str, Fading]],
    cap: float,
) -> Scales:
    """Those of trials that are drawn beside each other, within the cap of where each usually starts."""
    curves = [curve for own in norms for curve in own.values()]
    ends = [np.column_stack([curve.low, curve.high, curve.middle]) for curve in curves] or [np.zeros((1, 1))]
    # an answer's own step is the last place on the way back
    left = [median_of_seeds(fading.decades)[:, ::-1] for own in fades for fading in own.values()]
    decades = ([signal.decades for signal in signals], ends, left or [np.zeros((1, 1))])
    return Scales(*(common_scale(one, cap) for one in decades))


def colour_ticks(colours: Scale) -> Ticks:
    """Round amplitudes and where they stand in the key of the colours."""
    return [(decade_word(tick), Axis(*colours).place(tick)) for tick in whole_ticks(*colours, 6)]


def common_scale(decades: Sequence[np.ndarray], cap: float) -> Scale:
    """Around most of these numbers [step, place], and within the cap of what the last place typically starts with."""
    numbers = np.concatenate([own.ravel() for own in decades])
    starts = np.array([own[0, -1] for own in decades])
    middle = np.median(starts[np.isfinite(starts)]) if np.isfinite(starts).any() else 0.0
    low, high = scale_of(numbers, BEYOND)
    low, high = min(low, np.floor(middle)), max(high, np.ceil(middle))
    return float(max(low, np.floor(middle - cap))), float(min(high, np.ceil(middle + cap)))
