"""Random streams: stable, separate per purpose; data shared by trials and weights not; draws while training."""

import hashlib
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats
from support.cohorts import cohort, parts

from gradstudy.factors import init, regularization
from gradstudy.factors.model.rnn import Rnn
from gradstudy.records import Member
from gradstudy.training.engine import train
from gradstudy.training.start.cohort_start import CohortStart
from gradstudy.training.start.streams import Draws, numpy_stream, stream_seed, torch_stream


def test_seeds_are_the_same_on_every_machine():
    """Written down once from an independent call of hashlib: a change would silently make other data."""
    digest = hashlib.blake2b(b"(0, 1, 'data')", digest_size=8).hexdigest()
    assert stream_seed(0, 1, "data") == int(digest, 16) // 2


def test_purposes_seeds_and_studies_have_streams_of_their_own():
    identities = [(study, seed, purpose) for study in (0, 1) for seed in (0, 1) for purpose in ("init", "data")]
    draws = {tuple(numpy_stream(*identity).random(4)) for identity in identities}
    assert len(draws) == len(identities)


def test_data_and_weights_never_share_numbers():
    """Trap T1: equal integer seeds once made input rows equal to weight rows."""
    weights = torch.randn(100, generator=torch_stream(0, 0, "init", "w")).tolist()
    data = numpy_stream(0, 0, "data").standard_normal(100).tolist()
    assert not set(np.round(weights, 5)) & set(np.round(data, 5))


def test_trials_of_one_seed_share_their_data_and_draw_weights_of_their_own():
    equal = cohort(parts(), parts(), seeds=2, steps=0, keep_weights=True)
    records = train(equal)
    for name in ("recurrent.weight_ih_l0", "recurrent.weight_hh_l0", "readout.weight"):
        assert len({record.weights[name].tobytes() for record in records}) == 4
    start = CohortStart(equal, CPU, torch.float32)
    for purpose in ("data", "calibration", "pretraining"):
        for tensor in start.batches(purpose).next():
            assert torch.equal(tensor[0], tensor[2])  # seed 0 of both trials
            assert torch.equal(tensor[1], tensor[3])
        assert not torch.equal(start.batches(purpose).next()[0][0], start.batches(purpose).next()[0][1])


def test_trials_draw_dropout_masks_of_their_own():
    part = parts(regularization=regularization.Dropout(0.5), model=Rnn(width=7, depth=2), init=init.Constant(0.1))
    first, second = train(cohort(part, part, seeds=1, steps=1))
    assert first.series["loss"].values[0] != second.series["loss"].values[0]


def test_weights_are_those_of_the_study_seed_the_trial_and_the_seed():
    (record,) = train(replace(cohort(parts(), study_seed=5, steps=0, keep_weights=True), members=(Member(0, 1),)))
    edge = torch.empty(7, 2, dtype=torch.float64).uniform_(
        -(7**-0.5), 7**-0.5, generator=torch_stream(5, 0, 1, "init", "recurrent.weight_ih_l0")
    )
    np.testing.assert_array_equal(record.weights["recurrent.weight_ih_l0"], edge.float().numpy())


WORD = (1 << 64) - 1
CPU = torch.device("cpu")


def finalized(state):
    state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 & WORD
    state = (state ^ (state >> 27)) * 0x94D049BB133111EB & WORD
    return state ^ (state >> 31)


def splitmix64(state, count):
    """Vigna's reference implementation (prng.di.unimi.it/splitmix64.c), in whole numbers."""
    return [finalized((state + 0x9E3779B97F4A7C15 * place) & WORD) for place in range(1, count + 1)]


def numbers(place="layer_01.dropout", shape=(1, 30_000), step=0, streams=((0, 0, 0),), **settings):
    draws = Draws(streams, settings.pop("purpose", "dropout"), CPU)
    return draws.uniform(place, shape, step, settings.pop("dtype", torch.float64))


def test_the_second_implementation_gives_the_published_splitmix64_vectors():
    """Seed 1234567, as Rosetta Code lists them; seed 0, as the tests of java.util.SplittableRandom and numpy do."""
    assert splitmix64(1234567, 3) == [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert splitmix64(0, 2) == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4]


