"""The maps and stages of every family as theory gets them: fans times variances, by arithmetic."""

from dataclasses import dataclass

import numpy as np
import pytest
from support.cohorts import parts

from gradstudy.factors import init, residual
from gradstudy.factors.model.cnn import Cnn
from gradstudy.factors.model.mlp import Mlp
from gradstudy.factors.model.resnet import ResNet
from gradstudy.factors.model.rnn import Rnn
from gradstudy.factors.model.transformer import Transformer
from gradstudy.factors.normalization.features import LayerNorm
from gradstudy.factors.regularization import Dropout
from gradstudy.network import Shape
from gradstudy.random_network import PixelWindow, RandomMap
from gradstudy.tasks.random_signal import RandomSignal
from gradstudy.tasks.task import Drawn
from gradstudy.training.theory_input import random_network_of

STD = 0.5
LAW = init.Normal(std=STD, bias_std=0.3)
VECTORS, IMAGES = RandomSignal(features=20), RandomSignal(features=3, side=5)


def wiring(**changes):
    return random_network_of(parts(**{"init": LAW, "task": VECTORS, **changes}), 0)


def mapped(fan_in, fan_out, window=None):
    return RandomMap(fan_in * STD**2, fan_out * STD**2, pytest.approx(0.09), window, (fan_in, fan_out))


def test_a_perceptron_is_its_first_map_and_then_a_norm_an_activation_and_a_map_per_layer():
    network = wiring(model=Mlp(width=(30, 40), depth=2))
    assert network.first == mapped(20, 30)
    assert [(stage.branch, stage.skip, stage.scale) for stage in network.stages] == [
        (("norm", "activation", mapped(30, 40)), 0.0, 1.0)
    ]
    assert (network.norm, network.dropout, network.batch, network.stem) == ("none", 0.0, 32, False)


def test_every_layer_of_a_perceptron_but_the_first_is_a_residual_block():
    network = wiring(model=Mlp(width=8, depth=5), residual=residual.Scaled(scale=3.0, skip_scale=0.5, depth_power=0.5))
    assert [(stage.skip, stage.scale) for stage in network.stages] == [(0.5, pytest.approx(3 / 4**0.5))] * 4


def test_a_kernel_counts_its_pixels_and_keeps_its_window():
    window = PixelWindow(3, "circular")
    network = wiring(model=Cnn(width=7, depth=2, padding="circular"), task=IMAGES)
    assert network.first == mapped(27, 63, window)
    assert network.stages[0].branch[-1] == mapped(63, 63, window)
    assert network.side == (5, 5)


def test_kernels_of_their_own_for_each_pixel_have_the_same_fans():
    one = wiring(model=Cnn(width=7, depth=2), task=IMAGES)
    own = wiring(model=Cnn(width=7, depth=2, sharing="local"), task=IMAGES)
    assert (own.first, own.stages) == (one.first, one.stages)


def test_the_dense_twin_of_a_convolution_is_one_map_between_all_units():
    network = wiring(model=Cnn(width=7, depth=2, sharing="dense"), task=IMAGES)
    assert network.first == mapped(3 * 25, 7 * 25)
    assert network.side is None


def test_kernels_that_hold_one_pixel_only_have_no_window():
    delta = wiring(model=Cnn(width=7, depth=2), task=IMAGES, init=init.DeltaOrthogonal(gain=2.0))
    assert delta.first == RandomMap(pytest.approx(3 * 4 / 7), pytest.approx(4.0), 0.0, None, (27, 63))
    assert delta.stages[0].branch[-1] == RandomMap(pytest.approx(4.0), pytest.approx(4.0), 0.0, None, (63, 63))
    assert wiring(model=Cnn(width=7, depth=2, kernel=1), task=IMAGES).first == mapped(3, 7)


def test_the_flow_points_of_a_residual_network_start_behind_its_first_block():
    network = wiring(model=ResNet(width=6, depth=3, kind="dense"), residual=residual.Scaled(depth_power=1.0))
    one = mapped(6, 6)
    assert network.stem
    assert [(stage.skip, stage.scale) for stage in network.stages] == [(1.0, pytest.approx(1 / 3))] * 3
    assert network.stages[0].branch == ("norm", "activation", one, "norm", "activation", one)
    forward = wiring(model=ResNet(width=6, depth=3, kind="dense", block="feedforward"))
    assert forward.stages[0].branch == ("norm", one, "activation", one)


