"""Theory beside measurement: every kind of network that has a theory, as predicted and as measured.

Theory is of infinite width, and of a mean over networks. With maps into n units the logarithm of a gradient's power has
a variance of up to 5/n per map (ReLU, one sample; Hanin 2018), so that its mean lies up to 2.5/n below the logarithm
of the mean; a norm's 1/s^2 has a mean 2/n above. Beside that only the noise of the seeds is allowed for.
"""

import math

import numpy as np
import pytest
from support.enrolled import options

import gradstudy
from gradstudy.configs.composition import Composer, hydra_ready
from gradstudy.mean_field import predicted, within_measurement
from gradstudy.random_network import NoTheory
from gradstudy.series import CEILING, FLOOR
from gradstudy.training.theory_input import inputs_of

SEEDS, WIDTH = 8, 96
PROTOCOL = ["budget.steps=0", "device=cpu", "device.dtype=float64"]
NORMS = ["none", "layer", "batch"]
RESIDUALS = ["none", "additive", "inverse_sqrt_depth"]
LAW = "init=lecun init.gain=1.2 init.bias_std=0.2"
DROPOUT = "regularization=dropout regularization.dropout=0.5"
FEATURES = f"model.width={WIDTH} task=random_signal task.features=128"
PERCEPTRON = f"model=mlp model.depth=6 {FEATURES}"
BLOCKS = f"model=resnet model.kind=dense model.depth=4 {FEATURES} activation=relu"
TOKENS = f"model=transformer model.attention=false model.depth=4 {FEATURES} task.length=6 activation=relu"
IMAGES = "task=random_signal task.features=32 task.side=6 task.batch_size=8 model.width=48"
CONVOLUTIONS = f"model=cnn model.pool=false model.depth=5 {IMAGES}"


@pytest.fixture(autouse=True, scope="module")
def composing():
    """Hydra is made ready once: it takes half as long as a measurement."""
    with hydra_ready():
        yield


def parts(overrides):
    return Composer(overrides.split()).parts({})


def assert_predicted(overrides, *, maps, width=WIDTH):
    """log10 D_first / D_last, and the RMS of every flow point, behind so many maps into so many units."""
    measurement = gradstudy.measure([*PROTOCOL, *overrides.split()], seeds=SEEDS)
    theory, finite = measurement.prediction, 2.5 * maps / width / 2
    gains = measurement.members["gain_init"]
    noise = gains.std(ddof=1) / math.sqrt(SEEDS)
    assert abs(gains.mean() - theory.gain_init) < 4 * noise + finite / math.log(10)
    rms = np.stack([record.series["activation_rms"].values[0] for record in measurement.records])
    noise = rms.std(0, ddof=1) / math.sqrt(SEEDS)
    assert (abs(rms.mean(0) - theory.activation_rms) < 4 * noise + finite * rms.mean(0)).all()


@pytest.mark.parametrize("normalization", NORMS)
@pytest.mark.parametrize("activation", options("activation"))
def test_a_perceptron_of_any_activation_and_norm_is_as_predicted(activation, normalization):
    turn = options("activation").index(activation) + NORMS.index(normalization)
    choices = f"activation={activation} normalization={normalization} residual={RESIDUALS[turn % len(RESIDUALS)]}"
    assert_predicted(f"{PERCEPTRON} {LAW} {choices}", maps=5)


@pytest.mark.parametrize(
    "choices",
    [
        *(f"init={init} init.gain=1.3" for init in ("default", "normal", "uniform", "sparse", "orthogonal")),
        "init=xavier_uniform activation=relu residual=scaled residual.skip_scale=0.5 residual.scale=2",
        f"{LAW} {DROPOUT} activation=relu",
        f"{LAW} {DROPOUT} normalization=layer residual=additive",
        f"{LAW} {DROPOUT} normalization=batch",
        f"{LAW} normalization=weight residual=rezero residual.start=0.5",
        f"{LAW} normalization=rms activation=relu",
        f"{LAW} normalization=batch activation=relu task.batch_size=8",
    ],
)
def test_a_perceptron_of_any_init_and_dropout_is_as_predicted(choices):
    assert_predicted(f"{PERCEPTRON} {choices}", maps=5)


@pytest.mark.parametrize("law", ["xavier_normal", "kaiming_normal", "kaiming_uniform init.mode=fan_out", "orthogonal"])
def test_a_perceptron_of_unequal_widths_is_as_predicted(law):
    """Four widths with the mean of 1/n of width 120."""
    widths = "model=mlp model.depth=4 model.width=[64,256,128,192]"
    assert_predicted(f"{widths} activation=tanh task=random_signal init={law}", maps=3, width=120)


