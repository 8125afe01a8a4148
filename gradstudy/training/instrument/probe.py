"""What is measured on a few steps only, in float64 and on one batch that stays the same.

A probe repeats the first training step's pass, its batch and its dropout masks, with the weights of its own step. In
float64 a signal of 1e-60 is still a number: where the training's own record reads 0, `signal_float64` tells whether
that is a true zero or an underflow of float32.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradstudy.kernels.compiled import runs_compiled
from gradstudy.network import Flow, Network, Pass, Probe, numbered
from gradstudy.quantities import by_distance, exact, followed_answers, forward, from_last_answer
from gradstudy.records import Series
from gradstudy.training.flat import Flat, Leaves
from gradstudy.training.instrument import inspection
from gradstudy.training.instrument.norms import flow_rms, rms, rms_of_stacks
from gradstudy.training.start.batches import Examples

JACOBIAN_ROWS, JACOBIAN_SAMPLES = 512, (2, 16)
"""How many backward passes a Jacobian takes, one per sample and output; but of 2 samples at least and 16 at most."""
NOISE_GROUPS = 8

MakePass = Callable[[Leaves, Mapping[str, Tensor], Probe], Pass]
"""Parameters, buffers and a probe -> a pass that repeats the first step's draws."""


def probe_steps(steps: int) -> frozenset[int]:
    """Steps 0, 1, 3, 10, 30, 100, ... and the last of so many: evenly spread over decades."""
    spread = (first * 10**decade for decade in range(len(str(steps))) for first in (1, 3))
    return frozenset({0, max(steps - 1, 0), *(step for step in spread if step < steps)})


