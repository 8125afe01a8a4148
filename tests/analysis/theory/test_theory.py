"""What closed formulas and published numbers say of whole networks; drawn networks are in another file."""

from itertools import product

import numpy as np
import pytest
from support import factorial
from support.published import BEHIND_BATCH_NORM, BEHIND_LAYER_NORM, SIGMOID_CHI_1

from gradstudy.analysis.theory.prediction import predict
from gradstudy.random_network import ActivationCurve, NoTheory, PixelWindow, RandomFeedforward, RandomMap, RandomStage

PLAIN = ("norm", "activation")


def chain(curve, depth, weight, *, bias=0.0, **parts):
    """A network of equal layers, with noise sent back from its last flow point."""
    one = RandomMap(weight, weight, bias)
    parts = {"first": one, "last": (), **parts}
    return RandomFeedforward(stages=(RandomStage((*PLAIN, one)),) * (depth - 1), curve=curve, **parts)


def total(wiring):
    """The power of the gradient at the first place, relative to the last."""
    return 100 ** predict(wiring).gain_init


def test_homogeneous_curves_decay_geometrically_from_place_to_place(homogeneous):
    curve, weight, factor = homogeneous
    found = predict(chain(curve, 30, weight))  # signals are amplitudes, factors are powers
    places = np.arange(30)[::-1]
    np.testing.assert_allclose(found.signal, places * np.log10(factor) / 2, atol=1e-10)
    assert found.gain_init == found.signal[0]
    np.testing.assert_allclose(found.activation_rms**2, weight * factor ** np.arange(30.0), rtol=1e-9)


def test_thirty_layers_of_xavier_lose_two_to_the_minus_twentynine(curves):
    # G5
    assert np.log2(total(chain(curves["relu"], 30, 1.0))) == pytest.approx(-29)


def test_deep_sigmoid_settles_at_its_rate(curves):
    # G8b
    signal = predict(chain(curves["sigmoid"], 40, 1.0)).signal
    assert 100 ** (signal[20] - signal[21]) == pytest.approx(SIGMOID_CHI_1, abs=5e-7)


def test_what_stands_before_the_read_out_is_not_felt_where_samples_and_pixels_are_alike(curves):
    wiring = {"curve": curves["tanh"], "depth": 6, "weight": 1.7, "bias": 0.1}
    np.testing.assert_allclose(predict(chain(**wiring)).signal, predict(chain(**wiring, last=PLAIN)).signal, atol=1e-12)


@pytest.mark.parametrize(
    ("norm", "name"), [*product(["batch"], BEHIND_BATCH_NORM), *product(["layer"], BEHIND_LAYER_NORM)]
)
@pytest.mark.parametrize("weight", [0.01, 1.0, 100.0])
def test_norms_have_their_rates_for_any_weight(curves, name, norm, weight):
    """From the second layer on, which the norm of the first one's scale is behind."""
    rate, within = {"batch": BEHIND_BATCH_NORM, "layer": BEHIND_LAYER_NORM}[norm][name]
    signal = predict(chain(curves[name], 12, weight, norm=norm, batch=np.inf)).signal
    assert list(100 ** (signal[1:-1] - signal[2:])) == [pytest.approx(rate, abs=within)] * 10


def test_the_full_factorial_has_its_published_shares_classes_and_slopes(curves):
    """G53, G54, the batch of whose formulas is large."""
    weights = {"default": 1 / 3, "xavier_normal": 1.0, "kaiming_normal": 2.0}
    gains = [
        predict(chain(curves[name], depth, weights[init], norm=norm, batch=np.inf)).gain_init
        for depth, name, init, norm in factorial.CELLS
    ]
    power = 2 * np.reshape(gains, factorial.SHAPE)
    assert factorial.totals(power) == pytest.approx(factorial.TOTALS, abs=6e-4)
    assert [(factorial.classes(power) == which).sum() for which in (-1, 0, 1)] == factorial.CLASSES
    np.testing.assert_allclose(power[-1] / 31, factorial.DECADES_PER_LAYER, atol=3e-4)


