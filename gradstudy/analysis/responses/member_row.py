"""What is stored of one member: its responses, and the verdict that its thresholds give."""

from collections.abc import Mapping
from typing import Any

from gradstudy.analysis.settings import Analysis
from gradstudy.records import MemberRecord
from gradstudy.response import RESPONSES


def verdict(measured: Mapping[str, float], diverged: bool, settings: Analysis) -> str:
    """Healthy, vanishing, exploding (the larger one, where both thresholds are met) or diverged."""
    if diverged:
        return "diverged"
    thresholds = {"vanishing": settings.vanishing, "exploding": settings.exploding}
    met = [name for name, threshold in thresholds.items() if measured[name] >= threshold]
    return max(met, key=lambda name: measured[name], default="healthy")


def member_row(record: MemberRecord, settings: Analysis) -> dict[str, Any]:
    """A row of `members`: trial and seed, the responses, the verdict, the first bad step and tensor."""
    measured = {name: response.measure(record, settings) for name, response in RESPONSES.items()}
    return {
        "trial": record.trial,
        "seed": record.seed,
        **measured,
        "verdict": verdict(measured, record.first_bad_step is not None, settings),
        "first_bad_step": record.first_bad_step,
        "first_bad_tensor": record.first_bad_tensor,
    }
