"""Spectra and finite width (G3, G18, G20, G24): what one draw of the weights does, and isometries that lose nothing."""

import numpy as np
import pytest
from support.flows import gaussian_mean, initial, log_ratio, measured

QUARTER_CIRCLE = 8 / (3 * np.pi)
"""The mean singular value of a square matrix with independent entries of variance 1 / n."""
STANDARD, NORMALISED = ["init=default"], ["init=xavier_uniform"]


@pytest.mark.parametrize(("law", "expected"), [(NORMALISED, QUARTER_CIRCLE), (STANDARD, QUARTER_CIRCLE / 3**0.5)])
def test_the_mean_singular_value_of_a_map_follows_the_quarter_circle_law(law, expected):
    """.8488 and .4901: Glorot & Bengio 2010 report about .8 and .5."""
    measurement = measured("model=mlp", "model.width=600", "model.depth=2", *law, seeds=1, weights=True)
    values = np.linalg.svd(measurement.records[0].weights["layer_02.weight"], compute_uv=False)
    assert values.mean() == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize(("law", "weights", "rounded"), [(NORMALISED, 1, 0.8), (STANDARD, 1 / 3, 0.5)])
def test_the_layer_jacobians_of_a_tanh_network_shrink_by_0_8_and_0_5_on_average(law, weights, rounded):
    """Mean singular values of diag(tanh'(z_l)) W_l (Glorot & Bengio 2010, section 4.2.1), inputs U(-1, 1)."""
    size = ["model=mlp", "model.width=300", "model.depth=5", "task.features=300"]
    measurement = measured(*size, *law, "activation=tanh", seeds=8, weights=True)
    found = np.mean([layer_jacobians(record.weights, record.seed) for record in measurement.records], axis=0)
    np.testing.assert_allclose(found, freely_drawn(weights), rtol=0.03)
    assert round(found[-1], 1) == rounded


def layer_jacobians(weights, seed):
    """The mean singular value of each layer's Jacobian at one input."""
    hidden, means = np.random.default_rng(seed).uniform(-1, 1, 300), []
    for layer in range(1, 6):
        matrix, bias = (weights[f"layer_0{layer}.{kind}"] for kind in ("weight", "bias"))
        hidden = np.tanh(matrix @ hidden + bias)
        means.append(np.linalg.svd((1 - hidden**2)[:, None] * matrix, compute_uv=False).mean())
    return means


def freely_drawn(weights, units=600):
    """The same with slopes at independent z ~ N(0, q_l), q_l of the mean field, and matrices that do not know them."""
    draw, power, means = np.random.default_rng(0).standard_normal, 1 / 3, []
    for _ in range(5):
        z = (weights * power) ** 0.5 * draw(units)
        matrix = draw((units, units)) * (weights / units) ** 0.5
        means.append(np.linalg.svd((1 - np.tanh(z) ** 2)[:, None] * matrix, compute_uv=False).mean())
        power = gaussian_mean(lambda x: np.tanh(x) ** 2, weights * power)
    return means


def narrow(widths, init, activation, nets=400):
    """ln of the power of dL/dz at the first layer over that at the last one, for one input, [net]."""
    size = ["model=mlp", f"model.width={widths}", f"model.depth={len(widths)}", "task.batch_size=1"]
    measurement = measured(*size, f"init={init}", f"activation={activation}", seeds=nets)
    return log_ratio(initial(measurement, "signal"))


