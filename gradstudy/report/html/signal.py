"""Where and when does the signal vanish or explode? Maps of typical trials, and of any other that a person chooses."""

from collections.abc import Collection

import numpy as np
from markupsafe import Markup

from gradstudy.analysis.cure.experience import levels_in
from gradstudy.analysis.signal_map import SignalMap
from gradstudy.analysis.trial_words import levels_words
from gradstudy.report.findings import Findings
from gradstudy.report.heat_image import Scale, colour_stops, scale_of
from gradstudy.report.html.rendering import render
from gradstudy.report.html.trial_map import BROKEN, HUNDREDTHS, MIDDLE, ZERO, Ticks, TrialMap, trial_map
from gradstudy.report.scale import decade_word, whole_ticks
from gradstudy.report.stored_signals import stored_signals
from gradstudy.report.typical import TYPICAL, spread_trials, trials_by_verdict, typical_trials

MOST_TRIALS = 40
"""Beside the typical ones: some 10 kB each."""
BEYOND = 0.01
"""Which share of all numbers may lie beyond either end of the colours: one outlier would make the rest look alike."""


def signal_section(findings: Findings) -> Markup:
    """How large was the backpropagated signal at every place, on every step? Of typical trials, and of others."""
    by_verdict = trials_by_verdict(findings.members)
    typical = list(typical_trials(by_verdict, findings.prescriptions).values())
    others = spread_trials(by_verdict, MOST_TRIALS)
    signals = stored_signals(findings.gradients, sorted({*typical, *(one for own in others.values() for one in own)}))
    scale = common_scale(signals.values(), findings.settings.cap)
    verdicts = {trial: verdict for verdict, gains in by_verdict.items() for trial in gains.index}
    maps = {trial: _map(findings, trial, signal, scale, verdicts[trial]) for trial, signal in signals.items()}
    axes = list(dict.fromkeys(axis for one in maps.values() for axis in (one.places, one.steps)))
    return render(
        "signal.html",
        maps=maps,
        typical=typical,
        others=others,
        each=MOST_TRIALS // len(others),
        colours=colour_stops(),
        scale=_scale_ticks(scale),
        info=findings.info,
        typical_means=TYPICAL,
        axes=axes,
        code={"per_decade": HUNDREDTHS, "middle": MIDDLE, "zero": ZERO, "broken": BROKEN, "axes": axes},
    )


def _map(findings: Findings, trial: int, signal: SignalMap, scale: Scale, verdict: str) -> TrialMap:
    own = findings.members[findings.members["trial"] == trial]
    levels = levels_words(levels_in(own.iloc[0], findings.info.factors))
    return trial_map(own, signal, scale, verdict=verdict, levels=levels)


def common_scale(signals: Collection[SignalMap], cap: float) -> Scale:
    """Around most numbers, and no further than the cap from what the last place typically has at the first step."""
    numbers = np.concatenate([signal.decades.ravel() for signal in signals])
    last = np.array([signal.decades[0, -1] for signal in signals])
    middle = np.median(last[np.isfinite(last)]) if np.isfinite(last).any() else 0.0
    low, high = scale_of(numbers, BEYOND)
    low, high = min(low, np.floor(middle)), max(high, np.ceil(middle))
    return float(max(low, np.floor(middle - cap))), float(min(high, np.ceil(middle + cap)))


def _scale_ticks(scale: Scale) -> Ticks:
    low, high = scale
    return [(decade_word(tick), round(100 * (tick - low) / (high - low), 2)) for tick in whole_ticks(low, high, 6)]
