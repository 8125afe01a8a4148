import numpy as np
import pytest

from gradstudy.analysis.theory.expectations import sphere_expectation, sphere_pair

BATCHES = [4, 5, 8, 32, 256, 4096]


@pytest.mark.parametrize("batch", BATCHES)
def test_moments_are_those_of_normalised_numbers(batch):
    # The sum of y is 0 and that of y^2 is B; of a coordinate of a sphere in n dimensions E t^4 = 3 / (n (n + 2)).
    assert sphere_expectation(lambda y: y, batch) == pytest.approx(0.0, abs=1e-12)
    assert sphere_expectation(lambda y: y**2, batch) == pytest.approx(1.0, rel=1e-9)
    assert sphere_expectation(lambda y: y**4, batch) == pytest.approx(3 * (batch - 1) / (batch + 1), rel=1e-9)


@pytest.mark.parametrize("batch", BATCHES)
def test_pairs_are_what_two_sums_over_the_batch_leave(batch):
    # (sum y)^2 = 0 and (sum y^2)^2 = B^2, each B times a square plus B (B - 1) times a pair.
    assert sphere_pair(lambda y: y, batch) == pytest.approx(-1 / (batch - 1), rel=1e-9)
    fourth = 3 * (batch - 1) / (batch + 1)
    assert sphere_pair(lambda y: y**2, batch) == pytest.approx((batch - fourth) / (batch - 1), rel=1e-9)


@pytest.mark.parametrize("batch", BATCHES)
def test_pairs_of_relu_and_of_its_slope_have_the_arc_cosine_kernels(curves, batch):
    # Directions alone matter to a homogeneous curve, so that a sphere has the kernels of Gaussians at c = -1 / (B - 1).
    c = -1 / (batch - 1)
    value = (np.sqrt(1 - c**2) + (np.pi - np.arccos(c)) * c) / (2 * np.pi)
    assert sphere_pair(curves["relu"].value, batch) == pytest.approx(value, rel=1e-7)
    assert sphere_pair(curves["relu"].slope, batch) == pytest.approx((np.pi - np.arccos(c)) / (2 * np.pi), rel=1e-5)


@pytest.mark.parametrize("name", ["tanh", "hard_tanh", "sigmoid", "gelu"])
@pytest.mark.parametrize("batch", [4, 8])
def test_any_curve_agrees_with_drawn_batches(curves, name, batch):
    z = np.random.default_rng(0).normal(size=(400_000, batch))
    y = z - z.mean(1, keepdims=True)
    y /= np.sqrt((y**2).mean(1, keepdims=True))
    for function in (curves[name].value, curves[name].slope, lambda y: curves[name].slope(y) * y):
        values = function(y)
        squares = (values**2).mean(1)
        pairs = (values.sum(1) ** 2 - (values**2).sum(1)) / (batch * (batch - 1))
        error = [5 * column.std() / np.sqrt(len(column)) for column in (squares, pairs)]
        assert sphere_expectation(lambda y, f=function: f(y) ** 2, batch) == pytest.approx(squares.mean(), abs=error[0])
        assert sphere_pair(function, batch) == pytest.approx(pairs.mean(), abs=error[1])


def test_a_large_batch_is_independent_gaussians(curves):
    value = curves["sigmoid"].value
    assert sphere_pair(value, np.inf) == pytest.approx(1 / 4, rel=1e-12)
    assert sphere_pair(value, 10**6) == pytest.approx(1 / 4, abs=1e-6)
    assert sphere_expectation(lambda y: value(y) ** 2, 10**6) == pytest.approx(
        sphere_expectation(lambda y: value(y) ** 2, np.inf), abs=1e-6
    )
