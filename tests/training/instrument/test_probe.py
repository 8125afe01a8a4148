"""What a look inside finds, against plain autograd, torch.optim, and algebra."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from support.cohorts import OPTIMIZERS, cohort, parts
from support.images import Pictures
from support.parity import assert_same_member
from support.probed import EXACT, first_batch, gradient, mlp, tensors_of, twin_output, values

from gradstudy.factors import activation, clipping, init, lr, optimizer, regularization, residual
from gradstudy.factors.model.cnn import Cnn
from gradstudy.factors.model.lstm import Lstm
from gradstudy.factors.model.mlp import Mlp
from gradstudy.factors.model.resnet import ResNet
from gradstudy.factors.model.rnn import Rnn
from gradstudy.factors.normalization.features import BatchNorm
from gradstudy.network import Probe
from gradstudy.training.engine import train
from gradstudy.training.instrument import inspection, probe
from gradstudy.training.instrument.probe import Prober, probe_steps


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (0, {0}),
        (1, {0}),
        (2, {0, 1}),
        (5, {0, 1, 3, 4}),
        (200, {0, 1, 3, 10, 30, 100, 199}),
        (1001, {0, 1, 3, 10, 30, 100, 300, 1000}),
    ],
)
def test_probe_steps_are_the_first_the_last_and_spread_over_decades(steps, expected):
    assert probe_steps(steps) == expected


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_at_the_first_step_a_probe_sees_what_training_sees_also_behind_dropout_and_batch_norm(dtype):
    trial = mlp(regularization=regularization.Dropout(0.3), normalization=BatchNorm())
    record = train(cohort(trial, seeds=1, dtype=dtype))[0]
    rtol = 1e-4 if dtype == "float32" else 1e-12
    np.testing.assert_allclose(record.series["signal_float64"].values[0], record.series["signal"].values[0], rtol=rtol)


@pytest.mark.parametrize(
    "changes", [{}, {"regularization": regularization.Dropout(0.3)}, {"normalization": BatchNorm()}]
)
def test_looking_changes_nothing(changes, monkeypatch):
    whole = cohort(mlp(**changes), steps=12, keep_weights=True)
    seen = train(whole)
    monkeypatch.setattr(Prober, "is_due", lambda self, step: False)
    for one, other in zip(seen, train(whole), strict=True):
        assert one.series.keys() - other.series.keys() >= {"signal_float64", "update_ratio"}
        assert_same_member(replace(one, series={name: one.series[name] for name in other.series}), other)


@pytest.mark.parametrize(
    "trial",
    [
        parts(model=Lstm(width=5)),
        parts(model=Cnn(width=4, depth=3), task=Pictures()),
        mlp(),
        mlp(model=Mlp(width=7, depth=3, frozen=2), optimizer=optimizer.Adam(), activation=activation.LeakyRelu()),
        mlp(activation=activation.Relu(), init=init.Lecun(bias_mean=-100.0)),
    ],
    ids=["lstm", "cnn", "mlp", "frozen", "dead"],
)
def test_a_look_by_machine_code_finds_what_autograd_finds(trial, monkeypatch):
    by_hand = train(cohort(trial, steps=4))
    monkeypatch.setattr(probe, "Probe", lambda by_hand: Probe())
    for module in (probe, inspection):
        monkeypatch.setattr(module, "runs_compiled", lambda *_: False)
    for ours, plain in zip(by_hand, train(cohort(trial, steps=4)), strict=True):
        assert ours.series.keys() == plain.series.keys()
        for quantity, series in plain.series.items():
            found = ours.series[quantity]
            assert found.places == series.places
            np.testing.assert_allclose(found.values, series.values, rtol=1e-10, atol=1e-14)


def test_a_signal_below_float32_is_told_from_a_true_zero_and_from_infinity():
    deep = mlp(model=Mlp(width=6, depth=90), activation=activation.Sigmoid())
    blocked = mlp(init=init.Lecun(bias_mean=-100.0), activation=activation.Relu())
    burst = mlp(model=Mlp(width=6, depth=90), activation=activation.Identity(), init=init.Lecun(gain=10.0))
    signals = {}
    for name, trial in {"deep": deep, "blocked": blocked, "burst": burst}.items():
        record = train(cohort(trial, seeds=1, steps=0))[0]
        signals[name] = values(record, "signal")[0], values(record, "signal_float64")[0]
    assert signals["deep"][0] == 0
    # at most a factor 1/4 per layer by the slope, times weights of about 1
    assert 1e-120 < signals["deep"][1] < 4.0**-89
    assert signals["blocked"] == (0, 0)
    assert not np.isfinite(signals["burst"][0])
    assert 1e70 < signals["burst"][1] < 1e100  # 89 random maps, each of which multiplies by 10 on average


def test_activation_rms_is_that_of_the_flow_points():
    trial = mlp()
    record = train(cohort(trial, steps=0, **EXACT))[0]
    inputs, _ = first_batch(trial)
    weights = {name: torch.as_tensor(value) for name, value in record.weights.items()}
    z = inputs @ weights["layer_01.weight"].T
    assert values(record, "activation_rms", "layer_01")[0] == pytest.approx(z.square().mean().sqrt().item())
    z = torch.tanh(z) @ weights["layer_02.weight"].T
    assert values(record, "activation_rms", "layer_02")[0] == pytest.approx(z.square().mean().sqrt().item())


def test_both_states_of_an_lstm_have_an_rms():
    record = train(cohort(parts(model=Lstm(width=5)), seeds=1, steps=1))[0]
    assert record.series["cell_activation_rms"].places == record.series["cell_signal"].places
    assert (values(record, "cell_activation_rms", "time_008") > values(record, "activation_rms", "time_008")).all()


def test_dead_units_have_a_negative_input_on_every_sample():
    trial = mlp(activation=activation.Relu(), init=init.Lecun(bias_mean=-1.5, bias_std=1.5))
    record = train(cohort(trial, steps=0, **EXACT))[0]
    inputs, _ = first_batch(trial)
    z = inputs @ torch.as_tensor(record.weights["layer_01.weight"]).T + torch.as_tensor(record.weights["layer_01.bias"])
    dead = (z <= 0).all(0).double().mean().item()
    assert 0 < dead < 1
    assert values(record, "dead_units", "layer_01")[0] == dead
    assert "saturated_units" not in record.series  # a rectifier has one flat side by design


@pytest.mark.parametrize(
    ("phi", "edge"),
    # where the slope is a twentieth of the steepest: 1 - tanh^2 = .05; s (1 - s) = .05/4; 1/(1 + |x|)^2 = .05; 1
    [
        (activation.Tanh(), math.atanh(math.sqrt(0.95))),
        (activation.Sigmoid(), math.log((1 + math.sqrt(0.95)) / (1 - math.sqrt(0.95)))),
        (activation.Softsign(), math.sqrt(20) - 1),
        (activation.HardTanh(), 1.0),
    ],
    ids=["tanh", "sigmoid", "softsign", "hard tanh"],
)
def test_saturated_units_lie_beyond_a_twentieth_of_the_steepest_slope(phi, edge):
    trial = mlp(activation=phi, init=init.Lecun(gain=4.0))
    record = train(cohort(trial, steps=0, **EXACT))[0]
    inputs, _ = first_batch(trial)
    z = inputs @ torch.as_tensor(record.weights["layer_01.weight"]).T
    expected = (z.abs() > edge).double().mean().item()
    assert 0 < expected < 1
    assert values(record, "saturated_units", "layer_01")[0] == pytest.approx(expected)


def test_a_recurrent_unit_is_dead_where_it_is_at_every_time_step():
    trial = parts(model=Rnn(width=7), activation=activation.Relu(), init=init.Normal(std=0.0, bias_mean=-5.0))
    record = train(cohort(trial, seeds=1, steps=0))[0]
    assert record.series["dead_units"].places == ("recurrent.l0",)
    assert values(record, "dead_units")[0] == 1
    alive = train(cohort(trial | {"init": init.Normal(std=0.0, bias_mean=5.0)}, seeds=1, steps=0))[0]
    assert values(alive, "dead_units")[0] == 0


def test_half_of_the_gradient_comes_back_through_the_skip_of_an_orthogonal_linear_block():
    """x + W x with W orthogonal and independent of the gradient: both ways carry the same power, exactly."""
    trial = mlp(residual=residual.Scaled(), activation=activation.Identity(), init=init.Orthogonal())
    record = train(cohort(trial, steps=0, **EXACT))[0]
    assert record.series["skip_share"].places == ("layer_02", "layer_03")
    np.testing.assert_allclose(record.series["skip_share"].values, 0.5, rtol=1e-12)
    np.testing.assert_allclose(record.series["branch_share"].values, 0.5, rtol=1e-12)
    scaled = train(cohort(trial | {"residual": residual.Scaled(scale=3.0, skip_scale=2.0)}, steps=0, **EXACT))[0]
    np.testing.assert_allclose(scaled.series["skip_share"].values, 4 / 13, rtol=1e-12)


def test_nothing_comes_back_through_branches_that_start_at_zero():
    for model in (Mlp(width=6, depth=3), ResNet(width=6, depth=2, kind="dense")):
        record = train(cohort(mlp(model=model, residual=residual.ZeroInit()), steps=0, **EXACT))[0]
        assert (record.series["skip_share"].values == 1).all()


def test_a_network_without_skips_has_no_shares():
    assert "skip_share" not in train(cohort(mlp(), seeds=1, steps=1))[0].series


def test_update_ratio_is_the_length_of_the_step_over_that_of_the_weight():
    trial = mlp(optimizer=optimizer.Adam(), lr=lr.Constant(0.01))
    before = train(cohort(trial, steps=0, **EXACT))[0].weights["layer_02.weight"]
    record = train(cohort(trial, steps=1, **EXACT))[0]
    moved = record.weights["layer_02.weight"] - before
    expected = np.linalg.norm(moved) / np.linalg.norm(before)
    assert values(record, "update_ratio", "layer_02.weight")[0] == pytest.approx(expected, rel=1e-12)
    # Adam's first step has the size of the rate in every entry that has a gradient
    assert np.linalg.norm(moved) == pytest.approx(0.01 * 6, rel=1e-3)


@pytest.mark.parametrize("name", ["adam", "adamw", "rmsprop"])
def test_eps_share_counts_entries_whose_root_of_v_is_below_eps(name):
    """Second implementation: torch.optim's own state after the same step."""
    eps = 0.01
    trial = mlp(optimizer=replace(OPTIMIZERS[name], eps=eps))
    tensors = tensors_of(train(cohort(trial, steps=0, **EXACT))[0])
    record = train(cohort(trial, steps=1, **EXACT))[0]
    inputs, targets = first_batch(trial)
    makers = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "rmsprop": torch.optim.RMSprop}
    updater = makers[name]([tensors["layer_02.weight"]], 0.01, eps=eps)
    (twin_output(tensors, inputs) * targets).sum(1).mean().backward()
    updater.step()
    state = updater.state[tensors["layer_02.weight"]]
    root = state["square_avg"].sqrt() if name == "rmsprop" else (state["exp_avg_sq"] / (1 - 0.999)).sqrt()
    expected = (root < eps).double().mean().item()
    assert 0 < expected < 1
    assert values(record, "adam_eps_share", "layer_02.weight")[0] == expected


