"""Parity: a member is bit-for-bit the same alone, in any company and in any order; and equal to plain PyTorch."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from support.cohorts import CELLS, CLIPPINGS, OPTIMIZERS, cohort, parts
from support.images import Pictures
from support.parity import assert_parity, assert_same_member
from support.twins import Perceptron, Recurrent, assert_equals_twin

from gradstudy.factors import init, lr, optimizer, regularization
from gradstudy.factors.model.cnn import SHARING, Cnn
from gradstudy.factors.model.mlp import Mlp
from gradstudy.factors.model.resnet import BLOCKS, ResNet
from gradstudy.factors.model.rnn import Rnn
from gradstudy.factors.residual import Scaled
from gradstudy.tasks.adding import Adding
from gradstudy.tasks.sequential_digits import SequentialDigits
from gradstudy.training.engine import train

STEPS = 20
TRIPLES = [
    (list(CELLS)[(row + column) % len(CELLS)], optimizer, clipping)
    for row, optimizer in enumerate(OPTIMIZERS)
    for column, clipping in enumerate(CLIPPINGS)
]
"""A Latin square: every pair of a cell, an optimizer and a clipping stands in it once."""


IMAGES = (Pictures(), Pictures(batch_size=1, side=3, features=1), Pictures(batch_size=2, side=1, features=1))
SHAPES = [(1, "zeros", True), (3, "zeros", False), (7, "circular", True), (8, "zeros", True)]
CNNS = [
    (Cnn(width=width, depth=3, sharing=sharing, padding=padding, pool=pool), IMAGES[(row + column) % len(IMAGES)])
    for row, (width, padding, pool) in enumerate(
        [(1, "zeros", True), (3, "zeros", False), (7, "circular", True), (8, "zeros", True)]
    )
    for column, sharing in enumerate(SHARING)
]
RESNETS = [
    (ResNet(width=width, depth=2, block=block, kind=("conv", "dense")[(row + column) % 2]), IMAGES[row % 2])
    for row, width in enumerate([1, 3, 8])
    for column, block in enumerate(BLOCKS)
]
"""Latin squares again: of widths, who shares a kernel, and images; of widths, blocks, and kinds of map."""


@pytest.mark.parametrize(("model", "task"), [*CNNS, *RESNETS])
def test_parity_holds_for_images_of_any_size_beside_a_diverging_neighbour(model, task):
    common = parts(model=model, task=task, optimizer=OPTIMIZERS["adam"], residual=Scaled())
    trials = [common | {"init": init.Normal(gain=gain, std=0.3), "lr": lr.Constant(gain)} for gain in (0.1, 1.0, 1.5)]
    trials[1] |= {"lr": lr.Constant(1e30)}
    whole = cohort(*trials, steps=4, keep_weights=True)
    assert_parity(whole, [0], [5], [4, 1], [5, 4, 3, 2, 1, 0])


@pytest.mark.parametrize(("width", "batch_size"), [(1, 1), (5, 3), (10, 32), (16, 32), (33, 32), (32, 1)])
def test_parity_holds_at_sizes_that_fill_no_vector_register(width, batch_size):
    common = parts(model=Rnn(width=width), task=Adding(length=9, batch_size=batch_size))
    trials = [common | {"init": init.Normal(gain=gain, std=1 / math.sqrt(width))} for gain in (0.5, 1.0, 1.5, 2.0)]
    whole = cohort(*trials, steps=STEPS, keep_weights=True)
    assert_parity(whole, [0], [7], [3, 1], list(range(7, -1, -1)))


@pytest.mark.slow
def test_parity_holds_at_the_size_of_a_real_study():
    trials = [parts(model=Rnn(), init=init.Orthogonal(gain=0.5 + t / 10), task=Adding()) for t in range(16)]
    whole = cohort(*trials, seeds=4, steps=STEPS, keep_weights=True)
    assert_parity(whole, [0], [63], [17, 40], list(range(63, -1, -1)))


def test_parity_holds_for_classification_and_stacked_layers_in_both_precisions():
    for dtype in ("float32", "float64"):
        common = parts(model=Rnn(width=6, depth=2), task=SequentialDigits(batch_size=5))
        whole = cohort(common, common | {"lr": lr.Constant(0.1)}, steps=STEPS, keep_weights=True, dtype=dtype)
        assert_parity(whole, [0], [3], [2, 1], [3, 2, 1, 0])


COUNT = 33
"""More members than a vector register holds: kernels over members then have a tail themselves."""
VARIED = {
    "rate": lambda m: {"lr": lr.Constant(0.01 + m / 100)},
    "betas": lambda m: {"optimizer": optimizer.Adam(beta1=0.8 + m / 400, beta2=0.99 + m / 4000)},
    "schedule": lambda m: {"lr": lr.OneCycle(0.1, pct_start=m / 40)},
    "dropout": lambda m: {"regularization": regularization.Dropout(dropout=m / 40)},
    "bound": lambda m: {"regularization": regularization.MaxNorm(max_norm=0.1 + m / 20)},
}


@pytest.mark.parametrize("varied", VARIED)
def test_each_of_33_members_is_the_same_alone(varied):
    """In float64, where nothing is rounded away before it is compared."""
    trials = [parts(model=Mlp(width=7, depth=2)) | VARIED[varied](m) for m in range(COUNT)]
    whole = cohort(*trials, seeds=1, steps=6, dtype="float64", keep_weights=True)
    assert_parity(whole, *([m] for m in range(0, COUNT, 4)), [20, 3, 32], list(range(COUNT))[::-1])


def test_changing_one_member_changes_that_member_only():
    trials = [parts(), parts(lr=lr.Constant(0.02))]
    before = train(cohort(*trials, keep_weights=True))
    after = train(cohort(trials[0], parts(lr=lr.Constant(0.03)), keep_weights=True))
    for slot in (0, 1):
        assert_same_member(before[slot], after[slot])
    for slot in (2, 3):
        assert not np.array_equal(before[slot].weights["readout.weight"], after[slot].weights["readout.weight"])


def torch_optimizer(part, lr_value, weight_decay, parameters):
    kind = type(part).__name__
    if kind == "Sgd":
        options = {"momentum": part.momentum, "nesterov": part.nesterov}
        return torch.optim.SGD(parameters, lr_value, weight_decay=weight_decay, **options)
    if kind == "RmsProp":
        return torch.optim.RMSprop(parameters, lr_value, part.alpha, part.eps, weight_decay=weight_decay)
    betas = part.beta1, part.beta2
    if kind == "AdamW":
        return torch.optim.AdamW(parameters, lr_value, betas, part.eps, weight_decay=part.weight_decay)
    return torch.optim.Adam(parameters, lr_value, betas, part.eps, weight_decay=weight_decay)


@pytest.mark.parametrize(("cell", "optimizer", "clipping"), TRIPLES)
def test_steps_in_float64_equal_plain_modules_and_torch_optim(cell, optimizer, clipping):
    decay = 0.0 if optimizer == "adamw" else 0.01  # ours adds L2 to any optimizer; torch's AdamW has no such term
    trial = parts(
        model=CELLS[cell](width=5, depth=2),
        init=init.Default(),
        optimizer=OPTIMIZERS[optimizer],
        clipping=CLIPPINGS[clipping],
        regularization=regularization.Penalty(decay),
    )

    def make_optimizer(parameters):
        return torch_optimizer(OPTIMIZERS[optimizer], trial["lr"].value, decay, parameters)

    assert_equals_twin(lambda: Recurrent(trial), trial, make_optimizer=make_optimizer)


def test_a_classification_step_equals_plain_modules():
    trial = parts(task=SequentialDigits(batch_size=6), init=init.Default())
    assert_equals_twin(lambda: Recurrent(trial), trial, steps=(2,))


def test_a_multilayer_perceptron_with_a_width_per_layer_equals_plain_modules():
    trial = parts(model=Mlp(width=[6, 5, 4], depth=3), init=init.Default())
    assert_equals_twin(lambda: Perceptron(16, 6, 5, 4, 1), trial)


@pytest.mark.gpu
def test_one_step_on_cuda_equals_the_cpu():
    whole = cohort(parts(model=Rnn()), parts(model=Rnn(), lr=lr.Constant(0.1)), steps=1, keep_weights=True)
    for here, there in zip(train(whole), train(replace(whole, device="cuda:0")), strict=True):
        for name, weights in here.weights.items():
            np.testing.assert_allclose(there.weights[name], weights, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(there.series["signal"].values, here.series["signal"].values, rtol=1e-4)
