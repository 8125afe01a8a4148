"""Pretraining: equal to one member's obvious loop, bitwise the same in any company, and good for what it is for."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from support.cohorts import cohort, parts
from support.parity import assert_parity
from torch.nn.functional import linear

from gradstudy.configs.instantiate import check_fit
from gradstudy.errors import InputError
from gradstudy.factors import activation, init, lr
from gradstudy.factors.model.mlp import Mlp
from gradstudy.factors.model.rnn import Rnn
from gradstudy.factors.normalization.weights import WeightNorm
from gradstudy.factors.pretraining import Autoencoder, NoPretraining, Rbm, Tied
from gradstudy.tasks.digits import Digits, split
from gradstudy.tasks.random_signal import RandomSignal
from gradstudy.training.cohort import plan, stack
from gradstudy.training.engine import train
from gradstudy.training.start.streams import Draws, numpy_stream

SEED, STEPS = 1, 4
LAYERS = ("layer_01", "layer_02", "layer_03")
CPU = torch.device("cpu")


def trial(pretraining=None, **changes):
    """A small perceptron on digits, in which members start from different weights and biases."""
    defaults = {
        "model": Mlp(width=[9, 7, 5], depth=3),
        "init": init.Default(gain=1.5),
        "task": Digits(batch_size=6),
        "pretraining": pretraining or NoPretraining(),
    }
    return parts(**defaults | changes)


def started(*trials, dtype="float64"):
    """The weights with which the second seed of the last trial, trial 1, starts to train."""
    whole = cohort(*trials, seeds=SEED + 1, steps=0, keep_weights=True, dtype=dtype)
    return {name: torch.from_numpy(value) for name, value in train(whole)[-1].weights.items()}


def pretrained_one_by_one(chosen, step):
    """The same for one plain network: `step` is an update of (W, b, c) given x, random numbers and phi both ways."""
    part, plain = chosen["pretraining"], chosen | {"pretraining": NoPretraining()}
    weights = started(plain, plain)
    phi = torch.sigmoid if isinstance(part, Rbm) else torch.tanh
    data, draws = numpy_stream(0, SEED, "pretraining"), Draws([(0, 1, SEED)], "pretraining", CPU)
    for index, layer in enumerate(LAYERS):
        names = (f"{layer}.weight", f"{layer}.bias")
        learned = [*map(weights.get, names), torch.zeros(weights[names[0]].shape[1], dtype=torch.float64)]
        maps = (phi, (lambda x: x) if part.linear_inputs and index == 0 else phi)
        for count in range(part.steps if index >= chosen["model"].frozen else 0):
            x = torch.from_numpy(chosen["task"].batch(data)[0]).flatten(1)
            for below in LAYERS[:index]:
                x = phi(linear(x, weights[f"{below}.weight"], weights[f"{below}.bias"]))
            numbers = partial(_numbers, draws, names[0], count)
            learned = step(part, learned, x, numbers, maps)
        weights |= dict(zip(names, learned, strict=False))
    return weights


def _numbers(draws, place, count, shape, turns=1):
    """What one member draws for batch `count` in each of its turns."""
    return [draws.uniform(place, (1, *shape), count * turns + turn, torch.float64)[0] for turn in range(turns)]


def contrastive_divergence(part, learned, x, numbers, maps):
    """Hinton 2002 sample by sample: the statistics of the data minus those after k steps of Gibbs sampling."""
    (weight, bias, visible_bias), (phi, back) = learned, maps
    drawn = numbers((len(x), len(bias)), turns=part.k)
    steps = [torch.zeros_like(value) for value in learned]
    for sample, v in enumerate(x):
        seen, hidden = v, phi(weight @ v + bias)
        first = hidden
        for turn in range(part.k):
            state = (drawn[turn][sample] < hidden).double()
            seen = back(weight.T @ state + visible_bias)
            hidden = phi(weight @ seen + bias)
        changes = (torch.outer(first, v) - torch.outer(hidden, seen), first - hidden, v - seen)
        steps = [step + change / len(x) for step, change in zip(steps, changes, strict=True)]
    return [value + part.rate * step for value, step in zip(learned, steps, strict=True)]


def descent(part, learned, x, numbers, maps):
    """Bengio et al. 2007, Vincent et al. 2008: torch's own SGD on the squared error of the reconstruction."""
    weight, bias, visible_bias = (torch.nn.Parameter(value) for value in learned)
    optimizer = torch.optim.SGD([weight, bias, visible_bias], part.rate)
    phi, back = maps
    kept = numbers(x.shape)[0] >= part.corruption
    reconstruction = back(linear(phi(linear(x * kept, weight, bias)), weight.T, visible_bias))
    (torch.nn.functional.mse_loss(reconstruction, x, reduction="sum") / len(x)).backward()
    optimizer.step()
    return [value.detach() for value in (weight, bias, visible_bias)]


