"""Initialisations: each law's own moments or algebra."""

import math

import pytest
import torch

from gradstudy.factors import init
from gradstudy.training.streams import torch_stream

SIZE, BOUND = 200, 0.1


def filled(law, size=SIZE):
    matrix = torch.empty(size, size, dtype=torch.float64)
    law.weight(matrix, BOUND, torch_stream(0, 0, "test"))
    return matrix


def test_default_is_uniform_within_pytorchs_bound_times_the_gain():
    matrix = filled(init.Default(gain=3.0))
    assert matrix.abs().max() <= 3 * BOUND
    assert matrix.std().item() == pytest.approx(3 * BOUND / math.sqrt(3), rel=0.02)


def test_normal_has_the_standard_deviation_times_the_gain():
    assert filled(init.Normal(gain=2.0, std=0.05)).std().item() == pytest.approx(0.1, rel=0.02)


def test_every_singular_value_of_an_orthogonal_matrix_is_the_gain():
    values = torch.linalg.svdvals(filled(init.Orthogonal(gain=1.7)))
    assert torch.allclose(values, torch.full_like(values, 1.7), atol=1e-12)


def test_identity_is_the_identity_times_the_gain():
    assert torch.equal(filled(init.Identity(gain=0.5)), 0.5 * torch.eye(SIZE, dtype=torch.float64))


@pytest.mark.parametrize("law", [init.Normal, init.Orthogonal, init.Identity])
def test_biases_are_zero_unless_a_spread_is_asked_for(law):
    vector = torch.ones(4000, dtype=torch.float64)
    law().bias(vector, BOUND, torch_stream(0, 0, "test"))
    assert not vector.any()
    law(bias_std=0.3).bias(vector, BOUND, torch_stream(0, 0, "test"))
    assert vector.std().item() == pytest.approx(0.3, rel=0.05)


def test_the_same_stream_draws_the_same_matrix():
    assert torch.equal(filled(init.Normal()), filled(init.Normal()))