@pytest.mark.parametrize(
    "choices",
    [
        "model.padding=zeros activation=relu init=kaiming_normal",
        "model.padding=circular activation=tanh init=lecun init.gain=1.4 init.bias_std=0.3",
        "model.padding=zeros model.kernel=5 activation=tanh init=default regularization=dropout",
        "model.padding=zeros activation=tanh init=orthogonal residual=additive",
        "model.padding=zeros activation=relu init=delta_orthogonal",
    ],
)
def test_a_convolutional_network_is_as_predicted(choices):
    assert_predicted(f"{CONVOLUTIONS} {choices}", maps=4, width=48)


def test_networks_that_share_no_kernel_are_as_predicted():
    small = "model=cnn model.pool=false model.depth=4 task=random_signal task.side=4 task.batch_size=8"
    local = f"{small} model.width=32 task.features=32 activation=relu init=kaiming_normal"
    assert_predicted(f"{local} model.sharing=local", maps=3, width=32)
    dense = f"{small} model.width=8 task.features=8 activation=tanh init=lecun init.gain=1.4 normalization=layer"
    assert_predicted(f"{dense} model.sharing=dense", maps=3, width=8 * 16)


@pytest.mark.parametrize("normalization", NORMS)
@pytest.mark.parametrize("block", ["preactivation", "feedforward"])
@pytest.mark.parametrize("residual", ["none", "additive"])
def test_a_residual_network_is_as_predicted(residual, block, normalization):
    choices = f"model.block={block} normalization={normalization} residual={residual}"
    assert_predicted(f"{BLOCKS} {LAW} {choices}", maps=6)


@pytest.mark.parametrize("block", ["preactivation", "feedforward"])
def test_a_residual_network_of_convolutions_is_as_predicted(block):
    assert_predicted(f"model=resnet model.depth=3 {IMAGES} model.block={block} activation=relu {LAW}", maps=4, width=48)


@pytest.mark.parametrize(
    "choices",
    [
        "model.positions=none normalization=layer",
        f"model.positions=none normalization=rms residual=inverse_sqrt_depth {DROPOUT}",
        "model.positions=sinusoidal normalization=none init=xavier_normal",
        "model.positions=sinusoidal normalization=none model.order=post",
    ],
)
def test_a_transformer_without_attention_is_as_predicted(choices):
    assert_predicted(f"{TOKENS} {choices}", maps=6)


@pytest.mark.parametrize(
    "choices",
    [
        "activation=tanh init=default",
        "activation=tanh init=lecun init.gain=1.4 init.bias_std=0.3",
        "activation=relu init=kaiming_normal",
        f"activation=sigmoid init=orthogonal {DROPOUT}",
        "activation=tanh init=orthogonal init.gain=1.4 normalization=weight",
    ],
)
def test_a_recurrent_network_is_as_predicted(choices):
    task = "task=random_signal task.length=10 task.features=8"
    assert_predicted(f"model=rnn model.width={WIDTH} {task} {choices}", maps=9)


def test_a_recurrent_network_that_is_read_at_every_step_is_as_predicted_of_its_last_answer():
    assert_predicted(f"model=rnn model.width={WIDTH} task=copy_memory task.length=1 init=default", maps=20)


