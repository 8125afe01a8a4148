"""The stacked training loop: members of a cohort train as one network, and none notices the others.

A worker is a pure function from a cohort to records. The only reduction over members is the sum of their losses.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from torch import Tensor

from gradstudy.errors import InputError
from gradstudy.network import Flow, Pass
from gradstudy.records import MemberRecord, Series
from gradstudy.training.batches import Batch
from gradstudy.training.cohort import Cohort, halves
from gradstudy.training.device import DTYPES, one_thread
from gradstudy.training.draws import Draws
from gradstudy.training.initialization import by_name
from gradstudy.training.recorder import Recorder, norms, signal
from gradstudy.training.start import Start

SCALARS = ("norm_before_clipping", "norm_after_clipping", "clip_coefficient", "loss")


def train(cohort: Cohort) -> list[MemberRecord]:
    """Trains a cohort and returns one record per member, in the cohort's order.

    A cohort that does not fit into memory is trained in halves; the records are the same.
    """
    try:
        with one_thread():
            return _Training(cohort).run()
    except (RuntimeError, MemoryError) as error:
        if not _is_out_of_memory(error):
            raise
        if len(cohort.members) == 1:
            raise InputError(
                "A single network does not fit into memory: lower model.width, model.depth or task.batch_size."
            ) from error
    return [record for half in halves(cohort.members) for record in train(replace(cohort, members=half))]


def _is_out_of_memory(error: Exception) -> bool:
    """CUDA has an exception of its own; the CPU's allocator raises a RuntimeError that says so in words."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error)


