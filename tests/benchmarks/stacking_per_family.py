"""How much does stacking gain for each family? Members of gradstudy, with their record, against serial PyTorch.

The serial side trains one nn.Module after the other with torch.optim and records nothing. One thread, interleaved
rounds, medians; milliseconds per member and step, start-up not counted. Run it on a quiet machine:

    OMP_NUM_THREADS=1 python tests/benchmarks/stacking_per_family.py --members 64 --rounds 5
"""

import argparse
import platform
import statistics
import time
from dataclasses import replace
from itertools import pairwise

import torch
from recorder_cost import cohort_of
from torch import nn

from gradstudy.training.engine import train

BATCH, SIDE, CHANNELS = 32, 8, 8
IMAGES = [f"task.features={CHANNELS}", f"task.side={SIDE}"]
ROWS = [f"task.features={SIDE}", f"task.length={SIDE}"]


def mlp(width, depth):
    sizes = [64, *[width] * depth]
    return nn.Sequential(
        *[nn.Sequential(nn.Linear(*size), nn.ReLU()) for size in pairwise(sizes)], nn.Linear(width, 64)
    )


def cnn(width, depth):
    sizes = [CHANNELS, *[width] * depth]
    maps = [nn.Sequential(nn.Conv2d(*size, 3, padding=1), nn.ReLU()) for size in pairwise(sizes)]
    return nn.Sequential(*maps, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 64))


class Rnn(nn.Module):
    """The explicit loop that a record of every time step needs on either side."""

    def __init__(self, width):
        super().__init__()
        self.cell, self.readout = nn.RNNCell(SIDE, width, nonlinearity="relu"), nn.Linear(width, 64)

    def forward(self, inputs):
        state = None
        for x in inputs.unbind(1):
            state = self.cell(x, state)
        return self.readout(state)


class Encoder(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        layer = lambda: nn.TransformerEncoderLayer(width, 4, 4 * width, dropout=0.0, batch_first=True)  # noqa: E731
        self.embed, self.layers = nn.Linear(SIDE, width), nn.ModuleList(layer() for _ in range(depth))
        self.readout = nn.Linear(width, 64)

    def forward(self, inputs):
        x = self.embed(inputs)
        for layer in self.layers:
            x = layer(x)
        return self.readout(x.mean(1))


FAMILIES = {
    "mlp 10 x 10": (["model=mlp", "model.width=10", "model.depth=10"], lambda: mlp(10, 10), (64,)),
    "mlp 10 x 32": (["model=mlp", "model.width=32", "model.depth=10"], lambda: mlp(32, 10), (64,)),
    "cnn 6 x 8": (["model=cnn", "model.width=8", "model.depth=6", *IMAGES], lambda: cnn(8, 6), (CHANNELS, SIDE, SIDE)),
    "rnn 32, 8 steps": (["model=rnn", "model.width=32", *ROWS], lambda: Rnn(32), (SIDE, SIDE)),
    "transformer 2 x 16": (
        ["model=transformer", "model.width=16", "model.order=post", "model.positions=none", *ROWS],
        lambda: Encoder(16, 2),
        (SIDE, SIDE),
    ),
}
OPTIMIZERS = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}


def stacked(overrides, optimizer, members):
    """A function that trains a cohort for so many steps."""
    given = ["task=random_signal", "activation=relu", f"task.batch_size={BATCH}", f"optimizer={optimizer}", *overrides]
    cohort = cohort_of(given, members, steps=1)
    return lambda steps: train(replace(cohort, steps=steps))


def serial(make, optimizer, shape):
    """A function that trains one plain module for so many steps."""
    inputs, targets = torch.randn(BATCH, *shape), torch.randn(BATCH, 64)

    def run(steps):
        network = make()
        update = OPTIMIZERS[optimizer](network.parameters(), 0.01)
        for _ in range(steps):
            update.zero_grad()
            (network(inputs) * targets).sum(1).mean().backward()
            update.step()

    return run


def milliseconds(run, steps):
    """Of one step: the difference of two lengths leaves the start out."""
    start = time.perf_counter()
    run(1)
    middle = time.perf_counter()
    run(1 + steps)
    return 1000 * (time.perf_counter() - middle - (middle - start)) / steps


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--members", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=20)
    given = parser.parse_args()
    torch.set_num_threads(1)
    print(
        f"{platform.processor() or platform.machine()}, torch {torch.__version__}, {given.members} members, one thread"
    )
    print(f"{'ms per member and step':24} {'serial':>8} {'stacked':>8} {'ratio':>6}")
    for name, (overrides, make, shape) in FAMILIES.items():
        for optimizer in OPTIMIZERS:
            ours, theirs = stacked(overrides, optimizer, given.members), serial(make, optimizer, shape)
            pairs = [
                (milliseconds(theirs, given.steps), milliseconds(ours, given.steps) / given.members)
                for _ in range(given.rounds)
            ]
            plain, fused = (statistics.median(side) for side in zip(*pairs, strict=True))
            print(f"{name + ', ' + optimizer:24} {plain:8.3f} {fused:8.3f} {plain / fused:6.1f}")


if __name__ == "__main__":
    main()
