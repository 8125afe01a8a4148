"""Level 1 of parity: what plain `nn.Module` and `torch.optim` make of the same weights and data in float64."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import torch
from torch import nn

from gradstudy.factors import lr
from gradstudy.training.engine import train
from gradstudy.training.start.streams import numpy_stream
from support.cohorts import cohort

SEED = 1


class Perceptron(nn.Module):
    """`Mlp` in plain modules and under our names: z_1 = W_1 x, z_l = join(z_{l-1}, W_l phi(norm(z_{l-1}))).

    `join` is made for every layer but the first, `after` puts the norms behind phi.
    """

    def __init__(self, *sizes, phi=nn.Tanh, norm=nn.Identity, after=False, join=None, linear=nn.Linear):
        super().__init__()
        *pairs, last = pairwise(sizes)
        self.after, self.layers = after, [linear(*pair) for pair in pairs]
        for index, (layer, (below, width)) in enumerate(zip(self.layers, pairs, strict=True), 1):
            self.add_module(f"layer_{index:02d}", layer)
            layer.activation, layer.norm = phi(), norm(width)
            if join and index > 1:
                layer.residual = join(width)
                layer.projection = nn.Identity() if below == width else nn.Linear(below, width)
        self.readout = linear(*last)

    def active(self, layer, z):
        return layer.norm(layer.activation(z)) if self.after else layer.activation(layer.norm(z))

    def hidden(self, x):
        z = self.layers[0](x)
        for before, layer in pairwise(self.layers):
            branch = layer(self.active(before, z))
            z = layer.residual(layer.projection(z), branch) if hasattr(layer, "residual") else branch
        return self.active(self.layers[-1], z)

    def forward(self, x):
        return self.readout(self.hidden(x.flatten(1)))


class Add(nn.Identity):
    """The join of a plain residual connection."""

    def forward(self, skip, branch):
        return skip + branch


class Recurrent(nn.Module):
    """The recurrent network of a trial as torch has it, read out at the last step or at each."""

    def __init__(self, trial):
        super().__init__()
        model, self.shape = trial["model"], trial["task"].shape
        kind = {"Rnn": nn.RNN, "Lstm": nn.LSTM, "Gru": nn.GRU}[type(model).__name__]
        self.recurrent = kind(self.shape.inputs[1], model.width, model.depth, batch_first=True)
        self.readout = nn.Linear(model.width, self.shape.outputs)

    def forward(self, x):
        hidden = self.recurrent(x)[0]
        return self.readout(hidden if self.shape.each_step else hidden[:, -1])


class Unrolled(nn.Module):
    """A recurrent network written out, with a norm before the biases of every time step and any phi."""

    def __init__(self, width, norm=None, phi=None):
        super().__init__()
        self.recurrent, self.readout = nn.RNN(2, width, batch_first=True), nn.Linear(width, 1)
        self.norm, self.phi = norm or nn.Identity(), phi or nn.Tanh()

    def weight(self, name, weight):
        return weight

    def forward(self, inputs):
        cell, linear = self.recurrent, nn.functional.linear
        w_ih, w_hh = (self.weight(name, getattr(cell, name)) for name in ("weight_ih_l0", "weight_hh_l0"))
        h = inputs.new_zeros(len(inputs), cell.hidden_size)
        for x in inputs.unbind(1):
            h = self.phi(self.norm(linear(x, w_ih) + linear(h, w_hh)) + cell.bias_ih_l0 + cell.bias_hh_l0)
        return linear(h, self.weight("readout", self.readout.weight), self.readout.bias)


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