class _Training:
    """One cohort while it trains: stacked parts, parameters and buffers [member, ...], optimizer state, recorder."""

    def __init__(self, cohort: Cohort):
        self.cohort = cohort
        self.device, self.dtype = torch.device(cohort.device), DTYPES[cohort.dtype]
        start = Start(cohort, self.device, self.dtype)
        self.task, self.parts, self.network = start.task, start.parts, start.network
        self.batches, self._draws = start.batches("data"), Draws(start.streams, "dropout", self.device)
        values = start.values()
        self.parameters = {p.name: values[p.name].requires_grad_() for p in self.network.parameters}
        self.buffers = {b.name: values[b.name] for b in self.network.buffers}
        self.trained = [p.name for p in self.network.parameters if p.trained]
        rows = [index for index, p in enumerate(self.network.parameters) if p.trained]
        self._trained_rows = torch.tensor(rows, device=self.device)
        self.state = self.parts["optimizer"].start(self._of_trained(self.parameters.values()))
        sizes = [tensor[0].numel() for tensor in self.parameters.values()]
        self.root_sizes = torch.tensor(sizes, dtype=torch.float64, device=self.device).sqrt().unsqueeze(1)
        self.recorder = self._recorder(len(start.streams))

    def run(self) -> list[MemberRecord]:
        held_out = [self._held_out_loss()]
        for step in range(max(1, self.cohort.steps)):
            self._step(step)
        if self.cohort.steps:
            held_out.append(self._held_out_loss())
        return self._records(torch.stack(held_out).cpu().numpy())

    def _recorder(self, members: int) -> Recorder:
        names = tuple(self.parameters)
        places = {**self.network.places, "gradient": names, **dict.fromkeys(SCALARS, ("all",))}
        changing = [*(f"parameter {name}" for name in self.trained), *(f"buffer {name}" for name in self.buffers)]
        suspects = ["loss", *(f"gradient {name}" for name in names), *changing]
        return Recorder(places, suspects, steps=max(1, self.cohort.steps), members=members, device=self.device)

    def _step(self, step: int) -> None:
        """Forward, backward, record, update."""
        batch = self.batches.next()
        run = self._pass(self.parameters, step)
        loss, flow, gradients = self._backward(run, batch)
        self._record_flow(step, flow, gradients[len(self.parameters) :])
        clipped = self._clip(step, loss, gradients[: len(self.parameters)])
        if self.cohort.steps:
            self._update(step, clipped, run.updates, batch)

    def _pass(self, parameters: Mapping[str, Tensor], step: int) -> Pass:
        """A forward pass of this step: repeated, it draws the same numbers."""
        uniform = partial(self._draws.uniform, step=step, dtype=self.dtype)
        return Pass(parameters, self.buffers, training=True, uniform=uniform)

    def _backward(self, run: Pass, batch: Batch) -> tuple[Tensor, Flow, list[Tensor]]:
        """Loss [member], flow, and the gradients of every parameter and then of every flow point."""
        inputs, targets = batch
        flow = self.network(run, inputs)
        loss = self.task.loss(flow.output, targets)
        points = [tensor for places in flow.points.values() for place in places for tensor in place]
        gradients = torch.autograd.grad(loss.sum(), [*run.parameters.values(), *points], materialize_grads=True)
        return loss.detach(), flow, list(gradients)

    def _record_flow(self, step: int, flow: Flow, gradients: Sequence[Tensor]) -> None:
        flowing = iter(gradients)
        for quantity, places in flow.points.items():
            by_place = [[next(flowing) for _ in place] for place in places]
            self.recorder.write(step, quantity, signal(by_place))

    def _clip(self, step: int, loss: Tensor, gradients: list[Tensor]) -> list[Tensor]:
        """Records norms and the loss; the clipped gradients of what is trained. What is frozen is not clipped for."""
        each = norms(gradients)
        before = torch.linalg.vector_norm(each.index_select(0, self._trained_rows), dim=0)
        old = self._of_trained(self.parameters.values())
        clipped, factor = self.parts["clipping"].clip(self._of_trained(gradients), old, before)
        after = torch.linalg.vector_norm(norms(clipped), dim=0)
        write = self.recorder.write
        write(step, "gradient", each / self.root_sizes)
        write(step, "norm_before_clipping", before)
        write(step, "norm_after_clipping", after)
        write(step, "clip_coefficient", _coefficient(factor, before, after))
        write(step, "loss", loss.double())
        self.recorder.write_bad(step, 0, ~torch.cat([loss.double().unsqueeze(0), each]).isfinite())
        return clipped

    def _of_trained(self, tensors: Iterable[Tensor]) -> list[Tensor]:
        """Those that belong to a trained parameter, of one tensor per parameter."""
        return [tensor.detach() for tensor, p in zip(tensors, self.network.parameters, strict=True) if p.trained]

    @torch.no_grad()
    def _update(self, step: int, gradients: list[Tensor], buffers: Mapping[str, Tensor], batch: Batch) -> None:
        """One optimizer step; a member that is or becomes non-finite stays at its last finite state."""
        rate = self.parts["lr"].at(step, self.cohort.steps)
        old = self._of_trained(self.parameters.values())
        decayed = self.parts["regularization"].decay(old, gradients)
        again = partial(self._again, step, batch)
        new = self.parts["optimizer"].update(old, decayed, self.state, lr=rate, count=step + 1, again=again)
        new = self.parts["regularization"].constrain(new)
        changed = {**self.buffers, **buffers}
        bad = torch.stack([~value.isfinite().flatten(1).all(1) for value in [*new, *changed.values()]])
        self.recorder.write_bad(step, 1 + len(self.parameters), bad)
        for parameter, value in zip(old, new, strict=True):
            parameter.copy_(self._where_alive(value, parameter))
        self.buffers = {name: self._where_alive(value, self.buffers[name]) for name, value in changed.items()}

    def _where_alive(self, new: Tensor, old: Tensor) -> Tensor:
        # where, never a product with the mask: nan * 0 is nan
        return torch.where(self.recorder.alive.view(-1, *[1] * (new.dim() - 1)), new, old)

    def _again(self, step: int, batch: Batch, values: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Loss [member] and clipped, decayed gradients at other values of what is trained, on the same batch."""
        with torch.enable_grad():
            changed = {name: value.detach().requires_grad_() for name, value in zip(self.trained, values, strict=True)}
            parameters = {**self.parameters, **changed}
            loss, _, gradients = self._backward(self._pass(parameters, step), batch)
        ours = self._of_trained(gradients[: len(parameters)])
        clipped, _ = self.parts["clipping"].clip(ours, list(values), torch.linalg.vector_norm(norms(ours), dim=0))
        return loss, self.parts["regularization"].decay(list(values), clipped)

    @torch.no_grad()
    def _held_out_loss(self) -> Tensor:
        losses = [
            self.task.loss(self.network(Pass(self.parameters, self.buffers), inputs).output, targets)
            for inputs, targets in self.batches.held_out()
        ]
        # one after the other: mean(0) adds the last few columns of a wide cohort in another order than the rest
        return sum(loss.double() for loss in losses) / len(losses)

    def _records(self, held_out: np.ndarray) -> list[MemberRecord]:
        steps = np.array([0, self.cohort.steps][: len(held_out)])
        extra = [{"held_out_loss": Series(("all",), steps, column[:, None])} for column in held_out.T]
        records = self.recorder.records(self.cohort.members, extra)
        if not self.cohort.keep_weights:
            return records
        return [
            replace(record, weights=by_name({**self.parameters, **self.buffers}, slot))
            for slot, record in enumerate(records)
        ]


def _coefficient(factor: Tensor, before: Tensor, after: Tensor) -> Tensor:
    """The share of the norm that clipping left: `factor` for norm clipping, after/before where entries were clamped."""
    clamped = (factor == 1) & (after != before)
    return torch.where(clamped, after / before, factor)