@pytest.mark.parametrize(("frozen", "linear_inputs"), [(0, False), (0, True), (1, False)])
@pytest.mark.parametrize(
    ("pretraining", "step"),
    [
        (Rbm(k=1), contrastive_divergence),
        (Rbm(k=2), contrastive_divergence),
        (Autoencoder(), descent),
        (Autoencoder(corruption=0.4), descent),
    ],
)
def test_a_member_is_pretrained_as_one_plain_network_is(pretraining, step, frozen, linear_inputs):
    part = replace(pretraining, steps=STEPS, rate=0.1, linear_inputs=linear_inputs)
    chosen = trial(part, model=Mlp(width=[9, 7, 5], depth=3, frozen=frozen))
    neighbour = chosen | {"pretraining": replace(part, rate=0.3)}
    ours, theirs = started(neighbour, chosen), pretrained_one_by_one(chosen, step)
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        torch.testing.assert_close(value, theirs[name], rtol=1e-10, atol=1e-12, msg=name)
    initial = started(*[trial(model=chosen["model"])] * 2)
    moved = {name for name in ours if not torch.equal(ours[name], initial[name])}
    assert moved == {f"{layer}.{kind}" for layer in LAYERS[frozen:] for kind in ("weight", "bias")}


@pytest.mark.parametrize(("width", "features", "batch_size"), [(7, 3, 4), (1, 2, 1), (40, 1, 1)])
@pytest.mark.parametrize("pretraining", [Rbm(k=2), Autoencoder(corruption=0.3)])
def test_pretrained_members_are_bitwise_the_same_alone_in_a_subset_and_permuted(
    pretraining, width, features, batch_size
):
    model, task = Mlp(width=width, depth=2), RandomSignal(features=features, batch_size=batch_size)
    trials = [
        trial(replace(pretraining, steps=20, rate=rate), model=model, task=task, activation=activation.Prelu())
        for rate in (0.01, 0.03, 0.1)
    ]
    assert_parity(cohort(*trials, steps=5, keep_weights=True), [0], [5], [3, 1], [5, 4, 3, 2, 1, 0])


@pytest.mark.parametrize("pretraining", [Rbm(steps=10), Autoencoder(steps=10, linear_inputs=True)])
def test_a_member_whose_pretraining_overflows_starts_non_finite_and_disturbs_nobody(pretraining):
    rates = (0.01, 1e39, 0.02)  # infinite in float32
    trials = [trial(replace(pretraining, rate=rate)) for rate in rates]
    records = assert_parity(cohort(*trials, keep_weights=True), [0], [4], [5, 0], [4, 5])
    assert [record.first_bad_step for record in records] == [None, None, 0, 0, None, None]


def test_coefficients_differ_inside_a_cohort_and_an_autoencoder_shares_it_with_a_denoising_one():
    choices = [Autoencoder(), Autoencoder(rate=0.01, corruption=0.25), Rbm(), Rbm(rate=0.2), Rbm(k=2)]
    whole = cohort(*map(trial, choices))
    groups = plan(whole.members, whole.parts, lambda _: 64)
    assert [sorted({member.trial for member in group}) for group in groups] == [[0, 1], [2, 3], [4]]


