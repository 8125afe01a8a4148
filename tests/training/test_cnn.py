"""The convolutional network: equal to plain PyTorch, equal to itself in any company, and true to mean-field theory."""

import math
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from support.cohorts import cohort, parts
from support.images import Pictures
from support.parity import assert_parity
from support.twins import Add, Perceptron, assert_equals_twin
from torch import nn

from gradstudy.factors import activation, init, lr
from gradstudy.factors.model.cnn import Cnn
from gradstudy.factors.model.convolution import Wrapped
from gradstudy.factors.model.resnet import ResNet
from gradstudy.factors.residual import Scaled
from gradstudy.layer_parts import network_of
from gradstudy.tasks.random_signal import RandomSignal
from gradstudy.training.engine import train


class Twin(Perceptron):
    """Maps of images, then pooling and a linear read-out."""

    def __init__(self, make_map, *, pool=True, join=None):
        super().__init__(2, 4, 4, 4, 3, linear=make_map, join=join)
        self.pool, self.readout = pool, nn.Linear(4 if pool else 4 * 25, 3)

    def forward(self, x):
        h = self.hidden(x)
        return self.readout(h.mean((2, 3)) if self.pool else h.flatten(1))


def trial(task=None, **model):
    return parts(model=Cnn(width=4, depth=3, **model), task=task or Pictures(), init=init.Default())


@pytest.mark.parametrize("padding", ["zeros", "circular"])
@pytest.mark.parametrize(("kernel", "pool"), [(1, True), (3, True), (3, False), (5, True)])
def test_steps_equal_plain_convolutions(padding, kernel, pool):
    make_map = partial(nn.Conv2d, kernel_size=kernel, padding="same", padding_mode=padding)
    assert_equals_twin(lambda: Twin(make_map, pool=pool), trial(padding=padding, kernel=kernel, pool=pool))


def test_a_residual_connection_joins_from_the_second_layer_on():
    make_map = partial(nn.Conv2d, kernel_size=3, padding="same")
    assert_equals_twin(lambda: Twin(make_map, join=Add), trial() | {"residual": Scaled()})


class LocalLoop(nn.Module):
    """A kernel of its own at every pixel, pixel by pixel."""

    def __init__(self, channels, width, padding, side=5):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(side * side * width, channels, 3, 3))
        self.bias = nn.Parameter(torch.empty(side * side * width))
        self.mode, self.side = {"zeros": "constant"}.get(padding, padding), side

    def forward(self, x):
        around, pixels = F.pad(x, (1, 1, 1, 1), mode=self.mode), []
        for pixel in range(self.side**2):
            row, column = divmod(pixel, self.side)
            own = slice(4 * pixel, 4 * pixel + 4)
            seen = around[:, :, row : row + 3, column : column + 3]
            pixels.append(torch.einsum("nchw,ochw->no", seen, self.weight[own]) + self.bias[own])
        return torch.stack(pixels, 2).unflatten(2, (self.side, self.side))


@pytest.mark.parametrize("padding", ["zeros", "circular"])
def test_local_steps_equal_a_loop_over_pixels(padding):
    assert_equals_twin(lambda: Twin(partial(LocalLoop, padding=padding)), trial(sharing="local", padding=padding))


class DenseMap(nn.Linear):
    """All units of an image to all units of the next."""

    def __init__(self, channels, width):
        super().__init__(channels * 25, width * 25)

    def forward(self, x):
        return super().forward(x.flatten(1)).unflatten(1, (4, 5, 5))


def test_dense_steps_equal_linear_maps_of_all_units():
    assert_equals_twin(lambda: Twin(DenseMap), trial(sharing="dense"))


def test_every_pixel_of_a_local_layer_has_the_bounds_of_a_convolution():
    (record,) = train(cohort(trial(sharing="local"), seeds=1, steps=0, keep_weights=True))
    weight = record.weights["layer_02.weight"].reshape(25, -1)
    bound = 1 / math.sqrt(4 * 9)
    assert (np.abs(weight).max(1) <= bound).all()
    np.testing.assert_allclose(weight.std(), bound / math.sqrt(3), rtol=0.05)
    assert len(np.unique(weight[:, 0])) == 25


