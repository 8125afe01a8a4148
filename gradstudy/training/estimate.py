"""What training will cost, measured on a few steps before a study begins."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch

from gradstudy.layer_parts import network_of
from gradstudy.series import evenly_spaced
from gradstudy.training.cohort import Cohort
from gradstudy.training.engine import train
from gradstudy.training.footprint import footprint
from gradstudy.training.instrument.probe import probe_steps

TIMED_COHORTS = 3
TIMED_STEPS = 4
BY_AUTOGRAD = "sample_correlation"
"""A quantity for which a look inside takes PyTorch's operations: what machine code keeps shows in no hook."""
LONGEST_TIMED = 1.0
"""Seconds that the steps of one cohort may take: a plan answers soon, however large its networks are."""


@dataclass(frozen=True)
class Estimate:
    """Seconds of one worker for the whole list of cohorts, and bytes of memory at the peak of one cohort."""

    seconds: float
    memory: float


def cost_of(cohort: Cohort) -> tuple[float, float]:
    """Seconds for all steps of a cohort, and bytes: as measured, or where that alone would take long, counted.

    Of a cohort that is large only by its members some of them are measured.
    """
    parts = cohort.parts[cohort.members[0].trial]
    one, members = footprint(network_of(parts), parts), len(cohort.members)
    few = min(members, int((LONGEST_TIMED / TIMED_STEPS - one.calls) / one.seconds))
    if few < 1:
        return (one.calls + one.seconds * members) * max(1, cohort.steps), one.memory * members
    seconds, memory = measured_cost(replace(cohort, members=cohort.members[:few]))
    return seconds * members / few, memory * members / few


def measured_cost(cohort: Cohort) -> tuple[float, float]:
    """Seconds for all steps of a cohort, and bytes: what autograd keeps for backward, its gradient, and the record."""
    saved: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        saved[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    few = replace(cohort, steps=min(cohort.steps, TIMED_STEPS))
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        records = train(replace(few, steps=0, record=tuple(dict.fromkeys((*few.record, BY_AUTOGRAD)))))
    start = time.perf_counter()
    cost = train(few)[0].cost
    setup = time.perf_counter() - start - cost["seconds"]
    probes = cost["seconds"] * cost["probes"] / len(probe_steps(few.steps))
    step = cost["seconds"] * (1 - cost["probes"]) / max(1, few.steps)
    seconds = setup + step * max(1, cohort.steps) + probes * len(probe_steps(cohort.steps))
    asked = [
        series
        for record in records
        for quantity, series in record.series.items()
        if quantity != BY_AUTOGRAD or BY_AUTOGRAD in cohort.record
    ]
    values = sum(series.values[0].size for series in asked)
    record_bytes = 8 * values * max(1, cohort.steps)
    # without the hook, backward holds the gradients of what it has not consumed yet: about as much again
    return seconds, 2 * max(1, sum(saved.values())) + record_bytes


def estimate(cohorts: Sequence[Cohort], cost: Callable[[Cohort], tuple[float, float]] = cost_of) -> Estimate:
    """Trains up to three evenly chosen cohorts for a few steps and scales their cost up to all of them.

    `cost` gives the seconds and bytes of a cohort.
    """
    timed = [cohorts[index] for index in evenly_spaced(len(cohorts), TIMED_COHORTS)]
    costs = [cost(cohort) for cohort in timed]
    per_member = [seconds / len(cohort.members) for (seconds, _), cohort in zip(costs, timed, strict=True)]
    members = sum(len(cohort.members) for cohort in cohorts)
    return Estimate(members * sum(per_member) / len(per_member), max(memory for _, memory in costs))