def test_optimizers_without_an_eps_have_no_eps_share():
    assert "adam_eps_share" not in train(cohort(mlp(), seeds=1, steps=1))[0].series


def test_gradient_cosine_compares_the_fixed_batch_at_this_probe_and_the_one_before():
    trial = mlp(lr=lr.Constant(0.3), clipping=clipping.Threshold(max_norm=1.0))
    record = train(cohort(trial, steps=4, **EXACT))[0]
    np.testing.assert_array_equal(record.series["gradient_cosine"].steps, [1, 3])
    inputs, targets = first_batch(trial)
    there = [tensors_of(train(cohort(trial, steps=steps, **EXACT))[0]) for steps in (1, 3)]
    gradients = [gradient(weights, inputs, targets) for weights in there]
    expected = torch.cosine_similarity(*gradients, dim=0).item()
    assert abs(expected) < 0.9999
    assert values(record, "gradient_cosine")[1] == pytest.approx(expected, abs=1e-12)


def test_a_diverged_member_is_probed_no_further_than_its_first_bad_step():
    trial = mlp(activation=activation.Identity(), lr=lr.Constant(1e20))
    record = train(cohort(trial, seeds=1, steps=50))[0]
    assert record.first_bad_step < 49
    assert record.series["activation_rms"].steps.max() <= record.first_bad_step