@pytest.mark.parametrize(
    ("init", "activation", "widths", "beta"),
    [
        ("kaiming_normal", "relu", [50] * 21, 5 * 20 / 50),
        pytest.param("lecun", "identity", [50] * 51, 2 * 50 / 50, marks=pytest.mark.slow),
        pytest.param("kaiming_normal", "relu", [50, 100] * 10 + [50], 5 * (10 / 50 + 10 / 100), marks=pytest.mark.slow),
        pytest.param("kaiming_normal", "relu", [50] * 51, 5 * 50 / 50, marks=pytest.mark.slow),
    ],
)
def test_the_gradient_of_a_narrow_deep_network_is_log_normal(init, activation, widths, beta):
    """ln ||g||^2 ~ N(-beta / 2, beta), beta = 5 sum 1/n_l for ReLU and 2 sum 1/n_l for linear nets (Hanin & Nica 2018).

    The sum is over the layers that the gradient enters. Of 400 networks the variance has a relative
    error of .07, and the mean one of .1 / sqrt(beta): fewer layers would say little.
    """
    gradient = narrow(widths, init, activation)
    assert gradient.var() == pytest.approx(beta, rel=0.2)
    assert gradient.mean() == pytest.approx(-beta / 2, rel=0.2)


def test_the_mean_of_the_squared_gradient_stays_1_where_its_geometric_mean_falls():
    """E ||g||^2 = 1 and exp(E ln ||g||^2) = exp(-beta / 2) at once (Hanin 2018), here with beta = 1."""
    gradient = narrow([50] * 11, "kaiming_normal", "relu")
    assert np.exp(gradient).mean() == pytest.approx(1, rel=0.2)
    assert np.exp(gradient.mean()) == pytest.approx(np.exp(-0.5), rel=0.2)


@pytest.mark.parametrize("depth", [5, 10, 50])
def test_an_orthogonal_linear_network_has_singular_values_of_1_at_any_depth(depth):
    """Saxe, McClelland & Ganguli 2014: so its gradient, too, is the same at every layer."""
    size = ["model=mlp", "model.width=64", f"model.depth={depth}"]
    measurement = measured(*size, "init=orthogonal", "activation=identity", "record=jacobian", seeds=3)
    values, signal = initial(measurement, "jacobian"), initial(measurement, "signal")
    assert values.shape == (64, 3)
    np.testing.assert_allclose(values, 1.0, rtol=0, atol=1e-10)
    np.testing.assert_allclose(signal, np.broadcast_to(signal[-1], signal.shape), rtol=1e-10)


def convolutions(*overrides, seeds=5):
    """log10 of the power of dL/dz before 50 linear convolutions over that behind them, [seed]."""
    size = ["model=cnn", "model.depth=51", "model.width=16", "task.side=8", "task.features=16", "task.batch_size=8"]
    measurement = measured(*size, "model.pool=false", "activation=identity", *overrides, seeds=seeds)
    return log_ratio(initial(measurement, "signal")) / np.log(10)


@pytest.mark.parametrize("padding", ["zeros", "circular"])
def test_delta_orthogonal_convolutions_keep_the_gradient_exactly(padding):
    """An orthogonal centre tap and zeros around it, 50 times (Xiao et al. 2018)."""
    kept = convolutions("init=delta_orthogonal", f"model.padding={padding}", seeds=2)
    np.testing.assert_allclose(kept, 0.0, atol=1e-9)


@pytest.mark.parametrize(("init", "expected"), [("lecun", 0.0), ("default", -50 * np.log10(3))])
def test_gaussian_convolutions_keep_the_gradient_and_pytorchs_own_a_third_of_it(init, expected):
    assert convolutions(f"init={init}", "model.padding=circular").mean() == pytest.approx(expected, abs=1.0)


def test_zero_padding_lets_the_gradient_leak_out_at_the_border():
    """Every pixel hands a ninth of its power to each of the nine around it, and what leaves the image is lost."""
    power = np.ones((8, 8))
    for _ in range(50):
        around = np.pad(power, 1)
        power = sum(around[row : row + 8, column : column + 8] for row in range(3) for column in range(3)) / 9
    expected = np.log10(power.mean())
    assert expected == pytest.approx(-1.88, abs=0.01)
    assert convolutions("init=lecun", "model.padding=zeros").mean() == pytest.approx(expected, abs=0.2)
