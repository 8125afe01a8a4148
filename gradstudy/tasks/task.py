"""What every task promises, and what those share whose data are drawn anew with every batch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from gradstudy.kernels.compiled import runs_compiled
from gradstudy.kernels.losses import cross_entropy_into
from gradstudy.network import Shape, spread_over
from gradstudy.parts import Part, number
from gradstudy.tasks.baseline import Baseline

Arrays = tuple[np.ndarray, np.ndarray]
"""Inputs [count, *shape] and targets [count, ...]."""

HELD_OUT = 128
LARGEST_BATCH, LONGEST_SEQUENCE = 1_000_000, 100_000


@dataclass(frozen=True)
class Task(Part, group="task"):
    """What a network is trained on. `batch` and `held_out` draw from the stream that they are given.

    `content` tells apart data that a file may change: batches of equal tasks with equal content are drawn once for all
    cohorts. `smallest_batch` and `largest_batch` are how many rows one may have.
    """

    batch_size: int = number(32, at_least=1, at_most=LARGEST_BATCH)

    @property
    def content(self) -> str:
        return ""

    @property
    def about(self) -> Mapping[str, str]:
        """What was read of a person's own data, in words by what they are about; nothing of data that everybody has."""
        return {}

    @property
    def shape(self) -> Shape:
        """What goes in and out. ValueError where the data cannot be had."""
        raise NotImplementedError

    @property
    def largest_batch(self) -> int:
        return self.batch_size

    @property
    def smallest_batch(self) -> int:
        return self.batch_size

    @property
    def baseline(self) -> Baseline | None:
        """What the best answer scores that looks at no input; None where nothing is to be learned, or it is unknown."""
        return None

    def batch(self, stream: np.random.Generator) -> Arrays:
        """The next batch to train on."""
        raise NotImplementedError

    def held_out(self, stream: np.random.Generator) -> Arrays:
        """What is never trained on."""
        raise NotImplementedError

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """Mean squared error for numbers, cross-entropy for classes, [member]; outputs are [member, batch, ...]."""
        return mean_squared_error(output, target) if target.is_floating_point() else cross_entropy(output, target)

    def loss_and_gradient(self, output: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """The loss [member] of an output that is no part of a graph, and its gradient by that output."""
        if type(self).loss is Task.loss and not target.is_floating_point() and _is_graded(output):
            return _graded_cross_entropy(output, target)
        leaf = output.detach().requires_grad_()
        loss = self.loss(leaf, target)
        (gradient,) = torch.autograd.grad(loss.sum(), [leaf])
        return loss.detach(), gradient

    def scores(self, output: Tensor, target: Tensor) -> dict[str, Tensor]:
        """What a held-out set tells, by quantity, [member]: the loss, and the accuracy where targets are classes."""
        scores = {"held_out_loss": self.loss(output, target)}
        return scores if target.is_floating_point() else {**scores, "held_out_accuracy": accuracy(output, target)}


@dataclass(frozen=True)
class Drawn(Task):
    """A task without a data set: every batch is new, and 128 samples of a stream of their own are held out."""

    def batch(self, stream: np.random.Generator) -> Arrays:
        return self.draw(stream, self.batch_size)

    def held_out(self, stream: np.random.Generator) -> Arrays:
        return self.draw(stream, HELD_OUT)

    def draw(self, stream: np.random.Generator, count: int) -> Arrays:
        """So many samples."""
        raise NotImplementedError


def mean_squared_error(output: Tensor, target: Tensor) -> Tensor:
    """Mean over batch and outputs of (output - target)^2, [member]; both are [member, batch, output]."""
    return (output - target).square().flatten(1).mean(1)


def cross_entropy(output: Tensor, target: Tensor) -> Tensor:
    """Mean over the batch, and over time where there is one, of -log softmax(output)[target], [member].

    `output` is [member, batch, class] or [member, batch, time, class]; `target` is the same without classes.
    """
    if output.requires_grad and _is_graded(output):
        found: Tensor = _CrossEntropy.apply(output, target)  # type: ignore[no-untyped-call]
        return found
    log_probability = F.log_softmax(output, dim=-1)
    return -log_probability.gather(-1, target.unsqueeze(-1)).flatten(1).mean(1)


class _CrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, output: Tensor, target: Tensor) -> Tensor:
        losses, ctx.gradient = _graded_cross_entropy(output.detach(), target)
        return losses

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, sent: Tensor) -> tuple[Tensor, None]:
        return ctx.gradient * spread_over(sent, ctx.gradient), None


def _is_graded(output: Tensor) -> bool:
    """Whether the loss of such an output and its gradient are to be had at once."""
    return runs_compiled(output, torch.float32, torch.float64)


def _graded_cross_entropy(output: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """In machine code: the loss, and its gradient by the output."""
    members, classes = len(output), output.shape[-1]
    samples = output.contiguous().view(members, -1, classes)
    losses, gradient = samples.new_empty(members), torch.empty_like(samples)
    numbers = target.contiguous().view(members, -1)
    cross_entropy_into(samples.numpy(), numbers.numpy(), losses.numpy(), gradient.numpy())
    return losses, gradient.view(output.shape)


def accuracy(output: Tensor, target: Tensor) -> Tensor:
    """The share of right answers, [member]. Shapes as for cross_entropy; a network of nans is never right."""
    right = (output.argmax(-1) == target) & output.isfinite().all(-1)
    return right.double().flatten(1).mean(1)
