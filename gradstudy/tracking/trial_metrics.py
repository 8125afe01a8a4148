"""What of a trial becomes MLflow metrics: its responses, verdicts, outcomes and a few curves. Finite values only.

MLflow stores inf as 1.8e308 and its run page breaks on NaN, so a curve is the median over those seeds that are finite
at a step, and `members/nonfinite` counts the others. A metric costs some 0.1 ms: tens of keys, not one per tensor.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import median

import numpy as np

from gradstudy.records import OUTCOMES, VERDICTS, MemberRecord, Series, TrialResult
from gradstudy.series import FAR, by_seed, evenly_spaced, has_far_flow, median_of_seeds
from gradstudy.tracking.members_file import response_names
from gradstudy.tracking.runs import COST

METRICS = {
    "seconds": f"{COST}cohort_seconds",
    "recorder": f"{COST}recorder_share",
    "probes": f"{COST}probes_share",
}


def study_cost(trials: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """The instrument's cost of a study by metric: the median over the trials whose metrics have it."""
    known = list(trials)
    values = {key: [one[key] for one in known if key in one] for key in METRICS.values()}
    return {key: median(found) for key, found in values.items() if found}


def trial_cost(records: Sequence[MemberRecord]) -> dict[str, float]:
    """The instrument's cost of a trial by metric: the median over the members that were timed."""
    return study_cost(
        {key: record.cost[name] for name, key in METRICS.items() if name in record.cost} for record in records
    )


EVERYWHERE, FIRST, LAST = slice(None), slice(0, 1), slice(-1, None)

CURVES = (
    ("loss", "loss/train", EVERYWHERE),
    ("held_out_loss", "loss/held_out", EVERYWHERE),
    ("baseline_loss", "loss/baseline", EVERYWHERE),
    ("held_out_accuracy", "accuracy/held_out", EVERYWHERE),
    ("baseline_accuracy", "accuracy/baseline", EVERYWHERE),
    ("norm_before_clipping", "norm/before_clipping", EVERYWHERE),
    ("norm_after_clipping", "norm/after_clipping", EVERYWHERE),
    ("activation_rms", "activation/rms_first", FIRST),
    ("activation_rms", "activation/rms_last", LAST),
    ("dead_units", "units/dead", EVERYWHERE),
    ("saturated_units", "units/saturated", EVERYWHERE),
    ("skip_share", "share/skip", EVERYWHERE),
    ("gradient_cosine", "gradient/cosine", EVERYWHERE),
    ("update_ratio", "update/ratio", EVERYWHERE),
    ("adam_eps_share", "update/adam_eps_share", EVERYWHERE),
    ("jacobian", "jacobian/largest", FIRST),
    ("jacobian", "jacobian/smallest", LAST),
    ("jacobian_correlation", "jacobian/correlation", EVERYWHERE),
    ("noise_scale", "noise/scale", EVERYWHERE),
    ("sample_correlation", "samples/correlation_last", LAST),
)
"""What is measured, the metric that shows it, and the places over which, with the seeds, its median is taken."""

PLACES, FEW_STEPS = 6, 8
"""A chart per place: more of them hide the others on MLflow's pages, and fewer steps than these are no curve."""

Value = tuple[str, int, float]
"""A metric's key, step and value."""


def trial_metrics(result: TrialResult, points: int) -> list[Value]:
    """The metrics of a trial, whose curves have at most `points` steps."""
    verdicts, outcomes = (Counter(row[label] for row in result.rows) for label in ("verdict", "outcome"))
    responses = response_names(result.rows[0])
    medians = _median(np.array([[row[name] for name in responses] for row in result.rows], float))
    found = [
        *((f"response/{name}", 0, float(value)) for name, value in zip(responses, medians, strict=True)),
        *((f"members/{verdict}", 0, verdicts[verdict]) for verdict in VERDICTS),
        *((f"members/{outcome}", 0, outcomes[outcome]) for outcome in OUTCOMES),
        *_curves(result.records, points),
        *_nonfinite(result.records),
        *_signal(result.records),
        *(_signal(result.records, FAR) if has_far_flow(result.records[0]) else ()),
        *((key, 0, share) for key, share in trial_cost(result.records).items()),
    ]
    return [entry for entry in found if np.isfinite(entry[2])]


def _curves(records: Sequence[MemberRecord], points: int) -> Iterator[Value]:
    measured = {quantity for record in records for quantity in record.series}
    for quantity, key, places in CURVES:
        if quantity in measured:
            steps, values = _by_seed(records, quantity)
            shown = evenly_spaced(len(steps), points)
            together = np.moveaxis(values[:, shown, places], 1, -1).reshape(-1, len(shown))
            yield from ((key, int(steps[i]), float(m)) for i, m in zip(shown, _median(together), strict=True))


def _nonfinite(records: Sequence[MemberRecord]) -> Iterator[Value]:
    """How many members have no finite loss at a step, or no such step any more."""
    steps, loss = _by_seed(records, "loss")
    for index in evenly_spaced(len(steps), FEW_STEPS):
        yield "members/nonfinite", int(steps[index]), int(np.sum(~np.isfinite(loss[:, index, 0])))


def _signal(records: Sequence[MemberRecord], quantity: str = "signal") -> Iterator[Value]:
    seeds = [record.series[quantity] for record in records if quantity in record.series]
    names = seeds[0].places
    places = evenly_spaced(len(names), PLACES)
    few = tuple(names[place] for place in places)
    steps, values = by_seed([Series(few, one.steps, one.values[:, places]) for one in seeds])
    shown = evenly_spaced(len(steps), FEW_STEPS)
    for name, by_step in zip(few, _median(values[:, shown]).T, strict=True):
        yield from ((f"{quantity}/{name}", int(steps[i]), float(m)) for i, m in zip(shown, by_step, strict=True))


def _by_seed(records: Sequence[MemberRecord], quantity: str) -> tuple[np.ndarray, np.ndarray]:
    """Steps [step] of the longest record, and values [seed, step, place] of the seeds that have this quantity.

    A member that diverged on its first step has none of what is measured from the second on.
    """
    return by_seed([record.series[quantity] for record in records if quantity in record.series])


def _median(values: np.ndarray) -> np.ndarray:
    """Median over the finite entries of the first axis; nan where there is none."""
    return median_of_seeds(np.where(np.isfinite(values), values, np.nan))
