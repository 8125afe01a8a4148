"""How much does stacking gain for each family? Members of gradstudy against serial PyTorch with the same recording.

The serial side trains one nn.Module after the other with torch.optim. On every step both record the loss, the RMS of
the gradient at every flow point, the norm of every parameter's gradient, that of all together and the factor by which
it was clipped; the serial side does so with `torch._foreach_norm`, the fastest way there is, and copies nothing out
before the end. Neither looks further (no probes). One thread, interleaved rounds, medians; microseconds per member and
step, start-up not counted. Run it on a quiet machine:

    OMP_NUM_THREADS=1 python tests/benchmarks/stacking_per_family.py --members 64 --rounds 5 --families cnn gru
"""

import argparse
import platform
import statistics
import time
from itertools import pairwise

import torch
from step_cost import microseconds
from torch import nn

BATCH, SIDE, CHANNELS, LENGTH, OUTPUTS, MAX_NORM = 32, 8, 8, 50, 64, 1.0
IMAGES = [f"task.features={CHANNELS}", f"task.side={SIDE}"]
ROWS = [f"task.features={SIDE}", f"task.length={SIDE}"]
STEPS = [f"task.features={SIDE}", f"task.length={LENGTH}"]
IMAGE, ROW, STEP = (CHANNELS, SIDE, SIDE), (SIDE, SIDE), (LENGTH, SIDE)


