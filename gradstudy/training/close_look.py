"""What is looked at only where something is wrong with a configuration: it costs passes of its own.

How curved the loss is where members start and where they end, how large their weights and their data are.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradstudy.network import Pass, spread_over
from gradstudy.training.cohort import Cohort
from gradstudy.training.device import device_here, one_thread
from gradstudy.training.start.batches import Examples
from gradstudy.training.start.cohort_start import CohortStart
from gradstudy.training.start.streams import Draws, numpy_stream

LANCZOS_STEPS = 10
"""Products with the Hessian: the largest eigenvalue stands apart from the others, and is known to a few per cent."""
ROWS, MOST_BATCHES = 64, 16
"""The loss is that of batches which hold so many rows together, and of no more batches than that."""
STEP = 1e-5
"""How far apart gradients are taken, as a part of the length of the weights: float64 has 16 digits, half go here."""
DATA_ROWS = 1024
"""Rows that tell how large data are."""


@dataclass(frozen=True)
class DataScale:
    """How large data are, over rows to train on: root mean squares, and standard deviations.

    `features` [feature] are those of single inputs where these are plain features; `offset` is the mean of an input
    over its deviation, of the typical feature. `target` is that of targets that are numbers, None where they are
    classes.
    """

    inputs: float
    largest: float
    features: np.ndarray
    offset: float
    target: float | None


@dataclass(frozen=True)
class StartingWeight:
    """A hidden weight before training: the root mean square of the lengths of its rows, of the typical member.

    `are_copies`: all rows are equal, in every member. `inputs`: how many numbers a row has.
    """

    name: str
    length: float
    inputs: int
    are_copies: bool


class CloseLook:
    """Asked of members that were trained as these cohorts, whose last finite weights [member] are `ends`."""

    def __init__(self, cohorts: Sequence[Cohort], ends: Sequence[Mapping[str, np.ndarray]]):
        self._cohorts, self._ends = tuple(cohorts), ends

    @property
    def parts(self) -> Mapping[str, Any]:
        """What the members are made of, by group."""
        cohort = self._cohorts[0]
        return cohort.parts[cohort.members[0].trial]

    @property
    def steps(self) -> int:
        """For how many steps they were to be trained."""
        return self._cohorts[0].steps

    @cached_property
    def sharpness(self) -> np.ndarray:
        """The largest curvature of the loss at step 0, [member]; nan where it is not finite."""
        return np.concatenate([sharpness(cohort) for cohort in self._cohorts])

    @cached_property
    def last_sharpness(self) -> np.ndarray:
        """The same where the members ended, or were finite for the last time."""
        left = iter(self._ends)
        ends = [[next(left) for _ in cohort.members] for cohort in self._cohorts]
        return np.concatenate([sharpness(*each) for each in zip(self._cohorts, ends, strict=True)])

    @cached_property
    def weights(self) -> tuple[StartingWeight, ...]:
        """Every hidden or recurrent weight at step 0."""
        cohort = self._cohorts[0]
        start = CohortStart(cohort, torch.device("cpu"), torch.float64)
        values, hidden = start.values(), (p for p in start.network.parameters if p.role in ("hidden", "recurrent"))
        return tuple(_starting_weight(p.name, values[p.name].detach()[: len(cohort.members)]) for p in hidden)

    @cached_property
    def data(self) -> DataScale:
        """How large inputs and targets are."""
        return data_scale(self.parts["task"], self._cohorts[0].study_seed)


def _starting_weight(name: str, values: Tensor) -> StartingWeight:
    rows = values.flatten(2)
    lengths = rows.square().sum(2).mean(1).sqrt()
    copies = rows.shape[1] > 1 and bool((rows == rows[:, :1]).all())
    return StartingWeight(name, float(lengths.median()), rows.shape[2], copies)


@np.errstate(all="ignore")  # squares of data may leave the range of float64
def data_scale(task: Any, study_seed: int) -> DataScale:
    """How large what a task feeds into a network is, from some thousand rows of a stream of their own."""
    stream = numpy_stream(study_seed, 0, "scale")
    drawn = [task.batch(stream)]
    while sum(len(inputs) for inputs, _ in drawn) < DATA_ROWS and len(drawn) < DATA_ROWS // 8:
        drawn.append(task.batch(stream))
    inputs, targets = (np.concatenate(arrays) for arrays in zip(*drawn, strict=True))
    features = inputs.reshape(len(inputs), -1).astype(float)
    deviations = features.std(0)
    varying = deviations > 0
    own = np.sqrt(np.square(features).mean(0))
    return DataScale(
        inputs=float(np.sqrt(np.square(features).mean())),
        largest=float(np.abs(features).max()),
        features=own[varying] if inputs.ndim == 2 else np.empty(0),
        offset=float(np.median(np.abs(features.mean(0)[varying]) / deviations[varying])) if varying.any() else 0.0,
        target=float(np.sqrt(np.square(targets).mean())) if targets.dtype.kind == "f" else None,
    )


def sharpness(cohort: Cohort, weights: Sequence[Mapping[str, np.ndarray]] | None = None) -> np.ndarray:
    """The largest eigenvalue of the Hessian of the mean loss over a few batches, [member], at step 0 or at `weights`.

    By Lanczos' iteration in float64, one for all members, from the gradient and a little noise. Its products with the
    Hessian are differences of gradients, so that it asks nothing of a network but its gradient. 0 where the loss curves
    upwards in no direction; nan where a gradient is not finite.
    """
    with one_thread():
        return _Curvature(cohort, weights).largest()


class _Curvature:
    """A stacked loss around one point, its vectors [member, entry of any trained parameter]."""

    def __init__(self, cohort: Cohort, weights: Sequence[Mapping[str, np.ndarray]] | None):
        self.device = device_here(cohort.device)
        start = CohortStart(cohort, self.device, torch.float64)
        self.members, self.network, self.task = len(cohort.members), start.network, start.task
        self.values = {name: value.detach() for name, value in start.values().items()}
        if weights is not None:
            for slot in range(len(start.draws)):  # the ballast behind the cohort copies its last member
                for name, own in weights[min(slot, self.members - 1)].items():
                    self.values[name][slot] = torch.from_numpy(np.asarray(own, float)).to(self.device)
        self.trained = [p.name for p in self.network.parameters if p.trained]
        rows = cohort.parts[cohort.members[0].trial]["task"].smallest_batch
        batches = start.batches("data")
        self.batches: list[Examples] = [batches.next() for _ in range(min(max(ROWS // rows, 1), MOST_BATCHES))]
        self.uniform = partial(Draws(start.draws, "dropout", self.device).uniform, step=0, dtype=torch.float64)

    def largest(self) -> np.ndarray:
        here = self._flat(self.values[name] for name in self.trained)
        step = STEP * (1.0 + here.norm(dim=1, keepdim=True))
        gradient = self._gradient(here)
        noise = torch.randn(here.shape[1], generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        vectors = [_unit(_unit(gradient) + _unit(noise.to(self.device).expand_as(here)))]
        rounds = min(LANCZOS_STEPS, here.shape[1])
        small = torch.zeros(len(here), rounds, rounds, dtype=torch.float64, device=self.device)
        for row in range(rounds):
            ahead, behind = (self._gradient(here + side * step * vectors[-1]) for side in (1.0, -1.0))
            product = (ahead - behind) / (2 * step)
            small[:, row, row] = (product * vectors[-1]).sum(1)
            for vector in (*vectors, *vectors):  # twice: rounding leaves what one pass should have taken away
                product = product - (product * vector).sum(1, keepdim=True) * vector
            if row + 1 < rounds:
                length = product.norm(dim=1)
                small[:, row, row + 1] = small[:, row + 1, row] = length
                vectors.append(_unit(product))
        finite = small.isfinite().flatten(1).all(1)
        found = torch.linalg.eigvalsh(torch.where(spread_over(finite, small), small, 0.0))[:, -1].clamp(min=0.0)
        return np.asarray(torch.where(finite, found, torch.nan)[: self.members].cpu().numpy())

    def _gradient(self, at: Tensor) -> Tensor:
        """Of the mean loss over the batches, with these values of what is trained."""
        found = torch.zeros_like(at)
        with torch.enable_grad():
            for inputs, targets in self.batches:
                parameters = {**self.values, **dict(zip(self.trained, self._pieces(at), strict=True))}
                run = Pass(parameters, self.values, training=True, uniform=self.uniform)
                loss = self.task.loss(self.network(run, inputs).output, targets)
                wanted = [parameters[name] for name in self.trained]
                found += self._flat(torch.autograd.grad(loss.sum(), wanted, materialize_grads=True))
        return found / len(self.batches)

    def _pieces(self, flat: Tensor) -> Iterator[Tensor]:
        shapes = [self.values[name].shape for name in self.trained]
        pieces = torch.split(flat, [shape[1:].numel() for shape in shapes], dim=1)
        for piece, shape in zip(pieces, shapes, strict=True):
            yield piece.reshape(shape).detach().requires_grad_()

    def _flat(self, tensors: Any) -> Tensor:
        return torch.cat([tensor.detach().flatten(1) for tensor in tensors], dim=1)


def _unit(vectors: Tensor) -> Tensor:
    """Of length 1, and zero where there is no direction."""
    lengths = vectors.norm(dim=1, keepdim=True)
    return torch.where(lengths > 1e-12, vectors / lengths, 0.0)
