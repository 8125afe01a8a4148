"""How large a network is, before anything of it is made: what it would take to train one member."""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from gradstudy.network import Network

MOST_PARAMETERS = 100_000_000
"""Of one network: a study trains hundreds."""

LARGER_FLOAT = 8
"""Bytes of one number, at the larger of the two precisions."""

COPIES, KEPT = 6, 8
"""How often the memory holds a parameter (its gradient, two moments, what they are made of), and an output of a linear
map (what enters, norms, the activation, their gradients, what is recorded): at most twice what was measured."""

OF_EACH_STEP = 4
"""What is recorded of a step beside its places and parameters: the loss, norms, what clipping does."""

CALL, FLOPS, STREAM = 3e-5, 1e10, 2e9
"""Seconds of one operation on small tensors, products in a second and bytes in a second: of one core, roughly."""

CONTROL_GROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


@dataclass(frozen=True)
class Footprint:
    """What one member takes: its parameters, bytes of memory at most, and seconds of one step on one core, roughly.

    Beside the `seconds` of its own a step takes those of its `calls`, however many members it has. `recorded` are bytes
    of what is recorded of a step, and of its copy when training is over.
    """

    parameters: int
    memory: float
    seconds: float
    calls: float
    recorded: float

    def with_record(self, steps: int) -> float:
        """Bytes of memory, at most, of a member that is trained for so many steps."""
        return self.memory + self.recorded * steps


def footprint(network: Network, parts: Mapping[str, Any]) -> Footprint:
    """The size of one member of this network, made of these parts by group."""
    task, weights = parts["task"], [one for one in network.parameters if len(one.shape) > 1]
    parameters = sum(prod(one.shape) for one in network.parameters)
    inputs = prod(task.shape.inputs)
    # Read in pieces (time steps, pixels), a sample passes every weight once per piece.
    pieces = max(1, inputs // weights[0].shape[1]) if weights else 1
    batch = task.largest_batch
    rows = batch * pieces
    outputs = sum(one.shape[0] for one in weights)
    scores = batch * getattr(parts["model"], "heads", 0) * pieces**2 * len(network.places["signal"])
    memory = LARGER_FLOAT * (COPIES * parameters + KEPT * (rows * outputs + scores) + 4 * batch * inputs)
    in_turn = pieces if any(one.role == "recurrent" for one in weights) else 1
    calls = len(network.parameters) * in_turn
    seconds = 6 * (rows * parameters + scores) / FLOPS + memory / STREAM
    places = sum(map(len, network.places.values())) + len(network.parameters) + OF_EACH_STEP
    return Footprint(parameters, memory, seconds, 3 * calls * CALL, 2 * LARGER_FLOAT * places)


def memory_here() -> float:
    """Bytes of memory that this machine, or the container it runs in, has."""
    found = [float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))]
    for limit in map(Path, CONTROL_GROUPS):
        with suppress(OSError, ValueError):  # none, or "max"
            found.append(float(limit.read_text("ascii")))
    return min(found)
