"""The quantities that can be measured on a network: asked at the door, and answered without training it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradstudy.errors import InputError, nearest
from gradstudy.network import Network, Shape, numbered

ON_REQUEST = ("jacobian", "noise_scale", "sample_correlation")
"""What costs too much, or is too special, to be measured in every study."""

ANSWERS = 3
"""How many answers, evenly spaced up to the last one, are followed back each by itself: a backward pass each."""

EVERY_STEP = ("gradient", "norm_before_clipping", "norm_after_clipping", "clip_coefficient", "loss")


def standard_quantities(network: Network, parts: Mapping[str, Any], steps: int) -> tuple[str, ...]:
    """What is recorded of such a network in every study: on each step, at both ends, and on probe steps."""
    flow = tuple(network.places)
    on_probe_steps = (*map(exact, flow), *map(forward, flow), "dead_units")
    if answers_each_step(network, parts["task"].shape):
        on_probe_steps = (*on_probe_steps, *map(from_last_answer, flow), *map(by_distance, flow))
    sometimes = (quantity for quantity, is_there in _sometimes(parts, steps).items() if is_there)
    return (*flow, *EVERY_STEP, *_scores(parts["task"]), *on_probe_steps, *sometimes)


def exact(quantity: str) -> str:
    """The name of a flow quantity that is measured in float64."""
    return f"{quantity}_float64"


def forward(quantity: str) -> str:
    """The name of the RMS of the flow points whose gradients are `quantity`: signal -> activation_rms."""
    return f"{quantity.removesuffix('signal')}activation_rms"


def from_last_answer(quantity: str) -> str:
    """The name of the part of a flow quantity that the last answer sends back alone: signal -> far_signal."""
    return f"far_{quantity}"


def by_distance(quantity: str) -> str:
    """The name of what a few answers send back, so many steps before each: signal -> signal_by_distance."""
    return f"{quantity}_by_distance"


def followed_answers(length: int) -> list[int]:
    """Which answers of so many, counted from 1, are followed back alone: a third and two thirds on, and the last."""
    return sorted({length * part // ANSWERS for part in range(1, ANSWERS + 1)} - {0})


def answers_each_step(network: Network, shape: Shape) -> bool:
    """Whether places are time steps at each of which something is asked.

    Then every place has an answer nearby, whose gradient hides how little comes from far ones.
    """
    return shape.each_step and network.places["signal"] == numbered("time", shape.sequence[0])


def check_request(
    request: Sequence[str], network: Network, parts: Mapping[str, Any], *, steps: int, choices: str = ""
) -> None:
    """InputError where a quantity was asked for that this network, trained for so many steps, cannot give.

    `choices` are the overrides by which a study made this network one of its trials.
    """
    if not request:
        return
    known, samples = standard_quantities(network, parts, steps), parts["task"].smallest_batch
    for name in request:
        if name not in (*known, *ON_REQUEST):
            trial = f"the trial with {choices}" if choices else "this network"
            flow = ("signal", "cell_signal")
            each_step = (*map(from_last_answer, flow), *map(by_distance, flow))
            elsewhere = ("cell_signal", *each_step, *_sometimes(parts, steps))  # asking for one is no slip of the pen
            hint = "" if name in elsewhere else nearest(name, (*known, *ON_REQUEST))
            raise InputError(
                f"record={name}: {trial} cannot give that in {steps} steps. It always gives {', '.join(known)}; "
                f"and on request {', '.join(ON_REQUEST)}.{hint} Several are asked for as record=[jacobian,noise_scale]."
            )
        if name in ("noise_scale", "sample_correlation") and samples < 2:
            raise InputError(f"record={name} compares samples, and a batch has one: set task.batch_size=2 or more.")


def _sometimes(parts: Mapping[str, Any], steps: int) -> dict[str, bool]:
    """What some networks have and others have not, on probe steps, and whether this one has it."""
    return {
        "saturated_units": parts["activation"].saturates,
        "skip_share": parts["residual"].joins,
        "branch_share": parts["residual"].joins,
        "update_ratio": steps > 0,
        "adam_eps_share": steps > 0 and parts["optimizer"].has_eps,
        "gradient_cosine": steps > 1,
    }


def _scores(task: Any) -> tuple[str, ...]:
    """What is measured on the held-out set, and what the baseline scores: accuracies only where targets are classes."""
    _, targets = task.batch(np.random.default_rng(0))
    held_out = ("held_out_loss",) if targets.dtype.kind == "f" else ("held_out_loss", "held_out_accuracy")
    return *held_out, *baseline_scores(task)


def baseline_scores(task: Any) -> dict[str, float]:
    """What whoever disregards the inputs scores, by quantity; nothing where a task states no baseline."""
    baseline = task.baseline
    scores = {"baseline_loss": baseline.loss, "baseline_accuracy": baseline.accuracy} if baseline else {}
    return {quantity: score for quantity, score in scores.items() if score is not None}
