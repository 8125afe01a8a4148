"""Losses and scores of a stacked output: one number per member, averaged over its own batch."""

import torch.nn.functional as F
from torch import Tensor


def mean_squared_error(output: Tensor, target: Tensor) -> Tensor:
    """Mean over batch and outputs of (output - target)^2, [member]; both are [member, batch, output]."""
    return (output - target).square().flatten(1).mean(1)


def cross_entropy(output: Tensor, target: Tensor) -> Tensor:
    """Mean over the batch, and over time where there is one, of -log softmax(output)[target], [member].

    `output` is [member, batch, class] or [member, batch, time, class]; `target` is the same without classes.
    """
    log_probability = F.log_softmax(output, dim=-1)
    return -log_probability.gather(-1, target.unsqueeze(-1)).flatten(1).mean(1)


def accuracy(output: Tensor, target: Tensor) -> Tensor:
    """The share of right answers, [member]. Shapes as for cross_entropy; a network of nans is never right."""
    right = (output.argmax(-1) == target) & output.isfinite().all(-1)
    return right.double().flatten(1).mean(1)
