"""A small perceptron to look into, its twin in plain torch, and its gradients."""

import torch

from gradstudy.factors import init
from gradstudy.factors.model.mlp import Mlp
from gradstudy.tasks.random_signal import RandomSignal
from gradstudy.training.start.batches import Batches
from support.cohorts import parts

SIGNAL = RandomSignal(features=6, outputs=5, batch_size=8)
EXACT = {"dtype": "float64", "seeds": 1, "keep_weights": True}


def mlp(**changes):
    return parts(**({"model": Mlp(width=6, depth=3), "task": SIGNAL, "init": init.Lecun()} | changes))


def values(record, quantity, place=None):
    series = record.series[quantity]
    return series.values[:, series.places.index(place) if place else 0]


def first_batch(trial):
    """Inputs and targets of seed 0's first step."""
    batches = Batches([trial["task"]], [(0, 0)], torch.device("cpu"), torch.float64, "data")
    return tuple(array[0] for array in batches.next())


def twin_output(weights, inputs):
    """The output of a plain tanh MLP of three layers with these tensors."""
    x = inputs
    for index in (1, 2, 3):
        x = torch.tanh(x @ weights[f"layer_0{index}.weight"].T + weights[f"layer_0{index}.bias"])
    return x @ weights["readout.weight"].T + weights["readout.bias"]


def tensors_of(record):
    return {name: torch.as_tensor(value).requires_grad_() for name, value in record.weights.items()}


def gradient(weights, inputs, targets):
    """Of the mean loss, all parameters in one vector."""
    loss = (twin_output(weights, inputs) * targets).sum(1).mean()
    return torch.cat([g.flatten() for g in torch.autograd.grad(loss, list(weights.values()))])
