"""The stacked training loop: members of a cohort train as one network, and none notices the others.

A worker is a pure function from a cohort to records. The only reduction over members is the sum of their losses.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradstudy.network import Network
from gradstudy.records import MemberRecord, Series
from gradstudy.training.batches import Batches
from gradstudy.training.cohort import Cohort, halves
from gradstudy.training.device import DTYPES, one_thread
from gradstudy.training.initialization import by_name, initial_parameters
from gradstudy.training.recorder import Recorder, norms, signal
from gradstudy.training.stacking import stack

SCALARS = ("norm_before_clipping", "norm_after_clipping", "clip_coefficient", "loss")
KERNEL_TAIL = 32
"""Elements at the end of a tensor that vector kernels may hand to scalar code (two AVX-512 registers of float32)."""


def train(cohort: Cohort) -> list[MemberRecord]:
    """Trains a cohort and returns one record per member, in the cohort's order.

    A cohort that does not fit into memory is trained in halves; the records are the same.
    """
    try:
        with one_thread():
            return _Training(cohort).run()
    except (RuntimeError, MemoryError) as error:
        if len(cohort.members) == 1 or not _is_out_of_memory(error):
            raise
    return [record for half in halves(cohort.members) for record in train(replace(cohort, members=half))]


def _is_out_of_memory(error: Exception) -> bool:
    """CUDA has an exception of its own; the CPU's allocator raises a RuntimeError that says so in words."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error)


