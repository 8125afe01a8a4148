"""The stacked training loop: members of a cohort train as one network, and none notices the others.

A worker is a pure function from a cohort to records. The only reduction over members is the sum of their losses.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradstudy.network import Flow, Pass, Probe
from gradstudy.quantities import answers_each_step, baseline_scores
from gradstudy.records import Member, MemberRecord, Series
from gradstudy.training.captured import Captured, recording_on
from gradstudy.training.cohort import Cohort, halves
from gradstudy.training.compaction import worth_packing
from gradstudy.training.device import DTYPES, denormals_kept, device_here, one_thread
from gradstudy.training.divergence import Divergence
from gradstudy.training.flat import Buffers, Leaves
from gradstudy.training.instrument.norms import combined_norm, norms
from gradstudy.training.instrument.probe import Prober
from gradstudy.training.instrument.recorder import Recorder, StepNumber
from gradstudy.training.instrument.stopwatch import Stopwatch
from gradstudy.training.pulse import beat
from gradstudy.training.slices import Slices
from gradstudy.training.start.batches import Examples
from gradstudy.training.start.cohort_start import CohortStart
from gradstudy.training.start.initialization import by_name
from gradstudy.training.start.streams import Draws


def train(cohort: Cohort) -> list[MemberRecord]:
    """Trains a cohort and returns one record per member, in the cohort's order.

    A cohort that does not fit into memory is trained in halves; the records are the same. MemoryError where a single
    member does not fit.
    """
    try:
        with one_thread(cohort.tf32):
            training = _Training(cohort)
            try:
                return training.run()
            finally:
                training.release()
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        if len(cohort.members) == 1:
            raise MemoryError(
                "A single network does not fit into memory: lower model.width, model.depth or task.batch_size."
            ) from error
    return [record for half in halves(cohort.members) for record in train(replace(cohort, members=half))]


WITHOUT_PROBES, UNTIMED, TIMED_SECONDS = range(4, 10), 2, 0.2
"""Steps of a training of more steps; how many warm up (the second may be recorded), and after how many seconds it is
enough with one that was timed."""


def step_cost(cohort: Cohort, copies: int) -> tuple[float, float]:
    """Seconds of a step without probes of so many copies of the cohort's first member: the fastest of a few.

    And the bytes of a GPU's memory that they take; 0 on a CPU.
    """
    # of no more steps than are timed: tables and records of all would take memory by the copy and step
    few = WITHOUT_PROBES.stop + 1
    with one_thread(cohort.tf32):
        training = _Training(replace(cohort, members=cohort.members[:1], steps=few, record=(), keep_weights=False))
        try:
            return training.step_cost(copies)
        finally:
            training.release()


NO_MEMORY = ("can't allocate memory", "not enough memory", "bad_alloc", "out of memory", "ALLOC_FAILED")
"""What PyTorch's allocators and those of C++ and CUDA's libraries say, on one system or another, in a RuntimeError."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out: CUDA has an exception of its own, others say so in words."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in NO_MEMORY)