class Mlp(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        sizes = [64, *[width] * depth]
        self.maps, self.readout = nn.ModuleList(nn.Linear(*size) for size in pairwise(sizes)), nn.Linear(width, OUTPUTS)

    def forward(self, x):
        points = []
        for linear in self.maps:
            points.append(linear(x))
            x = points[-1].relu()
        return self.readout(x), points


class Cnn(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        sizes = [CHANNELS, *[width] * depth]
        self.maps = nn.ModuleList(nn.Conv2d(*size, 3, padding=1) for size in pairwise(sizes))
        self.readout = nn.Linear(width, OUTPUTS)

    def forward(self, x):
        points = []
        for convolve in self.maps:
            points.append(convolve(x))
            x = points[-1].relu()
        return self.readout(x.mean((2, 3))), points


class ResNet(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        self.stem = nn.Conv2d(CHANNELS, width, 3, padding=1)
        maps = lambda: nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(depth))  # noqa: E731
        self.first, self.second, self.readout = maps(), maps(), nn.Linear(width, OUTPUTS)

    def forward(self, inputs):
        x, points = self.stem(inputs), []
        for first, second in zip(self.first, self.second, strict=True):
            x = x + second(first(x.relu()).relu())
            points.append(x)
        return self.readout(x.relu().mean((2, 3))), points


class Recurrent(nn.Module):
    """The explicit loop that a record of every time step needs on either side."""

    def __init__(self, cell, width, **options):
        super().__init__()
        self.cell, self.readout = cell(SIDE, width, **options), nn.Linear(width, OUTPUTS)

    def forward(self, inputs):
        state, points = None, []
        for x in inputs.unbind(1):
            state = self.cell(x, state)
            points += state if isinstance(state, tuple) else (state,)
        return self.readout(state[0] if isinstance(state, tuple) else state), points


class Encoder(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        layer = lambda: nn.TransformerEncoderLayer(width, 4, 4 * width, dropout=0.0, batch_first=True)  # noqa: E731
        self.embed, self.layers = nn.Linear(SIDE, width), nn.ModuleList(layer() for _ in range(depth))
        self.readout = nn.Linear(width, OUTPUTS)

    def forward(self, inputs):
        x, points = self.embed(inputs), []
        for layer in self.layers:
            x = layer(x)
            points.append(x)
        return self.readout(x.mean(1)), points


FAMILIES = {
    "mlp 10 x 10": (["model=mlp", "model.width=10"], lambda: Mlp(10, 10), (64,)),
    "mlp 10 x 32": (["model=mlp", "model.width=32"], lambda: Mlp(32, 10), (64,)),
    "mlp 10 x 64": (["model=mlp", "model.width=64"], lambda: Mlp(64, 10), (64,)),
    "rnn 32, 50 steps": (["model=rnn", *STEPS], lambda: Recurrent(nn.RNNCell, 32, nonlinearity="relu"), STEP),
    "gru 32, 50 steps": (["model=gru", "activation=tanh", *STEPS], lambda: Recurrent(nn.GRUCell, 32), STEP),
    "lstm 32, 50 steps": (["model=lstm", "activation=tanh", *STEPS], lambda: Recurrent(nn.LSTMCell, 32), STEP),
    "cnn 6 x 8": (["model=cnn", "model.depth=6", *IMAGES], lambda: Cnn(8, 6), IMAGE),
    "resnet 4 x 8": (["model=resnet", *IMAGES], lambda: ResNet(8, 4), IMAGE),
    "transformer 2 x 16": (
        ["model=transformer", "model.width=16", "model.order=post", "model.positions=none", *ROWS],
        lambda: Encoder(16, 2),
        ROW,
    ),
}
OPTIMIZERS = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}


def choices(overrides, optimizer):
    """What the stacked side is composed of."""
    given = ["task=random_signal", "activation=relu", f"task.batch_size={BATCH}", f"optimizer={optimizer}"]
    given += ["clipping=norm", f"clipping.max_norm={MAX_NORM}", *overrides]
    return list({one.split("=")[0]: one for one in given}.values())


def recorded_step(network, update, inputs, targets):
    """One step of a plain module: its parameters, those at which it was looked, and what was recorded, in a row."""
    parameters = list(network.parameters())
    output, points = network(inputs)
    loss = (output * targets).sum(1).mean()
    gradients = torch.autograd.grad(loss, [*parameters, *points])
    norms = torch.stack(torch._foreach_norm(gradients))
    total = norms[: len(parameters)].norm()
    factor = (MAX_NORM / (total + 1e-6)).clamp(max=1.0)
    clipped = gradients[: len(parameters)]
    torch._foreach_mul_(clipped, factor)
    for parameter, gradient in zip(parameters, clipped, strict=True):
        parameter.grad = gradient
    update.step()
    return [*parameters, *points], torch.cat([norms, torch.stack([loss.detach(), total, factor])])


def serial(make, optimizer, shape):
    """A function that trains one plain module for so many steps, and returns their seconds."""
    inputs, targets = torch.randn(BATCH, *shape), torch.randn(BATCH, OUTPUTS)

    def run(steps):
        network, record, start = make(), [], time.perf_counter()
        update = OPTIMIZERS[optimizer](network.parameters(), 0.01)
        for _ in range(steps):
            measured, numbers = recorded_step(network, update, inputs, targets)
            record.append(numbers)
        roots = torch.tensor([tensor.numel() ** 0.5 for tensor in measured] + [1.0] * 3)
        (torch.stack(record) / roots).numpy()
        return time.perf_counter() - start

    return run


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--members", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--families", nargs="*", default=[""], help="beginnings of their names")
    parser.add_argument("--optimizers", nargs="*", default=list(OPTIMIZERS), choices=list(OPTIMIZERS))
    parser.add_argument("--before", help="a checkout of another version, to be measured in the same rounds")
    given = parser.parse_args()
    torch.set_num_threads(1)
    print(
        f"{platform.processor() or platform.machine()}, torch {torch.__version__}, {given.members} members, one thread"
    )
    heads = ["serial", "stacked", "ratio", *(["before", "before / now"] if given.before else [])]
    print(f"{'us per member and step':24}", *(f"{head:>12}" for head in heads))
    for name, (overrides, make, shape) in FAMILIES.items():
        if not name.startswith(tuple(given.families)):
            continue
        for optimizer in given.optimizers:
            chosen, plain, rounds = choices(overrides, optimizer), serial(make, optimizer, shape), []
            plain(1)  # memory is taken
            for _ in range(given.rounds):
                theirs = 1e6 * plain(given.steps) / given.steps
                ours = microseconds(chosen, given.members, given.steps)
                row = [theirs, ours, theirs / ours]
                if given.before:
                    old = microseconds(chosen, given.members, given.steps, given.before)
                    row += [old, old / ours]
                rounds.append(row)
            medians = (statistics.median(column) for column in zip(*rounds, strict=True))
            print(f"{name + ', ' + optimizer:24}", *(f"{one:12.2f}" for one in medians), flush=True)


if __name__ == "__main__":
    main()