class Prober:
    """What probes find of a cohort. `request` names what is measured beside the standard quantities.

    `each_step`: places are time steps, at each of which something is asked; outputs are [member, batch, time, ...].
    """

    def __init__(
        self,
        network: Network,
        parts: Mapping[str, Any],
        task: Any,
        *,
        steps: int,
        request: Sequence[str],
        each_step: bool,
    ):
        self._network, self._parts, self._task, self._each_step = network, parts, task, each_step
        self._steps, self._request = probe_steps(steps), request
        self._flat = Flat(network.parameters)
        self._trained = self._flat.names[: self._flat.trained]
        self._batch: Examples | None = None
        self._gradient: Tensor | None = None
        self._edge: Tensor | None = None
        self._found: dict[str, list[tuple[int, Tensor]]] = defaultdict(list)
        self._places: dict[str, tuple[str, ...]] = {}

    def keep(self, slots: Sequence[int], network: Network, parts: Mapping[str, Any]) -> None:
        """Goes on with the members of these slots, of which this network and its parts are made."""
        self._network, self._parts, chosen = network, parts, list(slots)
        self._edge = None
        if self._batch is not None:
            self._batch = self._batch[0][chosen], self._batch[1][chosen]
        if self._gradient is not None:
            self._gradient = self._gradient[chosen]
        for quantity, looks in self._found.items():
            self._found[quantity] = [(step, values[:, chosen]) for step, values in looks]

    def is_due(self, step: int) -> bool:
        return step in self._steps

    def look(self, step: int, batch: Examples, leaves: Leaves, buffers: Mapping[str, Tensor], make: MakePass) -> None:
        """Keeps, before the update of a step, what these parameters and buffers make of the first batch.

        `leaves` are in float64, and for this look alone.
        """
        inputs, targets = self._first(batch)
        buffers = {name: value.detach().double().requires_grad_() for name, value in buffers.items()}
        probe = Probe(by_hand=not self._request)
        with torch.enable_grad():
            flow = self._network(make(leaves, buffers, probe), inputs)
            self._look_around(step, flow, probe)
            self._look_back(step, flow, targets, probe, leaves)
            trained = [leaves.values[name] for name in self._trained]
            self._look_further(step, flow, (inputs, targets), trained)

    @torch.no_grad()
    def see_update(self, step: int, old: Tensor, new: Tensor, below_eps: Tensor | None, alive: Tensor) -> None:
        """Keeps, after the update of a step, how far each trained parameter moved, and what eps held back.

        All are rows of parameters. A member that has just diverged did not move: nan.
        """
        ratio = inspection.update_ratio(self._flat, old, new)
        self._keep(step, "update_ratio", self._trained, torch.where(alive, ratio, torch.nan))
        if below_eps is not None:
            shares = inspection.marked_shares(self._flat, below_eps)
            self._keep(step, "adam_eps_share", self._trained, torch.where(alive, shares, torch.nan))

    def series(self, ends: Sequence[int | None]) -> list[dict[str, Series]]:
        """Of every member the probe steps before its end; a copy from the device."""
        found = {
            quantity: (np.array([step for step, _ in looks]), torch.stack([v for _, v in looks]).cpu().numpy())
            for quantity, looks in self._found.items()
        }
        return [
            {
                quantity: Series(self._places[quantity], steps[keep], values[keep, :, slot])
                for quantity, (steps, values) in found.items()
                if (keep := steps < (np.inf if end is None else end)).any()
            }
            for slot, end in enumerate(ends)
        ]

    @property
    def _first_inputs(self) -> Tensor:
        assert self._batch is not None, "kept by the first look"
        return self._batch[0]

    def _first(self, batch: Examples) -> Examples:
        if self._batch is None:
            inputs, targets = batch
            self._batch = inputs.double(), targets.double() if targets.is_floating_point() else targets
        inputs, targets = self._batch
        return inputs.detach().requires_grad_("jacobian" in self._request), targets

    def _look_back(self, step: int, flow: Flow, targets: Tensor, probe: Probe, leaves: Leaves) -> None:
        """Everything that one backward pass tells."""
        if flow.back is None:
            self._look_back_by_autograd(step, flow, targets, probe, leaves)
        else:
            _, sent = self._task.loss_and_gradient(flow.output, targets)
            self._keep_signals(step, flow, flow.back(sent))
        if self._gradient is not None:
            both, length = (self._gradient, leaves.gradients), self._flat.trained_length
            self._keep(step, "gradient_cosine", ("all",), inspection.cosine(*both, length))
        self._gradient = leaves.gradients

    def _look_back_by_autograd(self, step: int, flow: Flow, targets: Tensor, probe: Probe, leaves: Leaves) -> None:
        """The same but for the gradients of what is trained, which are left where they belong."""
        trained = {name: leaves.values[name] for name in self._trained}
        points, asked = flow.tensors, [flow.output] if self._each_step else []
        forks = [way for ways in probe.forks.values() for way in ways]
        wanted, loss = [*trained.values(), *forks, *points, *asked], self._task.loss(flow.output, targets)
        again = bool(self._request) or self._each_step
        found = iter(torch.autograd.grad(loss.sum(), wanted, retain_graph=again, materialize_grads=True))
        gradients, ways, flowing, sent = (list(islice(found, len(of))) for of in (trained, forks, points, asked))
        leaves.take(dict(zip(trained, gradients, strict=True)))
        self._keep_signals(step, flow, flowing)
        if sent:
            self._look_far_back(step, flow, *sent)
        if ways:
            shares = torch.stack([inspection.skip_share(*pair) for pair in zip(ways[::2], ways[1::2], strict=True)])
            self._keep(step, "skip_share", tuple(probe.forks), shares)
            self._keep(step, "branch_share", tuple(probe.forks), 1 - shares)

    def _keep_signals(self, step: int, flow: Flow, flowing: Sequence[Tensor]) -> None:
        for quantity, signal in flow_rms(flow, flowing).items():
            self._keep(step, exact(quantity), self._network.places[quantity], signal)

    def _look_far_back(self, step: int, flow: Flow, sent: Tensor) -> None:
        """What single answers send back, of all that the loss sends into the output: all parts add up to the signal.

        The last answer's is kept as it is, and that of a few by its distance from them.
        """
        length = sent.shape[2]
        found: dict[str, dict[int, Tensor]] = {quantity: {} for quantity in flow.taps or flow.points}
        for answer in followed_answers(length):
            alone = (flow.output[:, :, answer - 1] * sent[:, :, answer - 1]).sum()  # its slope is what was sent
            flowing = torch.autograd.grad(alone, flow.tensors, retain_graph=True, materialize_grads=True)
            for quantity, signal in flow_rms(flow, flowing).items():
                found[quantity][answer] = signal
        for quantity, signals in found.items():
            self._keep(step, from_last_answer(quantity), self._network.places[quantity], signals[length])
            if length > 1:
                shares = inspection.shares_by_distance(list(signals.values()), list(signals))
                self._keep(step, by_distance(quantity), numbered("distance", len(shares)), shares)

    def _look_around(self, step: int, flow: Flow, probe: Probe) -> None:
        """Everything that the forward pass tells, before its graph is given up."""
        for quantity, places in flow.points.items():
            values = [[tensor.detach() for tensor in place] for place in places]
            self._keep(step, forward(quantity), self._network.places[quantity], rms(values))
            if quantity == "signal" and "sample_correlation" in self._request:
                alike = torch.stack([inspection.sample_correlation(place) for place in values])
                self._keep(step, "sample_correlation", self._network.places[quantity], alike)
        for quantity, layers in probe.values.items():
            self._keep(step, forward(quantity), self._network.places[quantity], rms_of_stacks(layers))
        self._look_at_units(step, probe)

    def _look_at_units(self, step: int, probe: Probe) -> None:
        activation, batch = self._parts["activation"], self._first_inputs
        if activation.rule is None or not runs_compiled(batch, torch.float64):
            self._look_at_slopes(step, probe)
            return
        rule, coefficient = activation.rule
        coefficients = torch.as_tensor(coefficient, dtype=torch.float64).expand(len(batch)).contiguous()
        applied = {site: [inspection.as_applied(y) for *_, y in entered] for site, entered in probe.entered.items()}
        applied |= probe.applied
        dead, flat = inspection.flat_units(rule, coefficients, list(applied.values()), self._edges())
        self._keep(step, "dead_units", tuple(applied), dead)
        if activation.saturates:
            self._keep(step, "saturated_units", tuple(applied), flat)

    def _edges(self) -> Tensor:
        """The slope [member] below which a unit is saturated, worked out once: none where that has no meaning."""
        if self._edge is None:
            activation, members = self._parts["activation"], len(self._first_inputs)
            steep = inspection.slope_at_zero(activation, members) if activation.saturates else torch.zeros(members)
            self._edge = inspection.SATURATED_SLOPE * steep.double()
        return self._edge

    def _look_at_slopes(self, step: int, probe: Probe) -> None:
        """The same of any nonlinearity, by autograd."""
        sites, entered = tuple(probe.entered), probe.entered.values()
        slopes = [inspection.slopes(one) for one in entered]
        self._keep(step, "dead_units", sites, torch.stack([inspection.dead_units(one) for one in slopes]))
        if self._parts["activation"].saturates:
            steepest = [inspection.steepest(one) for one in entered]
            flat = [inspection.saturated_units(*one) for one in zip(slopes, steepest, strict=True)]
            self._keep(step, "saturated_units", sites, torch.stack(flat))

    def _look_further(self, step: int, flow: Flow, batch: Examples, trained: list[Tensor]) -> None:
        """What was asked for and takes many backward passes."""
        if "jacobian" in self._request:
            self._look_at_jacobian(step, flow.output, batch[0])
        if "noise_scale" in self._request:
            self._keep(step, "noise_scale", ("all",), self._noise_scale(flow.output, batch[1], trained))

    def _look_at_jacobian(self, step: int, output: Tensor, inputs: Tensor) -> None:
        few, many = JACOBIAN_SAMPLES
        samples = max(few, min(many, JACOBIAN_ROWS // output[0, 0].numel()))
        jacobians = inspection.jacobian(output, inputs, samples)
        values = inspection.singular_values(jacobians)
        self._keep(step, "jacobian", numbered("value", len(values)), values)
        if jacobians.shape[1] > 1:
            self._keep(step, "jacobian_correlation", ("all",), inspection.jacobian_correlation(jacobians))

    def _noise_scale(self, output: Tensor, targets: Tensor, trained: list[Tensor]) -> Tensor:
        size = max(1, output.shape[1] // NOISE_GROUPS)
        starts = range(0, output.shape[1] - size + 1, size)
        losses = [
            self._task.loss(output[:, start : start + size], targets[:, start : start + size]) for start in starts
        ]
        groups = [
            _flat(torch.autograd.grad(loss.sum(), trained, retain_graph=True, materialize_grads=True))
            for loss in losses
        ]
        return inspection.noise_scale(groups, size)

    def _keep(self, step: int, quantity: str, places: Sequence[str], values: Tensor) -> None:
        """`values` are [place, member] or, of a single place, [member]."""
        self._places[quantity] = tuple(places)
        self._found[quantity].append((step, values.detach().reshape(len(places), -1)))


def _flat(gradients: Sequence[Tensor]) -> Tensor:
    """Those of all parameters as one, [member, entry]."""
    return torch.cat([gradient.flatten(1) for gradient in gradients], dim=1)