class _Training:
    """One cohort while it trains: stacked parts, parameters and buffers [member, ...], optimizer state, instruments."""

    def __init__(self, cohort: Cohort):
        self.cohort, self.wanted = cohort, cohort.members
        self.device, self.dtype = device_here(cohort.device), DTYPES[cohort.dtype]
        if self.device.type == "cuda":
            torch.cuda.set_device(self.device)  # where streams, events and graphs are made
        start = CohortStart(cohort, self.device, self.dtype)
        self.task, self.batches = start.task, start.batches("data")
        self._fill(start, start.values())
        self._equip(len(start.draws))
        self._scores: list[dict[str, Tensor]] = []
        self._done: dict[Member, MemberRecord] = {}

    def _fill(self, start: CohortStart, values: Mapping[str, Tensor]) -> None:
        """What is stacked of the members, from the values [member, ...] of their parameters and buffers."""
        self.parts, self.network = start.parts, start.network
        self._draws = Draws(start.draws, "dropout", self.device, self.cohort.steps)
        self.descent = Slices(self.network, start.rules(), values, start.rates(max(1, self.cohort.steps)))
        self.leaves = self.descent.leaves
        self.parameters = self.leaves.values
        self.buffers = Buffers(self.network.buffers, values)
        self.trained = tuple(self.descent.trained)
        recording = recording_on(self.device) if self.cohort.capture and self.parts["optimizer"].by_entry else None
        self.captured = Captured(self._train_untimed, recording) if recording else None

    def _equip(self, members: int) -> None:
        """The instruments, and the clock that says what they cost."""
        self.stopwatch = Stopwatch(self.device)
        self.recorder = Recorder(self.network, steps=max(1, self.cohort.steps), members=members, device=self.device)
        self.prober = Prober(
            self.network,
            self.parts,
            self.task,
            steps=self.cohort.steps,
            request=self.cohort.record,
            each_step=answers_each_step(self.network, self.task.shape),
        )
        names = tuple(self.parameters)
        changing = [*(f"parameter {name}" for name in self.trained), *(f"buffer {name}" for name in self.buffers.views)]
        suspects = ["loss", *(f"gradient {name}" for name in names), *changing]
        self.divergence = Divergence(suspects, members=members, device=self.device)

    def run(self) -> list[MemberRecord]:
        self._scores.append(self._held_out())
        with self.stopwatch.timing("everything"):
            with denormals_kept():
                self._step(0)
            for step in range(1, self.cohort.steps):
                living = self._worth_packing(step)
                if living:
                    self._finish(set(range(len(self.cohort.members))).difference(living))
                    self._go_on_with(living)
                elif living is not None:  # nobody
                    break
                self._step(step)
        self._finish(range(len(self.cohort.members)))
        self._check()
        seconds = self.stopwatch.seconds("everything")
        # no clock runs inside of what is replayed
        parts = ("probes",) if self.captured else ("recorder", "probes")
        cost = {"seconds": seconds, **{name: self.stopwatch.seconds(name) / seconds for name in parts}}
        return [replace(self._done[member], cost=cost) for member in self.wanted]

    def release(self) -> None:
        """Lets go of what was recorded, which holds on to this training, and with it to the memory of both."""
        self.captured = None

    def _worth_packing(self, step: int) -> list[int] | None:
        """With which slots to go on alone, if so. A GPU is asked only where a probe makes it wait anyway."""
        if self.device.type != "cpu" and not self.prober.is_due(step):
            return None
        return worth_packing(self.divergence.alive, len(self.cohort.members), self.cohort.steps - step)

    def _go_on_with(self, chosen: Sequence[int]) -> None:
        """Goes on with the members of these slots as they are, and with no others."""
        self._check()
        members = tuple(self.cohort.members[slot] for slot in chosen)
        parts = {member.trial: self.cohort.parts[member.trial] for member in members}
        self.cohort = replace(self.cohort, members=members, parts=parts)
        start = CohortStart(self.cohort, self.device, self.dtype)
        slots = [*chosen, *[chosen[-1]] * (len(start.draws) - len(chosen))]
        values = {name: value.detach()[slots] for name, value in {**self.parameters, **self.buffers.views}.items()}
        before = self.descent
        self._fill(start, values)
        self.descent.take_over(before, slots)
        self.batches.keep(slots)
        self.recorder.keep(slots)
        self.prober.keep(slots, self.network, self.parts)
        self.divergence.keep(slots)
        self._scores = [{name: score[slots] for name, score in one.items()} for one in self._scores]

    def step_cost(self, copies: int) -> tuple[float, float]:
        """See the function of that name."""
        if self.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self.device)
            before = torch.cuda.memory_allocated(self.device)
        self._go_on_with([0] * copies)
        seconds: list[float] = []
        for step in WITHOUT_PROBES:
            with self.stopwatch.timing(f"step {step}"):
                self._step(step)
            seconds.append(self.stopwatch.seconds(f"step {step}"))
            if sum(seconds[UNTIMED:]) > TIMED_SECONDS:
                break
        memory = torch.cuda.max_memory_allocated(self.device) - before if self.device.type == "cuda" else 0
        return min(seconds[UNTIMED:]), memory

    def _step(self, step: int) -> None:
        """A step: with looks before and behind it where one is due, else on a GPU replayed."""
        beat()
        batch = self.batches.next()
        if self.prober.is_due(step):
            self._train_and_look(step, batch)
        elif self.captured:
            self.captured(step, batch)
        else:
            self._train(step, batch)

    def _train_and_look(self, step: int, batch: Examples) -> None:
        """A step, what the network was before it, and what has changed behind it."""
        with self.stopwatch.timing("probes"):
            self.prober.look(step, batch, self.leaves.in_float64(), self.buffers.views, self._probing)
        before = self.leaves.rows.clone()
        self._train(step, batch)
        if self.cohort.steps:
            with self.stopwatch.timing("probes"):
                below, alive = self.descent.below_eps(step), self.divergence.alive
                self.prober.see_update(step, before, self.leaves.rows, below, alive)

    def _train(self, step: StepNumber, batch: Examples) -> None:
        """Forward, backward, record, update."""
        inputs, targets = batch
        run = self._pass(self.parameters, step, self.leaves.into)
        flow = self.network(run, inputs)
        loss, flowing = self._back(flow, targets)
        with self.stopwatch.timing("recorder"):
            self.recorder.write_flow(step, flow, flowing)
        self._clip(step, loss)
        if self.cohort.steps:
            self._update(step, run.updates, batch)

    def _train_untimed(self, step: StepNumber, batch: Examples) -> None:
        with self.stopwatch.stopped():
            self._train(step, batch)

    def _check(self) -> None:
        """RuntimeError where a device has not done what it was to replay."""
        if self.captured:
            self.captured.check()

    def _pass(self, parameters: Mapping[str, Tensor], step: StepNumber, into: Mapping[str, Tensor]) -> Pass:
        """A forward pass of this step: repeated, it draws the same numbers."""
        uniform = partial(self._draws.uniform, step=step, dtype=self.dtype)
        return Pass(parameters, self.buffers.views, training=True, uniform=uniform, into=into)

    def _probing(self, leaves: Leaves, buffers: Mapping[str, Tensor], probe: Probe) -> Pass:
        """The first step's pass, with other values in float64."""
        uniform = partial(self._draws.uniform, step=0, dtype=torch.float64)
        return Pass(leaves.values, buffers, training=True, uniform=uniform, probe=probe, into=leaves.into)

    def _back(self, flow: Flow, targets: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Loss [member] and gradients of the flow; leaves those of all parameters with the descent."""
        if flow.back is not None:
            loss, sent = self.task.loss_and_gradient(flow.output, targets)
            return loss, flow.back(sent)
        loss = self.task.loss(flow.output, targets)
        gradients = _gradients(loss, [*self.parameters.values(), *flow.tensors])
        self.leaves.take(dict(zip(self.parameters, gradients, strict=False)))
        return loss.detach(), gradients[len(self.parameters) :]

    @torch.no_grad()
    def _clip(self, step: StepNumber, loss: Tensor) -> None:
        """Clips the gradients of what is trained, and records loss and norms. What is frozen is not clipped for."""
        each, before = self.descent.norms()
        after, factor = self.descent.clip(before)
        with self.stopwatch.timing("recorder"):
            self.recorder.write_gradients(step, loss, each, before)
            self.recorder.write_clipping(step, before, after, factor)
        self.divergence.note_numbers(step, 0, [loss.unsqueeze(0), each])

    @torch.no_grad()
    def _update(self, step: StepNumber, buffers: Mapping[str, Tensor], batch: Examples) -> None:
        """One optimizer step; a member that is or becomes non-finite stays at its last finite state."""
        first = 1 + len(self.parameters)
        spoilt = self.buffers.look_at(buffers, len(self.divergence.alive))
        self.divergence.note(step, first + len(self.trained), spoilt)
        if self.parts["optimizer"].by_entry:
            bad = self.descent.move(step, self.divergence.alive)
        else:
            bad = self.descent.search(step, self.divergence.alive, partial(self._again, step, batch))
        self.divergence.note(step, first, bad)
        self.descent.constrain(self.divergence.alive)
        self.buffers.settle(self.divergence.alive)

    def _again(self, step: StepNumber, batch: Examples, values: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Loss [member] and clipped, decayed gradients at other values of what is trained, on the same batch."""
        with torch.enable_grad():
            changed = {name: value.detach().requires_grad_() for name, value in zip(self.trained, values, strict=True)}
            inputs, targets = batch
            run = self._pass({**self.parameters, **changed}, step, {})
            loss = self.task.loss(self.network(run, inputs).output, targets)
        gradients = _gradients(loss, list(changed.values()))
        clipped, _ = self.parts["clipping"].clip(gradients, list(values), combined_norm(norms(gradients)))
        return loss.detach(), self.descent.decayed(values, clipped)

    @torch.no_grad()
    def _held_out(self) -> dict[str, Tensor]:
        """What the held-out set says of the network as it is, by quantity, [member]."""
        pieces = [
            self.task.scores(self.network(Pass(self.parameters, self.buffers.views), inputs).output, targets)
            for inputs, targets in self.batches.held_out()
        ]
        # one after the other: mean(0) adds the last few columns of a wide cohort in another order than the rest
        return {name: sum(piece[name].double() for piece in pieces) / len(pieces) for name in pieces[0]}

    def _task_of(self, member: Member) -> Any:
        return self.cohort.parts[member.trial]["task"]

    def _has(self, member: Member, quantity: str) -> bool:
        """Of what a cohort finds one kind of member has not all: those whose optimizer has no eps."""
        return quantity != "adam_eps_share" or self.cohort.parts[member.trial]["optimizer"].has_eps

    def _finish(self, slots: Collection[int]) -> None:
        """Makes the records of these members, each cut after its first bad step; the ballast behind them has none."""
        held_out = [*self._scores, self._held_out()] if self.cohort.steps else self._scores
        outcomes = self.divergence.outcomes()[: len(self.cohort.members)]
        ends = [None if step is None else step + 1 for step, _ in outcomes]
        scores = {name: torch.stack([one[name] for one in held_out]).cpu().numpy() for name in held_out[0]}
        steps = np.array([0, self.cohort.steps][: len(held_out)])
        self._done |= {
            member: MemberRecord(
                member.trial,
                member.seed,
                {
                    **recorded,
                    **{name: found for name, found in probed.items() if self._has(member, name)},
                    **{name: Series(("all",), steps, values[:, slot, None]) for name, values in scores.items()},
                    **{name: _at_start(score) for name, score in baseline_scores(self._task_of(member)).items()},
                },
                *outcome,
                weights=by_name({**self.parameters, **self.buffers.views}, slot) if self.cohort.keep_weights else {},
            )
            for slot, (member, outcome, recorded, probed) in enumerate(
                zip(self.cohort.members, outcomes, self.recorder.series(ends), self.prober.series(ends), strict=True)
            )
            if slot in slots
        }


def _at_start(score: float) -> Series:
    return Series(("all",), np.zeros(1, dtype=int), np.full((1, 1), score))


def _gradients(loss: Tensor, wanted: Sequence[Tensor]) -> list[Tensor]:
    """Of each member's own loss [member]: no member's depends on another's tensors."""
    return list(torch.autograd.grad(loss.sum(), wanted, materialize_grads=True))
