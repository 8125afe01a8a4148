"""Normalisations: facts of algebra, and torch.nn.functional member by member as a second implementation."""

import pytest
import torch
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from gradstudy.factors.normalization.features import BatchNorm, GroupNorm, InstanceNorm, LayerNorm, RmsNorm
from gradstudy.factors.normalization.weights import SpectralNorm, WeightNorm
from gradstudy.factors.residual import ZeroInit
from gradstudy.network import Parameter, Pass
from gradstudy.training.cohort import stack
from gradstudy.training.start.initialization import dependent_values, initial_values

SIZE = 8
AFFINE = {"weight": torch.linspace(0.5, 2.0, SIZE).double(), "bias": torch.linspace(-1.0, 1.0, SIZE).double()}
PLAIN = {"weight": torch.ones(SIZE).double(), "bias": torch.zeros(SIZE).double()}
SHAPES = {"vectors": (5, SIZE), "images": (5, SIZE, 3, 2)}


def image_norm(x, weight, bias, eps):
    return F.group_norm(x, 1, weight, bias, eps)


def rms_by_hand(x, weight, bias, eps):
    axes = tuple(range(1, x.dim()))
    return x / (x.square().mean(axes, keepdim=True) + eps).sqrt() * weight.view(1, -1, *[1] * (x.dim() - 2))


EXPECTED = {
    (BatchNorm, "vectors"): lambda x, w, b, e: F.batch_norm(x, None, None, w, b, training=True, eps=e),
    (BatchNorm, "images"): lambda x, w, b, e: F.batch_norm(x, None, None, w, b, training=True, eps=e),
    (LayerNorm, "vectors"): lambda x, w, b, e: F.layer_norm(x, (SIZE,), w, b, e),
    (LayerNorm, "images"): image_norm,
    (GroupNorm, "vectors"): lambda x, w, b, e: F.group_norm(x, 4, w, b, e),
    (GroupNorm, "images"): lambda x, w, b, e: F.group_norm(x, 4, w, b, e),
    (InstanceNorm, "images"): lambda x, w, b, e: F.instance_norm(x, weight=w, bias=b, eps=e),
    (RmsNorm, "vectors"): lambda x, w, b, e: F.rms_norm(x, (SIZE,), w, e),
    (RmsNorm, "images"): rms_by_hand,
}


def start(parameters, members):
    return initial_values(
        [parameters] * members, [None] * members, [(0, seed) for seed in range(members)], torch.float64
    )


def normalized(parts, x, affine=PLAIN, *, buffers=None, training=True):
    """The output of these members' parts at a place called `norm`, and the buffers it leaves."""
    parameters = {f"norm.{name}": vector.repeat(len(parts), 1) for name, vector in affine.items()}
    buffers = buffers or start(parts[0].buffers("norm", SIZE), len(parts))
    run = Pass(parameters, buffers, training=training)
    return stack(parts, "cpu").at(run.at("norm"))(x), run.updates