def test_a_circular_border_equals_pytorchs():
    for margin, size in [(1, (5, 4)), (2, (2, 3)), (1, (1, 1))]:
        images = torch.randn(2, 3, *size, dtype=torch.float64, requires_grad=True)
        ours, theirs = Wrapped.apply(images, margin), F.pad(images, (margin,) * 4, mode="circular")
        gradient = torch.randn_like(ours)
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0)
        torch.testing.assert_close(*(torch.autograd.grad(output, images, gradient)[0] for output in (ours, theirs)))


def test_a_member_is_the_same_in_any_company_in_float64():
    whole = cohort(trial(), trial() | {"lr": lr.Constant(0.1)}, steps=4, keep_weights=True, dtype="float64")
    assert_parity(whole, [0], [3, 1], [3, 2, 1, 0])


@dataclass(frozen=True)
class CentreTap(init.Gained):
    """Orthogonal at the centre of the kernel and zero around it (Xiao et al. 2018)."""

    def weight(self, matrix, bound, generator):
        middle = [size // 2 for size in matrix.shape[2:]]  # none for the linear read-out
        nn.init.orthogonal_(matrix.zero_()[:, :, *middle], self.gain, generator=generator)


def decades_of_power(law, padding, seeds):
    """log10 of mean(dL/dz_1^2) / mean(dL/dz_50^2) of a linear network of 50 layers, averaged over seeds."""
    model = Cnn(width=24, depth=50, padding=padding, pool=False)
    task = RandomSignal(features=24, outputs=16, side=8, batch_size=4)
    linear = parts(model=model, task=task, activation=activation.Identity(), init=law)
    signals = [record.series["signal"].values[0] for record in train(cohort(linear, seeds=seeds, steps=0))]
    return np.mean([2 * np.log10(signal[0] / signal[-1]) for signal in signals])


def gaussian():
    return init.Normal(std=1 / math.sqrt(24 * 9))


def test_a_delta_orthogonal_network_passes_the_gradient_on_unchanged():
    """Xiao et al. 2018: an isometry, at any depth."""
    assert abs(decades_of_power(CentreTap(), "zeros", 1)) < 1e-5


def test_pytorchs_own_law_loses_a_factor_of_three_of_power_per_layer():
    """Var W = 1 / (3 fan_in): 49 log10(1/3) between the first and the last of 50 layers."""
    assert decades_of_power(init.Default(), "circular", 2) == pytest.approx(49 * math.log10(1 / 3), abs=1.0)


def test_a_gaussian_network_keeps_the_power_on_a_torus():
    assert abs(decades_of_power(gaussian(), "circular", 2)) < 1.0


def test_a_gaussian_network_leaks_power_at_a_border_of_zeros():
    """A gradient walks one pixel or none per layer in either direction, and is lost where it leaves the square."""
    steps = (np.eye(8) + np.eye(8, k=1) + np.eye(8, k=-1)) / 3
    left = np.linalg.matrix_power(steps, 49).sum(1).mean()
    assert decades_of_power(gaussian(), "zeros", 2) == pytest.approx(2 * math.log10(left), abs=1.0)


@pytest.mark.parametrize("model", [Cnn, ResNet])
def test_a_kernel_has_a_middle(model):
    with pytest.raises(ValueError, match=r"kernel must be odd.*got 4: use 5"):
        model(kernel=4)


def test_a_task_without_images_and_a_kernel_that_wraps_twice_are_refused():
    with pytest.raises(ValueError, match="convolves images, and the task gives inputs of 8 x 2"):
        network_of(parts(model=Cnn()))
    small = Pictures(side=2)
    with pytest.raises(ValueError, match=r"a kernel of 7 wraps images of 2 x 2 pixels.*use model.kernel=5 or less"):
        network_of(parts(model=Cnn(kernel=7, padding="circular"), task=small))
    assert network_of(parts(model=Cnn(kernel=5, padding="circular"), task=small))
    assert network_of(parts(model=Cnn(kernel=7), task=small))
