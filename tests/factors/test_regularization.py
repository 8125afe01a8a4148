"""Penalties, and the bound on the length of a unit's weights: their own algebra, for each member."""

import math

import numpy as np
import pytest
import torch
from support.cohorts import cohort, parts

from gradstudy.factors.coefficients import per_member
from gradstudy.factors.model.mlp import Mlp
from gradstudy.factors.normalization.weights import WeightNorm
from gradstudy.factors.regularization import Dropout, Lasso, MaxNorm, Penalty
from gradstudy.training.cohort import stack
from gradstudy.training.engine import train


def slope(penalty, weights):
    """What a penalty adds to the gradient, by autograd of its formula."""
    weights = weights.clone().requires_grad_()
    return torch.autograd.grad(penalty(weights), weights)[0]


def decayed(parts, weights, gradient):
    """The gradients [member, ...] of a stack with those of its penalties."""
    part = stack(parts, "cpu")
    return part.decay(weights, gradient, *(per_member(one, weights) for one in part.decay_coefficients()))


def test_each_member_is_decayed_by_the_gradient_of_its_own_penalty():
    weights, gradient = torch.randn(2, 3, 4, 5, dtype=torch.float64)
    parts = [Lasso(weight_decay=0.3), Lasso(l1=0.2), Lasso(weight_decay=0.5, l1=0.1)]
    found = decayed(parts, weights, gradient)
    for member, part in enumerate(parts):
        added = slope(lambda w, p=part: p.weight_decay / 2 * (w * w).sum() + p.l1 * w.abs().sum(), weights[member])
        torch.testing.assert_close(found[member], gradient[member] + added)


def test_weight_decay_alone_is_the_same_in_every_class():
    weights, gradient = torch.randn(2, 2, 4, 5)
    expected = gradient + 0.25 * weights
    for kind in (Penalty, Lasso, MaxNorm, Dropout):
        assert torch.equal(decayed([kind(weight_decay=0.25)] * 2, weights, gradient), expected), kind


@pytest.mark.parametrize("kind", [Penalty, Lasso, MaxNorm, Dropout])
def test_what_is_off_leaves_gradients_and_weights_bit_for_bit(kind):
    weights, gradient = torch.randn(2, 2, 40, 5) * 1e3
    gradient[1, 0, 0], weights[1, 1] = math.inf, 1e30
    part = stack([kind()] * 2, "cpu")
    assert torch.equal(decayed([kind()] * 2, weights, gradient), gradient)
    assert torch.equal(part.constrain([weights])[0], weights)


def test_l1_does_not_move_a_weight_that_is_zero():
    zero = torch.zeros(1, 2, 3)
    assert torch.equal(decayed([Lasso(l1=5.0)], zero, zero), zero)


@pytest.mark.parametrize("shape", [(4, 5), (3, 2, 3, 3)])
def test_units_longer_than_the_bound_are_shortened_to_it_and_others_are_left(shape):
    weights = torch.randn(3, *shape, dtype=torch.float64)
    weights[:, 0] *= 1e-3
    bounds = [0.5, 2.0, 1e3]
    (bounded,) = stack([MaxNorm(max_norm=bound) for bound in bounds], "cpu").constrain([weights])
    changed = 0
    for member, bound in enumerate(bounds):
        for before, after in zip(weights[member], bounded[member], strict=True):
            length = before.norm().item()
            changed += length > bound
            expected = before if length <= bound else before * (bound / length)
            torch.testing.assert_close(after, expected, rtol=1e-12, atol=0)
            assert length > bound or torch.equal(after, before)
    assert 0 < changed < 3 * shape[0]


def test_biases_and_other_vectors_have_no_bound():
    vector, number = torch.full((2, 7), 9.0), torch.full((2,), 9.0)
    bounded = stack([MaxNorm(max_norm=0.1)] * 2, "cpu").constrain([vector, number])
    assert torch.equal(bounded[0], vector)
    assert torch.equal(bounded[1], number)


def test_max_norm_bounds_the_weight_that_a_weight_norm_makes():
    """w = g v / ||v|| has the length g, which is bounded like any other weight of a unit."""
    trial = parts(model=Mlp(width=8, depth=2), normalization=WeightNorm(), regularization=MaxNorm(max_norm=0.1))
    (record,) = train(cohort(trial, seeds=1, steps=2, keep_weights=True))
    for name in ("layer_01", "layer_02", "readout"):
        assert np.abs(record.weights[f"{name}.weight.scale"]).max() <= 0.1 * (1 + 1e-6)