class _Training:
    """One cohort while it trains: stacked parts, parameters [member, ...], optimizer state, recorder."""

    def __init__(self, cohort: Cohort):
        self.cohort = cohort
        self.device, self.dtype = torch.device(cohort.device), DTYPES[cohort.dtype]
        first = cohort.parts[cohort.members[0].trial]
        slots = [*cohort.members, *[cohort.members[-1]] * _ballast(first, self.device)]
        of_slot = [cohort.parts[member.trial] for member in slots]
        streams = [(cohort.study_seed, member.seed) for member in slots]
        self.parts = {
            group: stack([of[group] for of in of_slot], self.device)
            for group in ("activation", "normalization", "residual", "clipping", "lr", "optimizer", "regularization")
        }
        self.task = first["task"]
        self.network = self._network(first["model"])
        self.batches = Batches([of["task"] for of in of_slot], streams, self.device, self.dtype)
        inits = [of["init"] for of in of_slot]
        filled = initial_parameters(self.network.parameters, inits, streams, self.dtype)
        self.parameters = {name: tensor.to(self.device).requires_grad_() for name, tensor in filled.items()}
        self.state = self.parts["optimizer"].start(list(self.parameters.values()))
        sizes = [tensor[0].numel() for tensor in filled.values()]
        self.root_sizes = torch.tensor(sizes, dtype=torch.float64, device=self.device).sqrt().unsqueeze(1)
        self.recorder = self._recorder(len(slots))

    def run(self) -> list[MemberRecord]:
        held_out = [self._held_out_loss()]
        for step in range(max(1, self.cohort.steps)):
            gradients = self._measure(step)
            if self.cohort.steps:
                self._update(step, gradients)
        if self.cohort.steps:
            held_out.append(self._held_out_loss())
        return self._records(torch.stack(held_out).cpu().numpy())

    def _network(self, model: Any) -> Network:
        layers = {group: self.parts[group] for group in ("activation", "normalization", "residual")}
        return model.network(self.task.shape, **layers)

    def _recorder(self, members: int) -> Recorder:
        names = tuple(self.parameters)
        places = {**self.network.places, "gradient": names, **dict.fromkeys(SCALARS, ("all",))}
        suspects = ["loss", *(f"gradient {name}" for name in names), *(f"parameter {name}" for name in names)]
        return Recorder(places, suspects, steps=max(1, self.cohort.steps), members=members, device=self.device)

    def _measure(self, step: int) -> list[Tensor]:
        """Forward and backward at this step's parameters: records the flow, and returns the clipped gradients."""
        inputs, targets = self.batches.next()
        flow = self.network(self.parameters, inputs)
        loss = self.task.loss(flow.output, targets)
        points = [tensor for places in flow.points.values() for place in places for tensor in place]
        leaves = [*self.parameters.values(), *points]
        gradients = torch.autograd.grad(loss.sum(), leaves, materialize_grads=True)
        ours, flowing = list(gradients[: len(self.parameters)]), iter(gradients[len(self.parameters) :])
        for quantity, places in flow.points.items():
            by_place = [[next(flowing) for _ in place] for place in places]
            self.recorder.write(step, quantity, signal(by_place))
        return self._clip(step, loss.detach(), ours)

    def _clip(self, step: int, loss: Tensor, gradients: list[Tensor]) -> list[Tensor]:
        each = norms(gradients)
        before = torch.linalg.vector_norm(each, dim=0)
        clipped, factor = self.parts["clipping"].clip(gradients, before)
        after = torch.linalg.vector_norm(norms(clipped), dim=0)
        write = self.recorder.write
        write(step, "gradient", each / self.root_sizes)
        write(step, "norm_before_clipping", before)
        write(step, "norm_after_clipping", after)
        write(step, "clip_coefficient", _coefficient(factor, before, after))
        write(step, "loss", loss.double())
        self.recorder.write_bad(step, 0, ~torch.cat([loss.double().unsqueeze(0), each]).isfinite())
        return clipped

    @torch.no_grad()
    def _update(self, step: int, gradients: list[Tensor]) -> None:
        """One optimizer step; a member that is or becomes non-finite stays at its last finite parameters."""
        optimizer, rate = self.parts["optimizer"], self.parts["lr"].at(step, self.cohort.steps)
        old = list(self.parameters.values())
        decayed = self.parts["regularization"].decay(old, gradients)
        new = [optimizer.step(*each, rate, step + 1) for each in zip(old, decayed, self.state, strict=True)]
        bad = torch.stack([~value.isfinite().flatten(1).all(1) for value in new])
        self.recorder.write_bad(step, 1 + len(old), bad)
        alive = self.recorder.alive
        for parameter, value in zip(old, new, strict=True):
            # where, never a product with the mask: nan * 0 is nan
            parameter.copy_(torch.where(alive.view(-1, *[1] * (value.dim() - 1)), value, parameter))

    @torch.no_grad()
    def _held_out_loss(self) -> Tensor:
        losses = [
            self.task.loss(self.network(self.parameters, inputs).output, targets)
            for inputs, targets in self.batches.held_out()
        ]
        return torch.stack(losses).double().mean(0)

    def _records(self, held_out: np.ndarray) -> list[MemberRecord]:
        steps = np.array([0, self.cohort.steps][: len(held_out)])
        extra = [{"held_out_loss": Series(("all",), steps, column[:, None])} for column in held_out.T]
        records = self.recorder.records(self.cohort.members, extra)
        if not self.cohort.keep_weights:
            return records
        return [replace(record, weights=by_name(self.parameters, slot)) for slot, record in enumerate(records)]


def _coefficient(factor: Tensor, before: Tensor, after: Tensor) -> Tensor:
    """The share of the norm that clipping left: `factor` for norm clipping, after/before where entries were clamped."""
    clamped = (factor == 1) & (after != before)
    return torch.where(clamped, after / before, factor)


def _ballast(parts: Mapping[str, Any], device: torch.device) -> int:
    """How many copies of the last member stand behind the cohort, so that no real member meets other code?

    BLAS treats a batch of one by other code than a batch of two, and vector kernels treat the last few elements of a
    tensor by other code than the rest. With ballast behind them members are bit-for-bit the same alone and in company.
    """
    if device.type != "cpu":
        return 0
    return -(-KERNEL_TAIL // (parts["task"].batch_size * parts["model"].narrowest))
