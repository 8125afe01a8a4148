"""Level 1 of parity: what plain `nn.Module` and `torch.optim` make of the same weights and data in float64."""

import math
from dataclasses import replace

import numpy as np
import torch
from torch import nn

from gradstudy.factors import lr
from gradstudy.training.engine import train
from gradstudy.training.start.streams import numpy_stream
from support.cohorts import cohort

SEED = 1


def assert_equals_twin(make_twin, trial, *, make_optimizer=None, rename=lambda name: name, steps=(1, 3), after=None):
    """Losses, weights and buffers after each of these numbers of steps equal those of the twin.

    `make_twin()` gives a plain nn.Module from inputs to outputs, `make_optimizer(parameters)` its optimizer (SGD at
    the trial's rate if None), `rename` turns our names into those of its state dict, and `after(twin)` is called behind
    every step. The member stands behind others with another learning rate.
    """
    neighbour = trial | {"lr": lr.Constant(0.5)}
    whole = cohort(neighbour, trial, seeds=SEED + 1, dtype="float64", keep_weights=True)
    initial = train(replace(whole, steps=0))[-1]
    for count in steps:
        record = train(replace(whole, steps=count))[-1]
        twin = make_twin().double()
        _load(twin, initial.weights, rename)
        optimizer = (
            make_optimizer(twin.parameters())
            if make_optimizer
            else torch.optim.SGD(twin.parameters(), trial["lr"].value)
        )
        held_out = [_held_out(twin, trial["task"])]
        losses = _steps(twin, trial, optimizer, count, after)
        held_out.append(_held_out(twin, trial["task"]))
        np.testing.assert_allclose(record.series["loss"].values[:, 0], losses, rtol=1e-10)
        np.testing.assert_allclose(record.series["held_out_loss"].values[:, 0], held_out, rtol=1e-10)
        state = twin.state_dict()
        for name, ours in record.weights.items():
            np.testing.assert_allclose(ours, state[rename(name)].numpy(), rtol=1e-10, atol=1e-12, err_msg=name)


def _load(twin, weights, rename):
    state = {rename(name): torch.from_numpy(value) for name, value in weights.items()}
    counters = {name: value for name, value in twin.state_dict().items() if name.endswith("num_batches_tracked")}
    twin.load_state_dict({**counters, **state})


def _loss(output, targets):
    if targets.dtype == torch.int64:
        return nn.functional.cross_entropy(output.flatten(0, -2), targets.flatten())
    return nn.functional.mse_loss(output, targets)


def _steps(twin, trial, optimizer, count, after):
    stream, losses = numpy_stream(0, SEED, "data"), []
    twin.train()
    for _ in range(count):
        inputs, targets = (torch.from_numpy(array) for array in trial["task"].batch(stream))
        optimizer.zero_grad()
        loss = _loss(twin(inputs), targets)
        loss.backward()
        _clip(trial["clipping"], list(twin.parameters()))
        optimizer.step()
        if after is not None:
            after(twin)
        losses.append(loss.item())
    return losses


def _clip(part, parameters):
    if math.isfinite(part.max_norm):
        torch.nn.utils.clip_grad_norm_(parameters, part.max_norm)
    if math.isfinite(part.max_value):
        torch.nn.utils.clip_grad_value_(parameters, part.max_value)


@torch.no_grad()
def _held_out(twin, task):
    """The mean loss over whole batches of the held-out set, as the engine takes it."""
    twin.eval()
    inputs, targets = (torch.from_numpy(array) for array in task.held_out(numpy_stream(0, SEED, "held out")))
    size = min(task.batch_size, len(targets))
    pieces = [slice(start, start + size) for start in range(0, len(targets) - size + 1, size)]
    return np.mean([_loss(twin(inputs[piece]), targets[piece]).item() for piece in pieces])
