"""What the instrument reads off: known flows, tiny and huge gradients, and members that went non-finite."""

import math

import numpy as np
import pytest
import torch
from support.cohorts import cohort, parts

from gradstudy.factors import activation, clipping, init, lr
from gradstudy.factors.model.lstm import Lstm
from gradstudy.factors.model.mlp import Mlp
from gradstudy.factors.model.rnn import Rnn
from gradstudy.factors.normalization.features import BatchNorm, LayerNorm, RmsNorm
from gradstudy.layer_parts import network_of
from gradstudy.quantities import EVERY_STEP
from gradstudy.tasks.adding import Adding
from gradstudy.tasks.random_signal import RandomSignal
from gradstudy.training.engine import train
from gradstudy.training.instrument.norms import combined_norm, norms, rms, signal_rms
from gradstudy.training.instrument.recorder import Recorder

LINEAR = {"activation": activation.Identity(), "model": Rnn(width=16)}


def decades_from_last_to_first(record):
    flow = record.series["signal"].values[0]
    return math.log10(flow[0] / flow[-1])


@pytest.mark.parametrize("rho", [0.9, 1.0, 1.1])
def test_a_linear_orthogonal_network_scales_the_signal_by_rho_per_time_step(rho):
    """Ground truth G39 (Pascanu, Mikolov & Bengio 2013): ||dh_T/dh_1|| = rho^(T-1), exactly."""
    trial = parts(**LINEAR, init=init.Orthogonal(gain=rho), task=Adding(length=101, batch_size=4))
    for record in train(cohort(trial, steps=0, dtype="float64")):
        assert decades_from_last_to_first(record) == pytest.approx(100 * math.log10(rho), abs=1e-9)


def test_the_signal_is_per_sample_and_does_not_depend_on_the_batch_size():
    """At step 0 with one sample repeated, RMS of dL_b/dh must be what one sample alone gives."""
    gradient = torch.randn(3, 1, 5, dtype=torch.float64)
    alone = signal_rms([(gradient,)])
    repeated = gradient.repeat(1, 8, 1) / 8  # a mean over eight equal samples
    assert torch.allclose(signal_rms([(repeated,)]), alone)
    assert torch.allclose(alone[0], gradient.square().mean((1, 2)).sqrt())


def test_layers_that_share_a_place_are_one_root_mean_square():
    one, two = torch.randn(2, 4, 3), torch.randn(2, 4, 3)
    both = torch.cat([one, two], dim=2).double().mul(4).square().mean((1, 2)).sqrt()
    assert torch.allclose(signal_rms([(one, two)])[0], both)


@pytest.mark.parametrize("scale", [1e-30, 1e-37, 1e30, 1e37])
def test_norms_read_true_values_where_float32_squares_read_zero_or_inf(scale):
    tensor = torch.full((2, 3, 4), scale, dtype=torch.float32)
    np.testing.assert_allclose(norms([tensor])[0].numpy(), scale * math.sqrt(12), rtol=1e-6)


@pytest.mark.parametrize("scale", [1e-300, 1e-200, 1e-150, 1e150, 1e200, 1e300])
def test_norms_read_true_values_where_float64_squares_read_zero_or_inf(scale):
    tensor = torch.full((2, 3, 4), scale, dtype=torch.float64)
    np.testing.assert_allclose(norms([tensor])[0].numpy(), scale * math.sqrt(12), rtol=1e-12)
    np.testing.assert_allclose(combined_norm(norms([tensor, tensor])).numpy(), scale * math.sqrt(24), rtol=1e-12)
    np.testing.assert_allclose(rms([(tensor, tensor), (tensor, tensor)]).numpy(), scale, rtol=1e-12)


@pytest.mark.parametrize(("entry", "norm"), [(0.0, 0.0), (math.inf, math.inf), (math.nan, math.nan)])
def test_norms_keep_zero_infinity_and_nan(entry, norm):
    for dtype in (torch.float32, torch.float64):
        found = norms([torch.tensor([[entry, 0.0], [3.0, 4.0]], dtype=dtype)])[0]
        np.testing.assert_array_equal(found.numpy(), [norm, 5.0])


def test_a_signal_far_below_float32_squares_is_read_off_in_float32_training():
    trial = parts(**LINEAR, init=init.Orthogonal(gain=0.5), task=Adding(length=101, batch_size=4))
    record = train(cohort(trial, seeds=1, steps=0))[0]
    assert decades_from_last_to_first(record) == pytest.approx(100 * math.log10(0.5), abs=1e-3)


def test_gradient_and_norm_agree_with_autograd_by_hand():
    """Second implementation: the loss of one member as a function of its parameters, with plain matrix products."""
    trial = parts(init=init.Default(), clipping=clipping.Threshold(max_norm=0.01))
    record = train(cohort(trial, seeds=1, steps=1, dtype="float64"))[0]
    rms, count = record.series["gradient"], {"hh": 49, "ih": 14, "bias": 7}
    sizes = [14, count["hh"], 7, 7, 7, 1]
    total = math.sqrt(sum(size * value**2 for size, value in zip(sizes, rms.values[0], strict=True)))
    before, after = (record.series[f"norm_{when}_clipping"].values[0, 0] for when in ("before", "after"))
    assert before == pytest.approx(total, rel=1e-12)
    assert after == pytest.approx(before * 0.01 / (before + 1e-6), rel=1e-12)
    assert record.series["clip_coefficient"].values[0, 0] == pytest.approx(after / before, rel=1e-12)


def test_an_lstm_also_shows_the_flow_through_its_cell():
    record = train(cohort(parts(model=Lstm(width=5)), seeds=1, steps=2))[0]
    assert record.series["cell_signal"].values.shape == (2, 8)
    assert record.series["cell_signal"].places == record.series["signal"].places
    assert record.series["signal"].places[0] == "time_001"