@pytest.mark.parametrize("norm", ["none", "layer", "batch"])
def test_a_branch_of_two_maps_is_two_stages(curves, norm):
    # Neither batches nor borders commute with a nonlinearity: an order turned round would show.
    window = PixelWindow(3, "zeros") if norm == "none" else None
    parts = (
        RandomMap(1.0, 1.0, 0.1, window),
        ("norm", RandomMap(1.5, 3.0, 0.2, window)),
        ("activation", RandomMap(2.0, 1.0)),
    )
    around = {"curve": curves["tanh"], "norm": norm, "batch": 6, "side": (5, 4) if window else None}
    one = predict(RandomFeedforward(parts[0], (RandomStage(parts[1] + parts[2]),) * 3, **around))
    two = predict(RandomFeedforward(parts[0], (RandomStage(parts[1]), RandomStage(parts[2])) * 3, **around))
    np.testing.assert_allclose(one.signal, two.signal[::2], atol=1e-12)
    np.testing.assert_allclose(one.activation_rms, two.activation_rms[::2], rtol=1e-12)


def test_a_stem_is_no_flow_point(curves):
    with_stem, without = (predict(chain(curves["tanh"], 5, 1.5, stem=stem)) for stem in (True, False))
    np.testing.assert_array_equal(with_stem.signal, without.signal[1:])
    np.testing.assert_array_equal(with_stem.activation_rms, without.activation_rms[1:])


def test_one_place_has_no_gain(curves):
    assert predict(chain(curves["tanh"], 1, 1.5)).gain_init == 0.0


@pytest.mark.parametrize("norm", ["none", "layer", "batch"])
@pytest.mark.parametrize("name", ["relu", "tanh", "sigmoid", "gelu"])
@pytest.mark.parametrize("weight", [0.0, 1e-200, 1e-3, 1e6, 1e200])
def test_vanished_and_exploded_networks_are_predictions_too(curves, name, norm, weight):
    for skip in (0.0, 1.0):
        one = RandomMap(weight, weight)
        stages = (RandomStage((*PLAIN, one), skip),) * 199
        found = predict(RandomFeedforward(one, stages, curves[name], norm, dropout=0.1, batch=64))
        assert found.signal[-1] == 0.0
        assert not np.isnan(found.signal).any()
        assert not np.isnan(found.activation_rms).any()


@pytest.mark.parametrize(("name", "factor"), [("relu", 0.0), ("leaky", 0.2**2), ("tanh", 1.0), ("sigmoid", 1 / 16)])
def test_behind_inputs_of_zero_every_slope_is_that_at_zero(curves, name, factor):
    # Sigmoid's 1/2 at 0 feeds the next layer, so that only its first slope is known beforehand.
    signal = predict(chain(curves[name], 3, 1.0, power=0.0)).signal
    assert 100.0 ** (signal[0] - max(signal[1], -300.0)) == pytest.approx(factor)
    expected = curves["relu"], 40, 1e-30
    assert predict(chain(*expected, power=1e-200)).gain_init == pytest.approx(39 * np.log10(0.5e-30) / 2)


@pytest.mark.parametrize(("name", "slope"), [("relu", 1 / 2), ("identity", 1.0)])
def test_a_norm_with_eps_divides_by_the_root_of_variance_and_eps(curves, name, slope):
    # q -> weight slope q / (q + eps), and D^2 takes weight slope / (q + eps) on its way back.
    weight, eps, q = 0.7, 0.3, [0.7]
    for _ in range(4):
        q.append(weight * slope * q[-1] / (q[-1] + eps))
    found = predict(chain(curves[name], 5, weight, norm="layer", eps=eps))
    np.testing.assert_allclose(found.activation_rms**2, q, rtol=1e-9)
    np.testing.assert_allclose(100 ** (found.signal[:-1] - found.signal[1:]), weight * slope / (np.array(q[:-1]) + eps))


