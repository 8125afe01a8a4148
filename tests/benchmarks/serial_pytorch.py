"""(b) Serial PyTorch with the same recording: one nn.Module at a time, torch.optim, the signal at every time step.

Run by members_per_second.py. The time loop is explicit, because nn.RNN does not hand out dL/dh_t.
"""

import math
import time

import numpy as np
import torch
from plain_script import adding_batch, clip, initialize, make_optimizer
from torch import nn


class Network(nn.Module):
    def __init__(self, width, activation):
        super().__init__()
        self.cell = nn.RNNCell(2, width, nonlinearity=activation)
        self.readout = nn.Linear(width, 1)

    def forward(self, x):
        hidden, states = x.new_zeros(len(x), self.cell.hidden_size), []
        for x_t in x.unbind(1):
            hidden = self.cell(x_t, hidden)
            states.append(hidden)
        return self.readout(hidden), states


def train_member(levels, seed, *, width, length, batch_size, steps):
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = Network(width, levels["activation"])
    initialize(network.cell.weight_hh, levels["init"], levels["init.gain"])
    parameters = list(network.parameters())
    optimizer, loss_of = make_optimizer(levels, parameters), nn.MSELoss()
    record = {"signal": np.full((steps, length), np.nan), "gradient": np.full((steps, len(parameters)), np.nan)}
    record |= {name: np.full(steps, np.nan) for name in ("before", "after", "coefficient", "loss")}
    for step in range(steps):
        x, y = adding_batch(rng, batch_size, length)
        output, states = network(x)
        loss = loss_of(output, y)
        gradients = torch.autograd.grad(loss, [*parameters, *states])
        for parameter, gradient in zip(parameters, gradients, strict=False):
            parameter.grad = gradient
        flow = torch.stack([g.double().square().mean().sqrt() for g in gradients[len(parameters) :]]) * batch_size
        each = torch.stack([p.grad.double().norm() for p in parameters])
        record["signal"][step] = flow.numpy()
        record["gradient"][step] = each.numpy()
        record["before"][step] = each.norm().item()
        clip(levels, parameters)
        record["after"][step] = torch.stack([p.grad.double().norm() for p in parameters]).norm().item()
        record["coefficient"][step] = record["after"][step] / max(record["before"][step], 1e-300)
        record["loss"][step] = loss.item()
        optimizer.step()
        if not math.isfinite(record["before"][step]):
            break
    return record


def run(trials, *, width, length, batch_size, steps):
    """Trains each (levels, seed) and keeps its record in memory; returns seconds."""
    start = time.perf_counter()
    records = [
        train_member(levels, seed, width=width, length=length, batch_size=batch_size, steps=steps)
        for levels, seed in trials
    ]
    seconds = time.perf_counter() - start
    assert len(records) == len(trials)
    return seconds