@pytest.mark.parametrize("count", [1, 2, 7, 12])
@pytest.mark.parametrize("stream", [(0, 0, 0), (5, 3, 1)])
def test_each_word_of_splitmix64_makes_two_numbers_of_24_bits(stream, count):
    start = finalized((stream_seed(*stream, "dropout") + stream_seed("here", 4)) & WORD)
    halves = [half for word in splitmix64(start, (count + 1) // 2) for half in (word & 0xFFFFFFFF, word >> 32)]
    expected = [(half >> 8) / 2**24 for half in halves[:count]]
    assert numbers("here", (1, count), 4, [stream])[0].tolist() == expected


def test_numbers_are_uniform_between_0_and_1():
    found = numbers(shape=(1, 200_000))[0]
    assert found.min() >= 0
    assert found.max() < 1
    assert found.mean().item() == pytest.approx(0.5, abs=5 / math.sqrt(12 * len(found)))
    assert found.var().item() == pytest.approx(1 / 12, abs=5 / math.sqrt(180 * len(found)))
    assert stats.kstest(found.numpy(), "uniform").pvalue > 1e-4
    assert stats.chisquare(torch.histc(found, 100, 0, 1).numpy()).pvalue > 1e-4


def test_first_numbers_of_consecutive_steps_are_uniform_too():
    found = torch.stack([numbers(shape=(1, 2), step=step)[0] for step in range(3000)])
    for column in found.T:
        assert stats.kstest(column.numpy(), "uniform").pvalue > 1e-4


OTHERS = {
    "seed": {"streams": ((0, 0, 1),)},
    "trial": {"streams": ((0, 1, 0),)},
    "study": {"streams": ((1, 0, 0),)},
    "place": {"place": "layer_02.dropout"},
    "step": {"step": 1},
    "purpose": {"purpose": "pretraining"},
}


@pytest.mark.parametrize("other", OTHERS)
def test_numbers_of_another_stream_are_independent(other):
    one, two = numbers()[0], numbers(**OTHERS[other])[0]
    assert abs(torch.corrcoef(torch.stack([one, two]))[0, 1].item()) < 5 / math.sqrt(len(one))
    table = torch.histogramdd(torch.stack([one, two], 1), bins=[8, 8], range=[0.0, 1.0, 0.0, 1.0]).hist
    assert stats.chi2_contingency(table.numpy()).pvalue > 1e-4


def test_neighbouring_numbers_are_independent():
    found = numbers()[0]
    for lag in (1, 2, 3, 32):
        assert abs(torch.corrcoef(torch.stack([found[lag:], found[:-lag]]))[0, 1].item()) < 5 / math.sqrt(len(found))


@pytest.mark.parametrize("shape", [(3,), (5, 7), (2, 4, 6)])
def test_a_member_draws_the_same_numbers_alone_and_in_company(shape):
    streams = [(0, 7, seed) for seed in (4, 9, 4, 1)]
    together = numbers(shape=(4, *shape), streams=streams, dtype=torch.float32)
    for slot, stream in enumerate(streams):
        assert torch.equal(numbers(shape=(1, *shape), streams=[stream], dtype=torch.float32)[0], together[slot])
    assert torch.equal(together[0], together[2])
    assert not torch.equal(together[0], together[1])


def test_numbers_are_the_same_in_both_precisions():
    assert torch.equal(numbers(dtype=torch.float32).double(), numbers(dtype=torch.float64))


@pytest.mark.gpu
def test_numbers_are_the_same_on_cuda():
    draws = Draws([(0, 0), (0, 1)], "dropout", torch.device("cuda:0"))
    there = draws.uniform("layer_01.dropout", (2, 999), 3, torch.float32)
    here = numbers(shape=(2, 999), step=3, streams=((0, 0), (0, 1)), dtype=torch.float32)
    assert torch.equal(there.cpu(), here)


def test_a_step_whose_number_is_on_the_device_draws_the_same_numbers():
    streams = [(0, 0, 0), (3, 1, 2)]
    draws = Draws(streams, "dropout", CPU, steps=5)
    for step in (0, 3, 4):
        for place in ("layer_01", "layer_02"):
            found = draws.uniform(place, (2, 7), torch.tensor([step]), torch.float32)
            assert torch.equal(found, numbers(place, (2, 7), step, streams, dtype=torch.float32))