@pytest.mark.parametrize(
    "choices",
    [
        "model=mlp task=random_signal task.features=4",
        "model=mlp task=random_signal task.features=4 normalization=layer",
        "model=mlp task=teacher task.outliers=0.05 task.outlier_scale=30",
        "model=mlp task=teacher task.spread=2 residual=additive",
        "model=mlp task=digits task.standardize=true",
        pytest.param("model=cnn task=digits task.image=true init.gain=2", marks=pytest.mark.slow),
        pytest.param("model=cnn task=digits task.image=true init=delta_orthogonal init.gain=2", marks=pytest.mark.slow),
        pytest.param(
            "model=transformer model.attention=false model.positions=none task=sequential_digits init.gain=3",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_samples_and_pixels_of_unlike_size_are_followed_one_by_one(choices):
    """In a theory of their mean, images would be off by .06 decades of amplitude, and outliers by .35."""
    assert_predicted(f"init=lecun init.gain=1.5 model.width=128 model.depth=6 {choices}", maps=5, width=128)


@pytest.mark.parametrize(
    "choices",
    [
        "normalization=layer normalization.eps=1 activation=relu",
        "normalization=rms normalization.eps=1 residual=additive",
        "normalization=layer init=normal init.std=1e-4 activation=relu",
    ],
)
def test_the_eps_of_a_norm_over_features_is_felt_as_predicted(choices):
    assert_predicted(f"{PERCEPTRON} init=lecun activation=tanh {choices}", maps=5)


def test_zeros_do_not_pass_a_relu_and_pass_a_tanh():
    """Under a norm, tanh(x / sqrt(eps)) multiplies by 10^2.5 per map, and by the singular values of five maps."""
    zeros = f"{PERCEPTRON} init=lecun task.scale=0"
    for choices, expected in (("normalization=none", 0.0), ("normalization=layer", 5 * 2.5)):
        given = f"{zeros} activation=tanh {choices}"
        measurement = gradstudy.measure([*PROTOCOL, *given.split()], seeds=SEEDS)
        assert measurement.prediction.gain_init == pytest.approx(expected)
        flow = np.log10(measurement.flow().to_numpy())
        assert (flow[0] - flow[-1]).mean() == pytest.approx(expected, abs=0.1)
        assert not measurement.prediction.activation_rms.any()
    assert predicted(parts(f"{zeros} activation=relu"), 0).gain_init == -math.inf


SMALLEST = [
    "model=mlp model.depth=1",
    "model=cnn model.pool=false model.depth=1 task.side=1",
    "model=resnet model.kind=dense model.depth=1",
    "model=transformer model.attention=false model.positions=none model.depth=1 task.length=1",
    "model=rnn task.length=1",
]


@pytest.mark.parametrize("overrides", SMALLEST)
@pytest.mark.parametrize("edge", ["", "task.scale=0", "task.scale=1e-200", "task.scale=1e200", "task.batch_size=1"])
def test_the_smallest_networks_have_a_theory_whatever_is_fed_in(overrides, edge):
    found = predicted(parts(f"task=random_signal task.features=8 init=lecun activation=relu {overrides} {edge}"), 0)
    assert found.signal.tolist() == [0.0]
    assert not np.isnan(found.activation_rms).any()


WITHOUT = {
    "model=lstm": "gates",
    "model=gru": "gates",
    "model=rnn model.depth=2": "stacked",
    "model=rnn normalization=layer": "inside the recurrent cell",
    "model=rnn regularization=variational_dropout": "every time step",
    "model=rnn init=identity": "not drawn at random",
    "model=transformer": "attention",
    "model=transformer model.attention=false": "positions",
    "model=transformer model.attention=false model.positions=none model.order=post": "order=post",
    "model=transformer model.attention=false normalization=batch": "tokens",
    "model=mlp task=random_signal init=lsuv": "fitted to the data",
    "model=mlp task=random_signal init=lecun init.bias_mean=0.1": "mean 0.1",
    "model=mlp task=random_signal residual=gated": "gate",
    "model=mlp task=line model.depth=2 model.width=[8,9] residual=scaled residual.projection=true": "projection",
    "model=mlp task=random_signal normalization=batch task.batch_size=4": "batch norm over 4",
    "model=mlp task=random_signal normalization=batch init=normal init.std=1e-4": "eps of 1e-05",
    "model=mlp task=random_signal normalization=batch task.scale=0": "few directions",
    "model=mlp task=random_signal normalization=layer model.width=7": "too many of 7",
    "model=transformer task.length=4 task=random_signal model.attention=false model.positions=none model.width=4 "
    "normalization=rms": "too many of 4",
    "model=mlp task=random_signal init=sparse init.connections=4": "connections=4",
    "model=mlp task=random_signal init=lecun init.gain=1e200": "what a float holds",
    "model=mlp task=random_signal normalization=batch task.features=16": "few directions",
    "model=mlp task=random_signal normalization=layer normalization.after=true": "behind the activation",
    "model=mlp task=random_signal normalization=spectral": "spectral",
    "model=mlp task=random_signal normalization=group": "part of a sample",
    "model=mlp task=digits pretraining=autoencoder": "pretraining",
    "model=cnn task=random_signal task.side=4 normalization=layer": "pixels",
    "model=cnn task=random_signal task.side=4 normalization=batch model.sharing=dense": "pixels",
    "model=resnet task=random_signal model.kind=dense model.block=original": "original",
}


@pytest.mark.parametrize("overrides", WITHOUT)
def test_what_has_no_theory_says_why(overrides):
    with pytest.raises(NoTheory, match=WITHOUT[overrides].replace(".", r"\.")):
        predicted(parts(overrides), 0)


def test_the_inputs_of_a_prediction_come_of_the_study_seed():
    given = parts(f"{PERCEPTRON} {LAW} activation=tanh")
    gains = []
    for seed in (3, 3, 4):
        inputs_of.cache_clear()
        gains.append(predicted(given, seed).gain_init)
    assert gains[0] == gains[1] != gains[2]


@pytest.mark.parametrize(
    ("said", "kept"), [(-3.5, -3.5), (-np.inf, FLOOR), (-400.0, FLOOR), (np.inf, CEILING), (np.nan, None)]
)
def test_a_prediction_ends_where_measurements_end(said, kept):
    found = within_measurement(np.float64(said))
    assert found == kept
    assert kept is None or type(found) is float
