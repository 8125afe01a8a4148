"""What parts say to theory, against what they do: every option of conf/ is asked, and a person's own part says nothing.

An option either has no theory or keeps to its word. Which ones of those that ship have none is written down here; a new
one is free to say so.
"""

import math
from dataclasses import dataclass

import pytest
import torch
from support.enrolled import changed, option_part, options

from gradstudy.factors.init import Gained, Init
from gradstudy.factors.parameter_shapes import fans
from gradstudy.factors.pretraining import NoPretraining
from gradstudy.factors.regularization import Penalty
from gradstudy.factors.residual import Residual
from gradstudy.layer_parts import Normalization
from gradstudy.network import Pass
from gradstudy.random_network import NoTheory
from gradstudy.training.cohort import stack
from gradstudy.training.start.initialization import initial_values
from gradstudy.training.start.streams import torch_stream

BOUND = 0.1
SHAPES = [(200, 200), (300, 100), (60, 180), (60, 40, 3, 3), (60, 4, 3, 3)]
DRAWN = [
    *("default", "delta_orthogonal", "kaiming_normal", "kaiming_uniform", "lecun", "normal", "orthogonal", "sparse"),
    *("uniform", "xavier_normal", "xavier_uniform"),
]
NOT_DRAWN = ["constant", "identity", "lsuv"]
NORMS = {"none": "none", "weight": "none", "layer": "layer", "rms": "layer", "batch": "batch"}
NO_NORMS = {"group": None, "instance": None, "spectral": None}
RESIDUALS = ["additive", "fixup", "inverse_depth", "inverse_sqrt_depth", "none", "rezero", "scaled", "sqrt_half"]
DROPPED = {"none": 0.0, "weight_decay": 0.0, "dropout": 0.4, "variational_dropout": None}
BLOCKS = 5


def answer(question, *given):
    """What a part says, or None where it has no theory."""
    try:
        return question(*given)
    except NoTheory:
        return None


def assert_power(values, power):
    """The mean square of drawn values is this, within 4 of its standard errors, and their mean is 0."""
    squares = values.flatten() ** 2
    assert squares.mean().item() == pytest.approx(power, abs=4 * squares.std().item() / math.sqrt(len(squares)))
    assert abs(values.mean().item()) < 4 * values.std().item() / math.sqrt(len(squares))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("option", options("init"))
def test_the_variance_of_an_init_is_that_of_the_weights_it_draws(option, shape):
    law = changed(option_part("init", option), {"gain": 1.5, "mode": "fan_out"})
    said = answer(law.variance, shape, BOUND)
    if said is not None:
        weight = torch.empty(shape, dtype=torch.float64)
        law.weight(weight, BOUND, torch_stream(0, 0, option))
        assert_power(weight, said)


def test_of_the_inits_that_ship_those_have_a_variance_that_draw_independently():
    assert all(answer(option_part("init", option).variance, (8, 8), BOUND) for option in DRAWN)
    assert all(answer(option_part("init", option).variance, (8, 8), BOUND) is None for option in NOT_DRAWN)


def test_few_connections_are_gaussian_only_where_they_are_all_there_are():
    for connections, fan_in, known in ((4, 5, False), (1, 2, False), (5, 100, True), (4, 4, True), (1, 1, True)):
        law = changed(option_part("init", "sparse"), {"connections": connections, "std": 0.5})
        assert answer(law.variance, (30, fan_in), BOUND) == (0.25 * connections / fan_in if known else None)


@pytest.mark.parametrize("option", options("init"))
def test_the_power_of_biases_is_that_of_the_biases_that_are_drawn(option):
    law = changed(option_part("init", option), {"bias_std": 0.3})
    bias = torch.empty(20_000, dtype=torch.float64)
    law.bias(bias, BOUND, torch_stream(0, 0, option))
    assert_power(bias, law.bias_power(BOUND))


def test_biases_with_a_mean_have_no_theory():
    with pytest.raises(NoTheory, match=r"mean 0\.5"):
        Gained(bias_mean=0.5).bias_power(BOUND)


def test_fans_are_counted_as_torch_counts_them():
    for shape in SHAPES:
        assert fans(shape) == torch.nn.init._calculate_fan_in_and_fan_out(torch.empty(shape))


@pytest.mark.parametrize("option", options("residual"))
def test_the_shares_of_a_residual_connection_are_what_its_join_makes_of_skip_and_branch(option):
    """What adjusts the last map of a branch acts on the branch alike: a map is linear in its weight and bias."""
    part = changed(option_part("residual", option), {"start": 0.3, "skip_scale": 0.7, "depth_power": 0.4})
    said = answer(part.shares, BLOCKS)
    assert said is not None or option not in RESIDUALS
    if said is not None:
        skip, branch = torch.randn(2, 1, 4, 3, dtype=torch.float64)
        made, adjust = branch.clone(), part.adjust(BLOCKS, maps=1, index=0)
        if adjust is not None:
            adjust(made)
        joined = bound(part, part.parameters("x", 3), BLOCKS)(skip, made)
        torch.testing.assert_close(joined, said[0] * skip + said[1] * branch, rtol=1e-12, atol=0)


