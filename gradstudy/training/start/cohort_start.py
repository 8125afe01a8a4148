"""How a cohort starts: its parts stacked, its network built, its parameters and buffers filled."""

from collections.abc import Mapping
from functools import partial
from itertools import groupby
from typing import Any

import torch
from torch import Tensor

from gradstudy.layer_parts import network_of
from gradstudy.network import KERNEL_TAIL, Network, Pass
from gradstudy.training.cohort import RULE_GROUPS, STACKED, Cohort, in_slices, stack, structure
from gradstudy.training.slices import Rules
from gradstudy.training.start.batches import Batches
from gradstudy.training.start.initialization import calibrate, dependent_values, initial_values
from gradstudy.training.start.streams import Draws


class CohortStart:
    """What is there before the first step: `parts` by group, stacked, the `network`, and the streams of each slot.

    Of what is behind the gradients `parts` holds those of the first member, and `rules` and `rates` tell those of all.
    `draws` are the identities of what a member draws for itself, `data` those of what it shares with every member of
    its seed. On a CPU, copies of the last member stand behind the cohort as ballast.
    """

    def __init__(self, cohort: Cohort, device: torch.device, dtype: torch.dtype):
        first = cohort.parts[cohort.members[0].trial]
        own = {trial: network_of(parts) for trial, parts in cohort.parts.items()}
        ballast = _ballast(first, own[cohort.members[0].trial], device)
        slots = [*cohort.members, *[cohort.members[-1]] * ballast]
        self.device, self.dtype, self.task = device, dtype, first["task"]
        self._steps = max(1, cohort.steps)
        self.draws = [(cohort.study_seed, member.trial, member.seed) for member in slots]
        self.data = [(cohort.study_seed, member.seed) for member in slots]
        self._of = [cohort.parts[member.trial] for member in slots]
        self._networks = [own[member.trial] for member in slots]
        sliced = ("task", *in_slices(first))
        self.parts = {group: first[group] if group in sliced else self._stacked(group) for group in STACKED}
        self.network = network_of(self.parts)

    def _stacked(self, group: str) -> Any:
        return stack([of[group] for of in self._of], self.device)

    def rules(self) -> list[Rules]:
        """Optimizer, clipping and regularization of the members, slice by slice."""
        groups = [group for group in RULE_GROUPS if group != "lr"]
        return [
            Rules(len(run), {group: stack([of[group] for of in run], self.device) for group in groups})
            for run in self._runs(*groups)
        ]

    def rates(self, steps: int) -> Tensor:
        """The learning rates of so many steps, float64 [step, member]."""
        count = torch.arange(steps, dtype=torch.float64, device=self.device).unsqueeze(1)
        runs = self._runs("lr")
        each = [stack([of["lr"] for of in run], self.device).at(count, steps).expand(steps, len(run)) for run in runs]
        return torch.cat(each, dim=1)

    def _runs(self, *groups: str) -> list[list[Mapping[str, Any]]]:
        """The parts of slots that lie behind each other and have one structure in these groups."""
        return [list(run) for _, run in groupby(self._of, lambda of: [structure(of[group]) for group in groups])]

    def batches(self, purpose: str) -> Batches:
        """The data of every slot, of a stream of its own for every purpose."""
        ahead, steps = (None, self._steps) if purpose == "data" else (1, None)  # of the others, one or a few
        tasks = [of["task"] for of in self._of]
        return Batches(tasks, self.data, self.device, self.dtype, purpose, ahead=ahead, steps=steps)

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
