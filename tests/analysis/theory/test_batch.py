import numpy as np
import pytest
from support.mean_field_theory import batch_norm_rate
from support.published import (
    BEHIND_BATCH_NORM,
    RELU_IN_SMALL_BATCHES,
    linear_behind_batch_norm,
    relu_behind_batch_norm,
)

from gradstudy.analysis.theory.prediction import predict
from gradstudy.random_network import NoTheory, RandomFeedforward, RandomMap, RandomStage


@pytest.mark.parametrize("batch", [5, 8, 32, 256])
def test_relu_has_the_rate_of_theorem_8(curves, batch):
    assert batch_norm_rate(curves["relu"], batch) == pytest.approx(relu_behind_batch_norm(batch), rel=1e-5)


@pytest.mark.parametrize(("batch", "expected"), RELU_IN_SMALL_BATCHES.items())
def test_relu_has_the_rates_of_the_table(curves, batch, expected):
    assert relu_behind_batch_norm(batch) == pytest.approx(expected, abs=6e-5)
    assert batch_norm_rate(curves["relu"], batch) == pytest.approx(expected, abs=6e-5)


@pytest.mark.parametrize("batch", [5, 8, 32, 1000])
def test_a_linear_network_has_the_closed_rate(curves, batch):
    assert batch_norm_rate(curves["identity"], batch) == pytest.approx(linear_behind_batch_norm(batch), rel=1e-9)


@pytest.mark.parametrize(("name", "rate"), BEHIND_BATCH_NORM.items())
def test_the_rate_in_a_large_batch_is_the_published_one(curves, name, rate):
    expected, within = rate
    assert batch_norm_rate(curves[name]) == pytest.approx(expected, abs=within)
    assert batch_norm_rate(curves[name], 10**6) == pytest.approx(expected, abs=within + 1e-5)


@pytest.mark.parametrize("batch", [1, 2, 3, 4])
def test_a_batch_of_four_or_fewer_has_no_rate(curves, batch):
    with pytest.raises(NoTheory, match=f"over {batch} samples"):
        batch_norm_rate(curves["relu"], batch)


@pytest.mark.parametrize(("variance", "known"), [(1.01, True), (0.99, False)])
@pytest.mark.parametrize("last", [False, True])
def test_a_variance_below_a_hundred_eps_has_no_theory(curves, variance, known, last):
    """The map before the norm in question brings its samples to this variance; the norms before it see 1."""
    one, small = RandomMap(1.0, 1.0), RandomMap(variance, 1.0)
    ends = (
        {"stages": (RandomStage(("norm", small)),), "last": ("norm",)}
        if last
        else {"stages": (RandomStage(("norm", one)),)}
    )
    wiring = RandomFeedforward(
        one if last else small, curve=curves["tanh"], norm="batch", eps=0.01, batch=np.inf, **ends
    )
    if known:
        assert np.isfinite(predict(wiring).gain_init)
    else:
        with pytest.raises(NoTheory, match=r"variance of 0\.99.*eps of 0\.01"):
            predict(wiring)
