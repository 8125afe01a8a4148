"""What can be asked of the gradients of a study's networks: all that is known of each response, in one place.

A response is a number per member, finite whatever was recorded. A new one is a function of a member's record and an
entry of `RESPONSES`: rankings, hunts, pages and tests find it there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from gradstudy.records import MemberRecord
from gradstudy.series import (
    CEILING,
    FLOOR,
    decades,
    first_signal,
    full_range,
    gain_by_step,
    growth_over_start,
    lasting,
    way_back,
)


class ResponseSettings(Protocol):
    """What a response may depend on beside the record: `cap` and `first_steps` of `analysis.settings.Analysis`."""

    @property
    def cap(self) -> float: ...
    @property
    def first_steps(self) -> int: ...


@dataclass(frozen=True, kw_only=True)
class Rankable:
    """What causes can be ranked of, and how it is spoken of.

    `noun` is its name inside a sentence, `question` what a ranking of it answers, `definition` how it is measured:
    with `{cap}` and `{first_steps}` where those of the settings belong. Where it is also a verdict, gradients `verb` in
    a member that has it, and `size` is what its amount means.
    """

    name: str
    unit: str
    noun: str
    question: str
    definition: str
    verb: str = ""
    size: str = ""

    @property
    def amount_unit(self) -> str:
        """The unit behind a number: `3.2 decades`, `0.4 (share of steps)`."""
        return f"({self.unit})" if self.unit.startswith("share") else self.unit


@dataclass(frozen=True, kw_only=True)
class Response(Rankable):
    """A number of one member: `measure` takes it from the record. More of it is harm (`harm` 1), or less is (-1).

    A `signed` one is healthy near 0, wherever it comes from: its size counts.
    """

    measure: Callable[[MemberRecord, ResponseSettings], float]
    harm: int = 1
    signed: bool = False


def vanishing(record: MemberRecord, settings: ResponseSettings) -> float:
    """The decades that the signal lost on its way back, in the median step: from 0 to the cap."""
    return float(np.clip(-gain(record, settings), 0.0, settings.cap))


def exploding(record: MemberRecord, settings: ResponseSettings) -> float:
    """The decades by which the signal on its way back, or the norm over training, grew at worst: from 0 to the cap."""
    worst = settings.cap if record.first_bad_step is not None else growth_by_step(record, settings).max()
    return float(np.clip(worst, 0.0, settings.cap))


def loss_by_step(record: MemberRecord) -> np.ndarray:
    """The decades that the signal lost on its way back, [step]; -inf where that is unknown."""
    gains = gain_by_step(way_back(record))
    return np.where(np.isnan(gains), -np.inf, -gains)


LASTING = 10
"""Steps over which a gain is a property of the network and not of one batch."""


def growth_by_step(record: MemberRecord, settings: ResponseSettings) -> np.ndarray:
    """The decades by which the signal grew on its way back, or the norm over its start, [step]; inf if not finite.

    The gain counts at step 0, where all samples weigh alike, and then its median over ten successive steps: a network
    that has learned is asked by the few samples of a batch that it still gets wrong, whose gain is a decade higher. The
    norm counts step by step, so that a single step off a cliff is seen (Pascanu, Mikolov & Bengio 2013), but for what
    it got back: where the signal had vanished at the start and arrives again, the norm grows by what it had lost, and
    nothing explodes. What the norm gave back is never more than what it grew beyond the signal at the last place, which
    had no way to vanish on.
    """
    signal, first = full_range(record), settings.first_steps
    measured = (
        gain_by_step(signal),
        gain_by_step(way_back(record)),
        growth_over_start(_series(record, "norm_before_clipping"), first),
        growth_over_start(signal[:, -1], first),
    )
    finite = np.isfinite(measured).all(axis=0)
    gains, far_gains, growth, source = np.where(finite, measured, 0.0)
    early = np.median(gains[:first])
    recovered = np.minimum(np.clip(gains - early, 0.0, max(-early, 0.0)), np.maximum(growth - source, 0.0))
    largest = np.maximum(gains, far_gains)
    grown = np.maximum(growth - recovered, lasting(largest, LASTING))
    grown[0] = max(grown[0], largest[0])
    return np.where(finite, grown, np.inf)


def gain(record: MemberRecord, settings: ResponseSettings) -> float:
    """The decades by which the signal grew on its way back, in the median step that is known."""
    return _median_gain(way_back(record))


def gain_init(record: MemberRecord, settings: ResponseSettings) -> float:
    """The gain before anything was learned."""
    return _median_gain(first_signal(record))


def rate(record: MemberRecord, settings: ResponseSettings) -> float:
    """The decades by which the signal grows per place on its way back: least-squares slope, median over steps.

    A signal that falls by a factor r per place has log10 r; gain = rate * (places - 1) holds for a geometric decay,
    for a dead signal and for one that was never finite.
    """
    signal = way_back(record)
    travelled = np.arange(signal.shape[1])[::-1] - (signal.shape[1] - 1) / 2
    distance = max(signal.shape[1] - 1, 1)
    known = signal[np.isfinite(signal).all(axis=1)]
    if not len(known):
        return float(CEILING / distance)
    slopes = decades(known) @ travelled / max(float(travelled @ travelled), 1.0)
    return float(np.median(np.where(known[:, 0] == 0.0, FLOOR / distance, slopes)))


def clipped(record: MemberRecord, settings: ResponseSettings) -> float:
    """The share of the steps on which clipping engaged."""
    return float(np.mean(_series(record, "clip_coefficient") < 1.0))


LATE = 0.1
"""The share of the steps, from the last one back, whose losses say where training ended: one batch is luck."""


def learned(record: MemberRecord, settings: ResponseSettings) -> float:
    """The share of the way from its task's baseline to a loss of 0 that the training loss came, from -1 to 1.

    Where it came to is its median over the last tenth of the steps, at least one. 0 is what whoever disregards the
    inputs scores, and also what is said where `tells_learning` is not true. A diverged member is judged by its last
    finite losses and never above 0: whatever it had learned, it lost.
    """
    if not tells_learning(record):
        return 0.0
    loss, baseline = _series(record, "loss"), _series(record, "baseline_loss")[0]
    known = loss[np.isfinite(loss)]
    if not known.size:
        return -1.0
    half = np.median(known[-max(1, int(LATE * len(known))) :] / 2)  # the mean of two of 1e308 would overflow
    way = min(1.0 - 2.0 * float(min(half, baseline) / baseline), 1.0)
    return way if record.first_bad_step is None else min(way, 0.0)


def tells_learning(record: MemberRecord) -> bool:
    """Whether a member was trained on a task that has a baseline, so that its losses tell whether it learned.

    A single loss is that of the start; a member that diverged there was trained all the same.
    """
    trained = len(record.series["loss"].steps) > 1 or record.first_bad_step is not None
    return trained and "baseline_loss" in record.series and _series(record, "baseline_loss")[0] > 0.0


def loss_drop(record: MemberRecord, settings: ResponseSettings) -> float:
    """The decades by which the loss fell, from -cap to cap; a loss of exactly 0 counts as the smallest number.

    A diverged member is judged by its last finite loss and never above 0: whatever it had learned, it lost.
    """
    loss = _series(record, "loss")
    known = loss[np.isfinite(loss)]
    if not known.size:
        return -settings.cap
    fall = float(np.clip(decades(known[0]) - decades(known[-1]), -settings.cap, settings.cap))
    return fall if record.first_bad_step is None else min(fall, 0.0)


def noise(record: MemberRecord, settings: ResponseSettings) -> float:
    """The decades by which the gradient norm before clipping moves between successive steps, in the median step.

    From 0 to the cap. Successive differences leave out what training changes slowly (von Neumann et al. 1941), and a
    median of their sizes what single spikes do: for independent lognormal noise of s decades it is 0.95 s. A norm that
    is not finite is left out; without two steps to compare there is no noise, but a diverged member is at the cap.
    """
    norms = _series(record, "norm_before_clipping")
    moved = np.abs(np.diff(decades(np.where(np.isfinite(norms), norms, np.nan))))
    known = moved[np.isfinite(moved)]
    if not known.size:
        return 0.0 if record.first_bad_step is None else settings.cap
    return float(np.clip(np.median(known), 0.0, settings.cap))


def _series(record: MemberRecord, quantity: str) -> np.ndarray:
    """A quantity that has one place: [step]"""
    return record.series[quantity].values[:, 0]


def _median_gain(signal: np.ndarray) -> float:
    gains = gain_by_step(signal)
    known = gains[np.isfinite(gains)]
    return float(np.median(known)) if known.size else CEILING


_GAIN = (
    "log10 of the signal at the first place over that at the last, in the median step: below 0 the signal shrinks on "
    "its way back, above 0 it grows. `gain_init` is that of step 0. Where an answer is asked at every time step, it is "
    "the signal of the last answer alone: answers nearby would hide what is lost from far ones."
)

RESPONSES: Mapping[str, Response] = {
    response.name: response
    for response in (
        Response(
            name="vanishing",
            measure=vanishing,
            unit="decades",
            noun="vanishing",
            question="What makes gradients vanish?",
            definition="How many decades the signal loses on its way back, in the median step: 0 where it loses none, "
            "and {cap} at most.",
            verb="vanish",
            size="how much they shrink",
        ),
        Response(
            name="exploding",
            measure=exploding,
            unit="decades",
            noun="exploding",
            question="What makes gradients explode?",
            definition="How many decades it gains on its way back, at the first step or in the median of ten "
            "successive ones, or the gradient norm grows over its median in the first {first_steps} (within these "
            "over what it began with as well), in the worst step and without what a signal that had vanished got back: "
            "from 0 to {cap}, and {cap} for a member that diverged.",
            verb="explode",
            size="how much they grow",
        ),
        Response(
            name="gain",
            measure=gain,
            unit="decades",
            noun="the gain",
            question="What moves the gain?",
            definition=_GAIN,
            signed=True,
        ),
        Response(
            name="gain_init",
            measure=gain_init,
            unit="decades",
            noun="the gain at initialization",
            question="What moves the gain init?",
            definition=_GAIN,
            signed=True,
        ),
        Response(
            name="rate",
            measure=rate,
            unit="decades per place",
            noun="the rate",
            question="What moves the rate?",
            definition="Decades that the signal gains per place on its way back, by least squares, in the median step: "
            "comparable over depths.",
            signed=True,
        ),
        Response(
            name="clipped",
            measure=clipped,
            unit="share of steps",
            noun="the share of clipped steps",
            question="What makes clipping engage?",
            definition="The share of steps on which clipping changed the gradient.",
        ),
        Response(
            name="learned",
            measure=learned,
            unit="share of the way",
            noun="what is learned",
            question="What makes the network learn?",
            definition="The share of the way that the training loss came from its task's baseline, which is what "
            "whoever disregards the inputs scores, to 0: 1 where all is learned, 0 where nothing is, and -1 at least. "
            "Its end is the median over the last tenth of the steps. 0 where nothing was trained or can be learned.",
            harm=-1,
        ),
        Response(
            name="loss_drop",
            measure=loss_drop,
            unit="decades",
            noun="the drop of the loss",
            question="What makes the loss drop?",
            definition="Decades by which the training loss fell from the first step to the last, from -{cap} to {cap}.",
            harm=-1,
        ),
        Response(
            name="noise",
            measure=noise,
            unit="decades",
            noun="the noise of the gradient norm",
            question="What makes the gradient norm noisy?",
            definition="How many decades the gradient norm, before clipping, moves from one step to the next, up or "
            "down, in the median step: 0 where it stays what it is, and {cap} at most.",
        ),
    )
}
"""What every member has, by name, in the order in which it is stored and shown."""

TIME = "time_to_divergence"

RANKED: Mapping[str, Rankable] = {
    **RESPONSES,
    TIME: Rankable(
        name=TIME,
        unit="steps",
        noun="the time to divergence",
        question="What makes training last before it diverges?",
        definition="The step at which a member diverged; those that never did lasted longer than that. Ranked by "
        "log-rank scores.",
    ),
}
"""What can be ranked: also a time that is no number of one member, which may never diverge."""