def test_a_diverged_member_is_recorded_up_to_its_first_bad_step_and_keeps_its_last_finite_weights():
    trial = parts(activation=activation.Identity(), lr=lr.Constant(1e8), init=init.Orthogonal(gain=1.5))
    record = train(cohort(trial, seeds=1, steps=50, keep_weights=True))[0]
    assert record.first_bad_step is not None
    assert 0 < record.first_bad_step < 49
    assert all(np.isfinite(weights).all() for weights in record.weights.values())
    assert all(len(record.series[quantity].steps) == record.first_bad_step + 1 for quantity in ("signal", *EVERY_STEP))
    probed = [series.steps for quantity, series in record.series.items() if "held_out" not in quantity]
    assert all(steps.max() <= record.first_bad_step for steps in probed)
    assert record.first_bad_tensor.split()[0] in ("loss", "gradient", "parameter")


def test_clipping_by_norm_keeps_an_exploding_network_finite():
    """Ground truth G48b: a ReLU network with 1.1 I under SGD at 0.05 diverges at once; clipped at 1 it stays finite."""
    exploding = parts(
        model=Rnn(width=64),
        activation=activation.Relu(),
        init=init.Identity(gain=1.1),
        lr=lr.Constant(0.05),
        task=Adding(length=60),
    )
    clipped = exploding | {"clipping": clipping.Threshold(max_norm=1.0)}
    records = train(cohort(exploding, clipped, seeds=3, steps=100))
    assert all(record.first_bad_step is not None for record in records[:3])
    assert all(record.first_bad_step is None for record in records[3:])


def test_zero_steps_measure_at_initialisation_and_train_nothing():
    whole = cohort(parts(), steps=0, keep_weights=True)
    record, trained = train(whole)[0], train(cohort(parts(), steps=3, keep_weights=True))[0]
    assert [len(series.steps) for series in record.series.values()] == [1] * len(record.series)
    np.testing.assert_array_equal(record.series["signal"].values[0], trained.series["signal"].values[0])
    assert not np.array_equal(record.weights["readout.weight"], trained.weights["readout.weight"])


def test_factors_that_act_after_backward_cannot_change_the_first_gradient():
    """Ground truth G55: learning rate, optimizer, clipping and decay are null factors at step 0, bit for bit."""
    first = None
    for change in ({}, {"lr": lr.Constant(1.0)}, {"clipping": clipping.Threshold(max_value=1e-3)}):
        flow = train(cohort(parts(**change), seeds=1, steps=1))[0].series["signal"].values
        first = flow if first is None else first
        np.testing.assert_array_equal(flow, first)


def test_a_member_names_the_tensor_that_went_bad_also_where_some_layers_are_frozen():
    """At a rate of 1e30 the first step overflows what is trained: of two layers the second, as the first is frozen."""
    trial = parts(model=Mlp(width=4, depth=2, frozen=1), lr=lr.Constant(1e39), task=RandomSignal(features=4, outputs=2))
    record = train(cohort(trial, seeds=1, steps=3))[0]
    assert (record.first_bad_step, record.first_bad_tensor) == (0, "parameter layer_02.weight")


def test_running_statistics_that_overflow_are_a_divergence():
    trial = parts(
        model=Mlp(width=4, depth=1),
        normalization=BatchNorm(),
        task=RandomSignal(features=4, outputs=2, scale=1e25),
        init=init.Normal(std=1.0),
    )
    record = train(cohort(trial, seeds=1, steps=3))[0]
    assert record.first_bad_tensor is not None
    assert record.first_bad_step == 0


def test_clipping_looks_at_what_is_trained_and_not_at_frozen_layers():
    trial = parts(model=Mlp(width=8, depth=4, frozen=3), init=init.Normal(std=1.0), clipping=clipping.Threshold(0.01))
    record = train(cohort(trial, seeds=1, steps=1, dtype="float64", keep_weights=True))[0]
    rms = dict(zip(record.series["gradient"].places, record.series["gradient"].values[0], strict=True))
    square = {name: rms[name] ** 2 * record.weights[name].size for name in rms}
    trained = sum(value for name, value in square.items() if name.startswith(("layer_04", "readout")))
    assert sum(square.values()) > 1.01 * trained
    assert record.series["norm_before_clipping"].values[0, 0] == pytest.approx(math.sqrt(trained), rel=1e-12)
    assert record.series["norm_after_clipping"].values[0, 0] == pytest.approx(0.01, rel=1e-3)


@pytest.mark.parametrize("norm", [LayerNorm(), RmsNorm(), BatchNorm()])
def test_a_norm_whose_variance_overflows_is_a_divergence_and_no_vanished_signal(norm):
    trial = parts(model=Mlp(width=8, depth=3), normalization=norm, init=init.Normal(std=1e20), task=RandomSignal())
    record = train(cohort(trial, seeds=1, steps=2))[0]
    assert record.first_bad_step == 0


def test_what_clipping_entry_by_entry_left_is_a_share_of_the_norm_and_of_an_infinite_one_none():
    before, after = [2.0, 2.0, 1.0, math.inf, math.inf, math.nan], [0.5, 2.0, 1.0 + 1e-15, math.nan, 3.0, math.nan]
    recorder = Recorder(network_of(parts()), steps=1, members=6, device=torch.device("cpu"))
    recorder.write_clipping(0, *(torch.tensor(norm, dtype=torch.float64) for norm in (before, after, [1.0] * 6)))
    found = [series["clip_coefficient"].values.item() for series in recorder.series([None] * 6)]
    assert found == pytest.approx([0.25, 1.0, 1.0, math.nan, 0.0, 1.0], abs=0, nan_ok=True)