def test_zeros_under_a_norm_are_multiplied_by_its_eps_alone(curves):
    found = predict(chain(curves["tanh"], 10, 1.0, norm="layer", eps=1e-5, power=0.0))
    assert found.gain_init == pytest.approx(9 * 2.5)
    assert not found.activation_rms.any()
    assert predict(chain(curves["relu"], 10, 1.0, norm="layer", eps=1e-5, power=0.0)).gain_init == -np.inf


def test_a_norm_over_few_features_is_refused_wherever_it_stands(curves):
    wide, into, out_of = (
        RandomMap(1.0, 1.0, fans=(8, 8)),
        RandomMap(1.0, 1.0, fans=(8, 7)),
        RandomMap(1.0, 1.0, fans=(7, 8)),
    )
    where = [
        {"first": into, "stages": (RandomStage((*PLAIN, out_of)),)},
        {"first": wide, "stages": (RandomStage((into, *PLAIN, out_of)),)},
        {"first": wide, "stages": (RandomStage((*PLAIN, into)),), "last": PLAIN},
    ]
    for parts in where:
        with pytest.raises(NoTheory, match="too many of 7: it takes 8"):
            predict(RandomFeedforward(curve=curves["tanh"], norm="layer", **parts))
        assert np.isfinite(predict(RandomFeedforward(curve=curves["tanh"], **parts)).gain_init)
    few = RandomMap(1.0, 1.0, fans=(1, 8))
    assert np.isfinite(
        predict(RandomFeedforward(few, (RandomStage((*PLAIN, wide)),), curves["tanh"], "layer")).gain_init
    )


def test_nothing_comes_back_through_weights_of_zero_and_everything_explodes_in_range(curves):
    assert predict(chain(curves["tanh"], 4, 0.0)).gain_init == -np.inf
    assert predict(chain(curves["relu"], 2000, 2e3)).gain_init == pytest.approx(1999 * 3 / 2)
    assert predict(chain(curves["relu"], 2000, 2e-3)).gain_init == pytest.approx(-1999 * 3 / 2)
    flat = ActivationCurve(np.ones_like, np.zeros_like)
    assert predict(chain(flat, 4, 1.0, norm="layer")).gain_init == -np.inf


IMAGES = {"first": RandomMap(1.0, 1.0, 0.0, PixelWindow(3, "zeros")), "side": (4, 4)}


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"norm": "batch", "batch": 3}, "batch norm over 3 samples"),
        ({"norm": "layer", **IMAGES}, "pixels of an image"),
        ({"norm": "batch", "batch": 32, **IMAGES}, "pixels of an image"),
        ({"first": IMAGES["first"]}, "side of its images"),
        ({"stages": (RandomStage(("norm", "norm", RandomMap(1.0, 1.0))),), "norm": "layer"}, "two norms"),
        (
            {"stages": (RandomStage(("activation", "norm", RandomMap(1.0, 1.0))),), "norm": "layer"},
            "behind an activation",
        ),
        ({"stages": (RandomStage(("activation", "activation", RandomMap(1.0, 1.0))),)}, "two activations"),
        ({"stages": (RandomStage((RandomMap(1.0, 1.0), "activation")),)}, "without a random map"),
        ({"stages": (RandomStage(()),)}, "without a random map"),
    ],
)
def test_networks_outside_the_theory_are_refused_with_the_reason(curves, parts, reason):
    stages = (RandomStage((*PLAIN, RandomMap(1.0, 1.0))),)
    with pytest.raises(NoTheory, match=reason):
        predict(RandomFeedforward(**{"first": RandomMap(1.0, 1.0), "stages": stages, "curve": curves["tanh"], **parts}))


def test_a_norm_that_is_none_stands_anywhere(curves):
    steps = "norm", "activation", "norm", "norm", RandomMap(1.3, 1.3)
    expected = predict(chain(curves["tanh"], 2, 1.3))
    found = predict(RandomFeedforward(RandomMap(1.3, 1.3), (RandomStage(steps),), curves["tanh"], last=()))
    np.testing.assert_array_equal(found.signal, expected.signal)