def test_a_transformers_branch_is_as_wide_as_asked_and_loses_what_is_dropped_of_it():
    model = Transformer(width=8, depth=2, feedforward=3, attention=False)
    changes = {"residual": residual.Scaled(), "regularization": Dropout(dropout=0.75)}
    network = wiring(model=model, task=RandomSignal(features=20, length=4), **changes)
    assert network.stages[0].branch == ("norm", mapped(8, 24), "activation", mapped(24, 8))
    assert (network.stages[0].skip, network.stages[0].scale) == (1.0, pytest.approx(2.0))
    assert (network.dropout, network.last) == (0.75, ("norm",))


def test_positions_add_half_a_unit_of_power_to_every_token():
    """sin^2 + cos^2 = 1 in every pair of columns."""
    task, size = RandomSignal(features=20, length=4), {"width": 8, "attention": False}
    network = wiring(model=Transformer(**size), task=task)
    assert network.first.bias == pytest.approx(0.09 + 0.5)
    plain = wiring(model=Transformer(**size, positions="none"), task=task, normalization=LayerNorm())
    assert plain.first.bias == pytest.approx(0.09)


@dataclass(frozen=True)
class Halves(Drawn):
    """Sequences or images of 3 steps or rows of 4 numbers: 0 in the first, 2 in the second, 6 in the third."""

    rows: bool = False

    @property
    def shape(self):
        return Shape((1, 3, 4) if self.rows else (3, 4), 5)

    def draw(self, stream, count):
        inputs = np.repeat([[0.0], [2.0], [6.0]], 4, axis=1).reshape(self.shape.inputs)
        return np.tile(inputs, (count, *[1] * inputs.ndim)), stream.standard_normal((count, 5))


@pytest.mark.parametrize("rows", [False, True])
def test_the_tokens_of_a_transformer_count_as_samples_from_the_smallest_to_the_largest(rows):
    """64 typical samples of three tokens each, whose squares are 0, 4 and 36."""
    model = Transformer(width=8, attention=False, positions="none")
    power = wiring(model=model, task=Halves(rows=rows)).power
    np.testing.assert_allclose(power, np.repeat([0.0, 4.0, 36.0], 64))


def test_of_very_many_tokens_those_of_like_power_are_taken_together():
    model, task = Transformer(width=8, attention=False, positions="none"), RandomSignal(features=1, length=100)
    power = wiring(model=model, task=task).power
    assert power.shape == (1024,)
    assert (np.diff(power) >= 0.0).all()
    assert power.mean() == pytest.approx(1.0, rel=0.1)
    assert (power < 1.0).mean() == pytest.approx(0.683, abs=0.03)  # a normal number lies within one deviation


def test_a_norm_over_features_brings_its_eps():
    model = Mlp(width=8, depth=2)
    assert wiring(model=model, normalization=LayerNorm(eps=0.25)).eps == 0.25
    assert wiring(model=model).eps == 0.0


def test_a_recurrent_network_enters_by_pytorchs_law_and_has_two_biases():
    """W_ih ~ U(-1/sqrt(width), 1/sqrt(width)), whatever the init says of W_hh."""
    network = wiring(model=Rnn(width=10), task=RandomSignal(features=20, length=4))
    assert network.entering == RandomMap(
        pytest.approx(20 / 30), pytest.approx(10 / 30), pytest.approx(0.18), None, (20, 10)
    )
    assert network.recurrent == RandomMap(pytest.approx(10 * STD**2), pytest.approx(10 * STD**2), 0.0, None, (10, 10))
    np.testing.assert_allclose(network.power, 1.0, rtol=0.03)
    assert network.power.shape == (4,)


def test_images_that_are_read_row_by_row_have_a_power_per_row():
    image = RandomSignal(features=3, side=5)
    assert wiring(model=Rnn(width=10), task=image).power.shape == (5,)
