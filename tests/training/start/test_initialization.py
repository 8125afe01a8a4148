"""Initialisations that look at data, against a forward pass of plain PyTorch with the weights that came out."""

import pytest
import torch
from support.cohorts import cohort, parts
from support.parity import assert_parity, assert_same_member

from gradstudy.factors import activation, init
from gradstudy.factors.model.mlp import Mlp
from gradstudy.network import Flow, Parameter
from gradstudy.tasks.random_signal import RandomSignal
from gradstudy.training.engine import train
from gradstudy.training.start.initialization import calibrate
from gradstudy.training.start.streams import numpy_stream

TASK = RandomSignal(features=9, outputs=5, batch_size=64, scale=3.0)
DEPTH = 4


def deep(law, **changes):
    return parts(model=Mlp(width=16, depth=DEPTH), task=TASK, init=law, **changes)


def alone(trial, **settings):
    """What a trial of the same number draws, whatever its init makes of it."""
    return train(cohort(trial, seeds=1, steps=0, keep_weights=True, **settings))[0]


def variances(record, phi):
    """Of what every weight makes of the batch to which it was fitted, its bias aside."""
    x = torch.from_numpy(TASK.batch(numpy_stream(0, record.seed, "calibration"))[0])
    found = []
    for name in [*(f"layer_0{layer}" for layer in range(1, DEPTH + 1)), "readout"]:
        weight, bias = (torch.from_numpy(record.weights[f"{name}.{kind}"]).double() for kind in ("weight", "bias"))
        found.append((x @ weight.T).var(correction=0).item())
        x = phi(x @ weight.T + bias)
    return torch.tensor(found)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("bias_std", [0.0, 0.1, 5.0])
def test_what_every_weight_makes_of_the_data_has_the_variance_gain_squared(bias_std, dtype):
    for part, phi in [(activation.Relu(), torch.relu), (activation.Sigmoid(), torch.sigmoid)]:
        trials = [deep(init.Lsuv(gain=gain, bias_std=bias_std), activation=part) for gain in (0.5, 1.0, 2.0)]
        for record in train(cohort(*trials, steps=0, keep_weights=True, dtype=dtype)):
            found = variances(record, phi) / trials[record.trial]["init"].gain ** 2
            torch.testing.assert_close(found, torch.ones(DEPTH + 1), rtol=0, atol=1e-4)


def test_without_calibration_the_variance_is_far_from_one():
    record = train(cohort(deep(init.Orthogonal(), activation=activation.Relu()), steps=0, keep_weights=True))[0]
    assert variances(record, torch.relu).sub(1).abs().max() > 0.5


def test_weights_keep_their_direction():
    plain, fitted = (alone(deep(law), dtype="float64") for law in (init.Orthogonal(), init.Lsuv()))
    for name in plain.weights:
        one, other = (torch.from_numpy(record.weights[name]) for record in (plain, fitted))
        if one.any():
            ratio = other / one
            torch.testing.assert_close(ratio, torch.full_like(ratio, ratio.mean().item()))


def test_members_that_look_at_no_data_are_left_untouched_beside_those_that_do():
    others = [deep(init.Orthogonal(gain=0.3)), deep(init.Default()), deep(init.Normal(std=1e30))]
    mixed = cohort(*others, deep(init.Lsuv()), keep_weights=True)
    assert mixed.members[-1].trial == 3
    for one, other in zip(train(cohort(*others, keep_weights=True)), train(mixed), strict=False):
        assert_same_member(one, other)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_calibrated_member_is_the_same_alone_and_in_company(dtype):
    laws = [init.Lsuv(), init.Default(), init.Lsuv(gain=1e20), init.Lsuv(gain=1.6, bias_std=0.3)]
    trials = [deep(law) | {"model": Mlp(width=7, depth=3)} for law in laws]
    whole = cohort(*trials, steps=3, keep_weights=True, dtype=dtype)
    records = assert_parity(whole, [0], [7], [6, 0, 2], list(range(7, -1, -1)))
    assert records[0].first_bad_step is None


def test_a_variance_that_no_scale_reaches_leaves_the_weights_as_they_are():
    task = RandomSignal(features=9, outputs=5, scale=0.0)
    plain, fitted = (alone(deep(law) | {"task": task}) for law in (init.Orthogonal(gain=2.0), init.Lsuv(gain=2.0)))
    for name, weights in plain.weights.items():
        assert (weights == fitted.weights[name]).all()


class Branch:
    """y = W x, then W_zero y with W_zero = 0: a branch that starts at zero."""

    parameters = (Parameter("one", (3, 3), "hidden"), Parameter("zero", (3, 3), "hidden"), Parameter("w", (3,), "edge"))

    def __call__(self, run, inputs):
        x = inputs
        for parameter in self.parameters[:2]:
            x = run.watched[parameter.name] = torch.bmm(x, run.parameters[parameter.name].transpose(1, 2))
        run.watched["w"] = inputs * run.parameters["w"].unsqueeze(1)
        return Flow(x, {})


def test_a_map_that_gives_nothing_and_a_weight_that_is_not_hidden_stay_as_they_are():
    values = {"one": 7 * torch.eye(3).repeat(2, 1, 1), "zero": torch.zeros(2, 3, 3), "w": torch.full((2, 3), 7.0)}
    inputs = torch.randn(2, 500, 3)
    calibrate(Branch(), values, [init.Lsuv(gain=2.0), init.Orthogonal()], inputs)
    spread = inputs[0].double().std(correction=0).item()
    torch.testing.assert_close(values["one"][0], 2 / spread * torch.eye(3))
    assert torch.equal(values["one"][1], 7 * torch.eye(3))
    assert not values["zero"].any()
    assert (values["w"] == 7).all()
