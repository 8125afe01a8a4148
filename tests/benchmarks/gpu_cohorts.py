"""Cohorts and serial twins for on_a_gpu.py, made of classes: a machine with a GPU may have neither Hydra nor Optuna."""

import time
from dataclasses import dataclass

import torch
from stacking_per_family import (
    BATCH,
    CHANNELS,
    LENGTH,
    MAX_NORM,
    OUTPUTS,
    SIDE,
    Cnn,
    Encoder,
    Mlp,
    Recurrent,
    ResNet,
    recorded_step,
)
from torch import nn

from gradstudy.factors import activation, clipping, init, lr, optimizer, pretraining, regularization, residual
from gradstudy.factors.model import cnn, mlp, resnet, rnn, transformer
from gradstudy.factors.normalization.base import NoNormalization
from gradstudy.factors.normalization.features import LayerNorm
from gradstudy.records import Member
from gradstudy.tasks.random_signal import RandomSignal
from gradstudy.training.cohort import Cohort

RATE = 0.01


@dataclass(frozen=True)
class Family:
    """The `parts` of a cohort that differ from `parts_of`, the plain module beside it, and the shape of a sample.

    `aim`: how many times as many members per second as serial PyTorch there should be.
    """

    parts: dict
    make: object
    shape: tuple
    aim: float


def _signal(**shape):
    return {"task": RandomSignal(outputs=OUTPUTS, batch_size=BATCH, **shape)}


_PIXELS, _TOKENS = _signal(features=CHANNELS, side=SIDE), _signal(features=SIDE, length=SIDE)
FAMILIES = {
    "rnn 64, 50 steps": Family(
        {"model": rnn.Rnn(width=64), **_signal(features=SIDE, length=LENGTH)},
        lambda: Recurrent(nn.RNNCell, 64, nonlinearity="relu"),
        (LENGTH, SIDE),
        300,
    ),
    "mlp 10 x 64": Family({"model": mlp.Mlp(width=64, depth=10), **_signal()}, lambda: Mlp(64, 10), (64,), 300),
    "cnn 6 x 8": Family(
        {"model": cnn.Cnn(width=8, depth=6), **_PIXELS}, lambda: Cnn(8, 6), (CHANNELS, SIDE, SIDE), 15.1
    ),
    "resnet 4 x 8": Family(
        {"model": resnet.ResNet(width=8, depth=4), "residual": residual.Scaled(), **_PIXELS},
        lambda: ResNet(8, 4),
        (CHANNELS, SIDE, SIDE),
        15.1,
    ),
    "transformer 2 x 16": Family(
        {
            "model": transformer.Transformer(width=16, depth=2, heads=4, order="post", positions="none"),
            "residual": residual.Scaled(),
            "normalization": LayerNorm(),
            **_TOKENS,
        },
        lambda: Encoder(16, 2),
        (SIDE, SIDE),
        15.1,
    ),
}


def parts_of(**changes):
    """The parts of one trial: Adam and clipping by the norm, changed where asked."""
    common = {
        "activation": activation.Relu(),
        "init": init.KaimingNormal(),
        "normalization": NoNormalization(),
        "residual": residual.NoResidual(),
        "clipping": clipping.Threshold(max_norm=MAX_NORM),
        "lr": lr.Constant(RATE),
        "optimizer": optimizer.Adam(),
        "regularization": regularization.Penalty(),
        "pretraining": pretraining.NoPretraining(),
    }
    return common | changes


def cohort_of(trials, *, seeds, steps, device, **settings):
    """Every one of these trials (each a mapping of parts) at so many seeds."""
    members = tuple(Member(trial, seed) for trial in range(len(trials)) for seed in range(seeds))
    return Cohort(members, dict(enumerate(trials)), study_seed=0, steps=steps, device=device, **settings)


def seeds_of(family, *, steps, device, **settings):
    """Four seeds of one family."""
    return cohort_of([parts_of(**family.parts)], seeds=4, steps=steps, device=device, **settings)


def serial(family, device):
    """A function that trains one plain module with the same recording for so many steps, and returns their seconds.

    What is recorded stays on the device until the end, and data lie there: nothing waits.
    """
    inputs, targets = torch.randn(BATCH, *family.shape, device=device), torch.randn(BATCH, OUTPUTS, device=device)
    network = family.make().to(device)
    update = torch.optim.Adam(network.parameters(), RATE)

    def run(steps):
        finish(device)
        start = time.perf_counter()
        torch.stack([recorded_step(network, update, inputs, targets)[1] for _ in range(steps)]).cpu()
        return time.perf_counter() - start

    return run


def finish(device):
    """Waits until the device has done what it was told to."""
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize(device)