@pytest.mark.parametrize("option", options("normalization"))
def test_a_norm_of_features_is_what_it_says(option):
    """With values far larger than eps: the norm of a layer forgets the scale of samples, that of a batch the scale of
    features, and both give features a mean square of 1."""
    part = option_part("normalization", option)
    said = answer(part.norm)
    assert said == (NORMS | NO_NORMS).get(option, said)
    if said is not None:
        x = 1e3 * torch.randn(1, 64, 48, dtype=torch.float64)
        scales = {"layer": torch.rand(64, 1) + 0.5, "batch": torch.rand(48) + 0.5}
        apply = bound(part, (*part.parameters("x", 48), *part.buffers("x", 48)))
        if said == "none":
            assert torch.equal(apply(x), x)
        else:
            torch.testing.assert_close(apply(scales[said] * x), apply(x), rtol=1e-6, atol=1e-9)
            assert apply(x).square().mean().item() == pytest.approx(1.0, rel=1e-6)


@pytest.mark.parametrize("option", options("normalization"))
def test_a_norm_divides_by_the_root_of_a_variance_and_what_it_says_is_its_eps(option):
    """Two values of mean 0 and the variance eps are divided by sqrt(2 eps): their mean square becomes 1/2."""
    part = changed(option_part("normalization", option), {"eps": 0.09})
    said = answer(part.norm)
    if said in ("layer", "batch"):
        x = 0.3 * torch.tensor([[1.0, -1.0], [-1.0, 1.0]], dtype=torch.float64)[None]
        apply = bound(part, (*part.parameters("x", 2), *part.buffers("x", 2)))
        torch.testing.assert_close(apply(x).square(), torch.full_like(x, 1 / 2), rtol=1e-12, atol=0)
        assert part.eps == 0.09
    elif said == "none":
        assert part.eps == 0.0


@pytest.mark.parametrize("option", options("normalization"))
def test_a_norm_behind_the_activation_has_no_theory(option):
    part = changed(option_part("normalization", option), {"after": True})
    assert not part.after or answer(part.norm) is None


@pytest.mark.parametrize("option", options("regularization"))
def test_the_share_that_is_dropped_is_the_share_of_zeros(option):
    part = changed(option_part("regularization", option), {"dropout": 0.4})
    said = answer(part.dropped)
    assert said == DROPPED.get(option, said)
    if said is not None:
        run = Pass({}, training=True, uniform=lambda place, shape: torch.rand(*shape))
        left = stack([part], torch.device("cpu")).drop(run.at("x"))(torch.ones(1, 100, 200))
        assert (left == 0).double().mean().item() == pytest.approx(said, abs=4 * math.sqrt(0.25 / 20_000))


def test_only_no_pretraining_leaves_weights_as_they_were_drawn():
    assert [name for name in options("pretraining") if not option_part("pretraining", name).changes_weights] == ["none"]


@dataclass(frozen=True)
class OwnInit(Init):
    pass


@dataclass(frozen=True)
class OwnResidual(Residual):
    pass


@dataclass(frozen=True)
class OwnNormalization(Normalization):
    pass


@dataclass(frozen=True)
class OwnDropping(Penalty):
    def drop(self, local):
        return lambda x: x / 2


@dataclass(frozen=True)
class OwnPretraining(NoPretraining):
    def pretrain(self, network, run, inputs, uniform):
        return {}


@pytest.mark.parametrize(
    ("question", "given"),
    [
        (OwnInit().variance, ((3, 3), 1.0)),
        (OwnInit().bias_power, (1.0,)),
        (OwnResidual().shares, (3,)),
        (OwnNormalization().norm, ()),
        (OwnDropping().dropped, ()),
    ],
    ids=["variance", "bias_power", "shares", "norm", "dropped"],
)
def test_a_part_of_ones_own_has_no_theory_unless_it_says_so(question, given):
    with pytest.raises(NoTheory, match="does not say"):
        question(*given)


def test_a_pretraining_of_ones_own_changes_weights_for_all_that_is_known():
    assert OwnPretraining().changes_weights


def bound(part, parameters, *more):
    """What a part does at one place of a member alone, with what it learns or remembers there as it is filled."""
    values = initial_values([parameters], [None], [(0, 0)], torch.float64)
    return stack([part], torch.device("cpu")).at(Pass(values, values, training=True).at("x"), *more)
