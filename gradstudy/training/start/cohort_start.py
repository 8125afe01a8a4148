"""How a cohort starts: its parts stacked, its network built, its parameters and buffers filled."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor

from gradstudy.layer_parts import network_of
from gradstudy.network import KERNEL_TAIL, Network, Pass
from gradstudy.training.cohort import STACKED, Cohort, stack
from gradstudy.training.start.batches import Batches
from gradstudy.training.start.initialization import calibrate, dependent_values, initial_values
from gradstudy.training.start.streams import Draws


class CohortStart:
    """What is there before the first step: `parts` by group, stacked, the `network`, and the streams of each slot.

    `draws` are the identities of what a member draws for itself, `data` those of what it shares with every member of
    its seed. On a CPU, copies of the last member stand behind the cohort as ballast.
    """

    def __init__(self, cohort: Cohort, device: torch.device, dtype: torch.dtype):
        first = cohort.parts[cohort.members[0].trial]
        own = {trial: network_of(parts) for trial, parts in cohort.parts.items()}
        ballast = _ballast(first, own[cohort.members[0].trial], device)
        slots = [*cohort.members, *[cohort.members[-1]] * ballast]
        self.device, self.dtype, self.task = device, dtype, first["task"]
        self.draws = [(cohort.study_seed, member.trial, member.seed) for member in slots]
        self.data = [(cohort.study_seed, member.seed) for member in slots]
        self._of = [cohort.parts[member.trial] for member in slots]
        self._networks = [own[member.trial] for member in slots]
        self.parts = {group: stack([of[group] for of in self._of], device) for group in STACKED if group != "task"}
        self.network = network_of({**self.parts, "task": first["task"]})

    def batches(self, purpose: str) -> Batches:
        """The data of every slot, of a stream of its own for every purpose."""
        return Batches([of["task"] for of in self._of], self.data, self.device, self.dtype, purpose)

    def values(self) -> dict[str, Tensor]:
        """Parameters and buffers [member, ...] by name: drawn, fitted to data where that is asked for, completed."""
        specifications = [[*network.parameters, *network.buffers] for network in self._networks]
        inits = [of["init"] for of in self._of]
        drawn = initial_values(specifications, inits, self.draws, self.dtype)
        values = {name: tensor.to(self.device) for name, tensor in drawn.items()}
        if any(init.looks_at_data for init in inits):
            calibrate(self.network, values, inits, self.batches("calibration").next()[0])
        draws, data = Draws(self.draws, "pretraining", self.device), self.batches("pretraining")
        uniform, run = partial(draws.uniform, dtype=self.dtype), Pass(values, values, training=True)
        values.update(self.parts["pretraining"].pretrain(self.network, run, lambda: data.next()[0], uniform))
        return {**values, **dependent_values(specifications, values, self.draws)}


def _ballast(parts: Mapping[str, Any], network: Network, device: torch.device) -> int:
    """How many copies of the last member stand behind the cohort, so that no real member meets other code.

    BLAS treats a batch of one by other code than a batch of two, and vector kernels treat the last few elements of a
    tensor by other code than the rest. With ballast behind them members are bit-for-bit the same alone and in company.
    """
    if device.type != "cpu" or any(part.member_by_member for part in parts.values()):
        return 0
    return -(-KERNEL_TAIL // network.narrowest(parts["task"].smallest_batch))