def test_an_rbm_is_logistic_whatever_the_activation_and_an_autoencoder_is_not():
    for part, equal in ((Rbm(steps=3), True), (Autoencoder(steps=3), False)):
        tanh, relu = (started(trial(part, activation=phi())) for phi in (activation.Tanh, activation.Relu))
        assert torch.equal(tanh["layer_03.weight"], relu["layer_03.weight"]) == equal


def test_a_normalised_weight_takes_its_scale_from_the_pretrained_one():
    weights = started(trial(Rbm(steps=3), normalization=WeightNorm()))
    plain = started(trial(Rbm(steps=3)))
    for layer in LAYERS:
        weight = weights[f"{layer}.weight"]
        assert torch.equal(weight, plain[f"{layer}.weight"])
        torch.testing.assert_close(
            weights[f"{layer}.weight.scale"], weight.norm(dim=1, keepdim=True), rtol=1e-12, atol=0
        )


@pytest.mark.parametrize("part", [Rbm(), Autoencoder(), Autoencoder(corruption=0.25)])
def test_the_first_layer_learns_to_give_digits_back(part):
    """Better than the mean digit does, which is all that a visible bias can learn by itself."""
    pixels = torch.from_numpy(split()[0])
    part, draws = stack([part], CPU), Draws([(0, 0)], "pretraining", CPU)
    start = (0.1 * torch.randn(1, 50, 64, generator=torch.Generator().manual_seed(0)), torch.zeros(1, 50))
    tied = Tied((*(value.double() for value in start), torch.zeros(1, 64).double()), torch.sigmoid, torch.sigmoid)
    uniform = partial(draws.uniform, "layer", dtype=torch.float64)
    for step in range(500):
        batch = numpy_stream(0, step).integers(len(pixels), size=32)
        tied = part.step(tied, pixels[batch].unsqueeze(0), lambda shape, count: uniform(shape, step=count), step)
    error = (tied.down(tied.up(pixels.unsqueeze(0)))[0] - pixels).square().sum(1).mean()
    assert error < 0.6 * pixels.var(0, correction=0).sum()


@pytest.mark.parametrize("part", [Rbm(), Autoencoder()])
def test_a_model_without_layers_by_themselves_is_refused_with_the_way_out(part):
    with pytest.raises(InputError, match="model=mlp or pretraining=none"):
        check_fit(trial(part, model=Rnn(), task=Digits(image=True)))
    check_fit(trial(part))


@pytest.mark.slow
@pytest.mark.parametrize("part", [Rbm(), Autoencoder(corruption=0.25)])
def test_pretraining_brings_the_gradient_of_a_sigmoid_network_back_and_lets_it_learn(part):
    """Hinton 2006, Bengio 2007, Vincent 2008 on digits: 5 x 100 sigmoids from N(0, 1/n) stay at chance, log 10."""
    common = {
        "model": Mlp(width=100, depth=5),
        "activation": activation.Sigmoid(),
        "init": init.Lecun(),
        "lr": lr.Constant(0.1),
        "task": Digits(batch_size=32),
    }
    plain, ours = (train(cohort(trial(choice, **common), seeds=3, steps=1500)) for choice in (NoPretraining(), part))
    assert np.all(gains(ours) - gains(plain) > 2.5 / 2)  # 2.5 decades of power
    assert np.all(final_losses(plain) > 2.2)
    assert np.all(final_losses(ours) < 1)


def gains(records):
    """Decades from the last flow point to the first at step 0, per member."""
    signals = np.stack([record.series["signal"].values[0] for record in records])
    return np.log10(signals[:, 0] / signals[:, -1])


def final_losses(records):
    return np.array([record.series["loss"].values[-100:].mean() for record in records])