def test_the_cost_of_the_instrument_is_a_share_of_the_time_of_all_steps():
    cost = train(cohort(mlp(), seeds=1, steps=20))[0].cost
    assert set(cost) == {"seconds", "recorder", "probes"}
    assert cost["seconds"] > 0
    assert cost["recorder"] > 0
    assert cost["probes"] > 0
    assert cost["recorder"] + cost["probes"] < 1


def test_a_cosine_is_that_of_the_directions_at_any_length_and_of_what_is_asked_for_alone():
    before, after = torch.randn(2, 6, 40, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected = torch.cosine_similarity(before[:, :33], after[:, :33])
    before, after = (
        before * torch.tensor([[1.0], [1e-250], [1e200], [1.0], [0.0], [1.0]], dtype=torch.float64),
        after.clone(),
    )
    after[3] *= 1e-300
    after[5, 2] = torch.nan
    before[:, 33:], after[:, 33:] = 1e9, -1e9
    found = inspection.cosine(before, after, 33)
    torch.testing.assert_close(found[:4], expected[:4], rtol=1e-11, atol=1e-15)
    assert found[4:].isnan().all()
    for member in range(6):
        alone = inspection.cosine(before[member : member + 1], after[member : member + 1], 33)
        assert torch.equal(alone.nan_to_num(), found[member : member + 1].nan_to_num())