@pytest.mark.parametrize(("kind", "shape"), EXPECTED)
def test_each_member_gets_what_torch_makes_of_it_with_its_own_eps(kind, shape):
    torch.manual_seed(0)
    parts = [kind(eps=1e-5), kind(eps=0.3)]
    x = torch.randn(2, *SHAPES[shape], dtype=torch.float64, requires_grad=True)
    ours, _ = normalized(parts, x, AFFINE)
    theirs = torch.stack(
        [EXPECTED[kind, shape](one, *AFFINE.values(), part.eps) for one, part in zip(x, parts, strict=True)]
    )
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)
    weights = torch.randn_like(ours)
    gradients = [torch.autograd.grad((y * weights).sum(), x)[0] for y in (ours, theirs)]
    torch.testing.assert_close(*gradients, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("kind", [BatchNorm, LayerNorm, GroupNorm, RmsNorm])
def test_images_that_lie_in_memory_as_grouped_convolutions_leave_them_are_normalised_alike(kind):
    torch.manual_seed(0)
    stacked = torch.randn(5, 2 * SIZE, 3, 2, dtype=torch.float64)
    x = stacked.unflatten(1, (2, SIZE)).transpose(0, 1)
    parts = [kind(), kind()]
    torch.testing.assert_close(normalized(parts, x)[0], normalized(parts, x.contiguous())[0], rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", [BatchNorm, LayerNorm, GroupNorm, RmsNorm])
@pytest.mark.parametrize("bad", [float("inf"), float("nan")])
def test_a_neighbour_that_is_not_finite_does_not_leak(kind, shape, bad):
    torch.manual_seed(0)
    x = torch.randn(3, *SHAPES[shape])
    x[1] = bad
    x.requires_grad_()
    ours, buffers = normalized([kind()] * 3, x, {name: vector.float() for name, vector in PLAIN.items()})
    (gradient,) = torch.autograd.grad((ours * torch.randn_like(ours)).sum(), x)
    for tensor in (ours, gradient, *buffers.values()):
        assert tensor[[0, 2]].isfinite().all()
        assert not tensor[1].isfinite().any()


@pytest.mark.parametrize("shape", SHAPES)
def test_batch_norm_gives_every_unit_of_every_member_mean_0_and_variance_1(shape):
    torch.manual_seed(0)
    sizes = torch.tensor([1e-3, 1.0, 1e6]).view(-1, *[1] * len(SHAPES[shape])).double()
    x = sizes * torch.randn(3, *SHAPES[shape], dtype=torch.float64) + 7 * sizes
    y, _ = normalized([BatchNorm(eps=1e-20)] * 3, x)
    axes = (1, *range(3, y.dim()))
    torch.testing.assert_close(y.mean(axes), torch.zeros(3, SIZE).double(), rtol=0, atol=1e-12)
    torch.testing.assert_close(y.var(axes, correction=0), torch.ones(3, SIZE).double(), rtol=1e-9, atol=0)


def test_running_statistics_follow_their_recursion_with_each_members_momentum():
    """Two samples, 0 and d: mean d/2, unbiased variance d^2/2; then (1 - m) old + m new, twice."""
    parts = [BatchNorm(momentum=0.1), BatchNorm(momentum=0.5)]
    buffers = start(parts[0].buffers("norm", SIZE), 2)
    for distance in (2.0, 4.0):
        x = torch.zeros(2, 2, SIZE, dtype=torch.float64)
        x[:, 1] = distance
        _, updates = normalized(parts, x, buffers=buffers)
        buffers = buffers | updates
    mean = torch.tensor([0.9 * 0.1 * 1 + 0.1 * 2, 0.5 * 0.5 * 1 + 0.5 * 2]).double()
    variance = torch.tensor([0.9 * (0.9 + 0.1 * 2) + 0.1 * 8, 0.5 * (0.5 + 0.5 * 2) + 0.5 * 8]).double()
    torch.testing.assert_close(buffers["norm.running_mean"], mean.unsqueeze(1).expand(2, SIZE), rtol=1e-6, atol=0)
    torch.testing.assert_close(buffers["norm.running_var"], variance.unsqueeze(1).expand(2, SIZE), rtol=1e-6, atol=0)
    y, updates = normalized(parts, x, buffers=buffers, training=False)
    assert not updates
    expected = (x - mean.view(2, 1, 1)) / (variance.view(2, 1, 1) + 1e-5).sqrt()
    torch.testing.assert_close(y, expected, rtol=1e-6, atol=1e-6)


def test_a_batch_of_one_sample_leaves_the_bias_and_stays_finite():
    y, updates = normalized([BatchNorm()] * 2, torch.randn(2, 1, SIZE, dtype=torch.float64), AFFINE)
    torch.testing.assert_close(y, AFFINE["bias"].expand(2, 1, SIZE))
    assert all(value.isfinite().all() for value in updates.values())


def loss_and_gradient(kind, weight, x, readout):
    weight = weight.clone().requires_grad_()
    y, _ = normalized([kind(eps=1e-30)], x @ weight.transpose(1, 2))
    loss = (y.tanh() * readout).sum()
    return loss, torch.autograd.grad(loss, weight)[0]


@pytest.mark.parametrize("kind", [BatchNorm, LayerNorm])
def test_a_weight_before_a_normalisation_is_scale_invariant(kind):
    """Ground truth G29: the loss is the same under W -> 10 W, the gradient a tenth, and orthogonal to W."""
    torch.manual_seed(0)
    weight, x, readout = (torch.randn(1, *shape, dtype=torch.float64) for shape in ((SIZE, 6), (16, 6), (16, SIZE)))
    (loss, gradient), (scaled_loss, scaled_gradient) = (
        loss_and_gradient(kind, factor * weight, x, readout) for factor in (1, 10)
    )
    torch.testing.assert_close(scaled_loss, loss, rtol=1e-10, atol=0)
    torch.testing.assert_close(scaled_gradient, 0.1 * gradient, rtol=1e-8, atol=1e-12)
    per_unit = (weight * gradient).sum(2)
    assert abs(per_unit.sum()) < 1e-9
    assert (per_unit.abs().max() < 1e-9) == (kind is BatchNorm)


def test_groups_that_do_not_divide_are_refused_with_those_that_do():
    with pytest.raises(ValueError, match=r"divide the 6 features of layer_01, got 4: choose one of 1, 2, 3, 6"):
        GroupNorm().parameters("layer_01.norm", 6)


def test_instance_norm_is_refused_without_pixels():
    with pytest.raises(ValueError, match="layer_01 has none: use model=cnn"):
        InstanceNorm().parameters("layer_01.norm", 6)
    assert len(InstanceNorm().parameters("layer_01.norm", 6, spatial=True)) == 2


def weight_start(part, weights, *, adjust=None):
    """The stacked values of these members' weight, and of what stands beside it."""
    weight = Parameter("map.weight", tuple(weights.shape[1:]), "hidden", adjust=adjust)
    beside = [*part.weight_parameters(weight)[1:], *part.weight_buffers(weight)]
    values = {"map.weight": weights}
    return values | dependent_values([beside] * len(weights), values, [(0, seed) for seed in range(len(weights))])


def used(part, values, *, training=True):
    run = Pass(values, values, training=training)
    return part.weight_at(run.at("map.weight"), values["map.weight"]), run.updates


@pytest.mark.parametrize("shape", [(4, 6), (4, 2, 3, 3)])
def test_weight_norm_starts_as_the_drawn_weight_and_its_gradient_is_orthogonal_to_v(shape):
    """Salimans & Kingma 2016: g sets the norm of a unit's weights, v their direction alone."""
    torch.manual_seed(0)
    drawn_weights = torch.randn(2, *shape, dtype=torch.float64, requires_grad=True)
    values = weight_start(WeightNorm(), drawn_weights)
    weight, _ = used(WeightNorm(), values)
    torch.testing.assert_close(weight, drawn_weights, rtol=1e-12, atol=0)
    (gradient,) = torch.autograd.grad((weight * torch.randn_like(weight)).sum(), drawn_weights)
    assert (gradient * drawn_weights).flatten(2).sum(2).abs().max() < 1e-12
    doubled, _ = used(WeightNorm(), values | {"map.weight.scale": 2 * values["map.weight.scale"]})
    torch.testing.assert_close(doubled, 2 * drawn_weights, rtol=1e-12, atol=0)


def test_weight_norm_of_a_branch_that_starts_at_zero_keeps_a_direction_to_grow_in():
    weights, adjust = torch.randn(2, 4, 6, dtype=torch.float64), ZeroInit().adjust(blocks=3, maps=1, index=0)
    weight = Parameter("map.weight", (4, 6), "hidden", adjust=adjust)
    assert WeightNorm().weight_parameters(weight)[0].adjust is None
    values = weight_start(WeightNorm(), weights, adjust=adjust)
    scale = values["map.weight.scale"].requires_grad_()
    used_weight, _ = used(WeightNorm(), values)
    assert (used_weight == 0).all()
    assert (torch.autograd.grad((used_weight * weights).sum(), scale)[0] > 0).all()


def test_weight_norm_of_a_zero_unit_is_zero_and_no_exception():
    weight, _ = used(WeightNorm(), weight_start(WeightNorm(), torch.zeros(2, 4, 6, dtype=torch.float64)))
    assert (weight == 0).all()


def test_spectral_norm_divides_by_the_largest_singular_value():
    singular = torch.diag(torch.tensor([0.5, 4.0, 1.0])).double().repeat(2, 1, 1)
    weight, _ = used(SpectralNorm(), weight_start(SpectralNorm(), singular), training=False)
    torch.testing.assert_close(weight, singular / 4, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("shape", [(5, 3), (4, 2, 3, 3)])
def test_spectral_norm_follows_torch_in_training_and_in_evaluation(shape):
    torch.manual_seed(0)
    weights = torch.randn(2, *shape, dtype=torch.float64)
    values = weight_start(SpectralNorm(), weights)
    convolution = len(shape) > 2
    module = (
        torch.nn.Conv2d(2, 4, 3, dtype=torch.float64) if convolution else torch.nn.Linear(3, 5, dtype=torch.float64)
    )
    twin = spectral_norm(module)
    twin.parametrizations.weight[0]._u.copy_(values["map.weight.u"][1])
    twin.parametrizations.weight[0]._v.copy_(values["map.weight.v"][1])
    for training, factor in ((False, 1.0), (True, 1.0), (True, 0.3), (False, 2.0)):
        values["map.weight"] = weights.pow(3) * factor
        twin.parametrizations.weight.original.data.copy_(values["map.weight"][1])
        ours, updates = used(SpectralNorm(), values, training=training)
        torch.testing.assert_close(ours[1], twin.train(training).weight, rtol=1e-12, atol=1e-14)
        assert bool(updates) == training
        values |= updates


def test_spectral_norm_of_a_zero_map_is_zero_and_normalises_as_soon_as_it_grows():
    part, values = SpectralNorm(), weight_start(SpectralNorm(), torch.zeros(1, 3, 3, dtype=torch.float64))
    weight, updates = used(part, values)
    assert (weight == 0).all()
    values |= updates | {"map.weight": 1e-3 * torch.eye(3, dtype=torch.float64).unsqueeze(0)}
    torch.testing.assert_close(used(part, values)[0][0], torch.eye(3, dtype=torch.float64))


def test_a_spectrally_normalised_weight_says_that_its_scale_is_lost():
    weight = Parameter("map.weight", (4, 6), "hidden")
    assert SpectralNorm().weight_parameters(weight)[0].scale_free
    assert not WeightNorm().weight_parameters(weight)[0].scale_free
