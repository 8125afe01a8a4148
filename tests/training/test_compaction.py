"""A cohort of which many have diverged goes on without them, and nobody's record says so."""

import pytest
import torch
from support.cohorts import cohort, parts
from support.images import Pictures
from support.parity import assert_same_member

from gradstudy.factors import activation, clipping, lr, optimizer, regularization
from gradstudy.factors.model.cnn import Cnn
from gradstudy.factors.model.lstm import Lstm
from gradstudy.factors.model.mlp import Mlp
from gradstudy.factors.normalization.features import BatchNorm
from gradstudy.tasks.adding import Adding
from gradstudy.tasks.teacher import Teacher
from gradstudy.training import compaction, engine
from gradstudy.training.compaction import FEWEST_STEPS, worth_packing

STEPS, HUGE = 40, {"float32": 1e38, "float64": 1e300}
NETWORKS = {
    "dropout": {"model": Mlp(width=6, depth=3), "task": Teacher(), "regularization": regularization.Dropout(0.1)},
    "buffers": {"model": Cnn(width=3, depth=2), "task": Pictures(), "normalization": BatchNorm()},
    "places": {"model": Lstm(width=5), "task": Adding(length=8, batch_size=4)},
    "learned": {"model": Mlp(width=6, depth=2), "task": Teacher(), "activation": activation.Prelu()},
    "narrow": {"model": Mlp(width=1, depth=2), "task": Teacher(batch_size=1)},
}
RULES = [
    {"optimizer": optimizer.Adam(), "lr": lr.Cosine(0.01)},
    {"optimizer": optimizer.Sgd(momentum=0.9), "clipping": clipping.Adaptive()},
    {"optimizer": optimizer.Sgd(momentum=0.5)},
    {"optimizer": optimizer.RmsProp(), "clipping": clipping.Threshold(max_norm=1.0)},
]
BURSTS = [lr.Constant, lr.Step, lr.Warmup, lr.OneCycle]
"""Schedules of rates that diverge, some of them late."""


def doomed(network, dtype):
    """Six trials in eight diverge, at one step and another."""
    fine = [parts(**network) | rule for rule in RULES]
    steep = [
        {**of, "clipping": clipping.Threshold(), "lr": burst(HUGE[dtype])}
        for of, burst in zip(fine, BURSTS, strict=True)
    ]
    return [steep[0], fine[0], steep[1], fine[1], steep[2], steep[3], steep[0], steep[1]]


def trained(whole, monkeypatch, fewest_steps):
    """The records, and how many members each cohort went on with."""
    sizes = []

    def looked(alive, members, steps_left):
        living = worth_packing(alive, members, steps_left)
        sizes.extend([] if living is None else [len(living)])
        return living

    monkeypatch.setattr(compaction, "FEWEST_STEPS", fewest_steps)
    monkeypatch.setattr(engine, "worth_packing", looked)
    return engine.train(whole), sizes


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("network", NETWORKS)
def test_records_are_bit_for_bit_those_of_a_cohort_that_keeps_its_dead(network, dtype, monkeypatch):
    whole = cohort(
        *doomed(NETWORKS[network], dtype), seeds=2, steps=STEPS, keep_weights=True, dtype=dtype, record=("jacobian",)
    )
    packed, sizes = trained(whole, monkeypatch, 1)
    kept, none = trained(whole, monkeypatch, STEPS + 1)
    assert sizes
    assert not none
    for one, other in zip(packed, kept, strict=True):
        assert_same_member(one, other)
        assert one.cost.keys() == other.cost.keys()


def test_a_cohort_is_packed_where_half_of_it_is_dead_and_steps_follow():
    alive = torch.tensor([True, False, True, False, False])  # the last is ballast
    assert worth_packing(alive, 4, FEWEST_STEPS) == [0, 2]
    assert worth_packing(alive, 4, FEWEST_STEPS - 1) is None
    assert worth_packing(torch.tensor([True, False, True, True]), 3, 1000) is None
    assert worth_packing(torch.tensor([True, True]), 1, 1000) is None


def test_a_cohort_of_which_none_is_left_ends(monkeypatch):
    assert worth_packing(torch.zeros(3, dtype=torch.bool), 2, 1) == []
    whole = cohort(parts(lr=lr.Constant(1e38)), seeds=3, steps=STEPS, keep_weights=True)
    steps, step = [], engine._Training._step
    monkeypatch.setattr(engine._Training, "_step", lambda self, number: (steps.append(number), step(self, number)))
    ended = engine.train(whole)
    assert len(steps) < STEPS / 2
    monkeypatch.setattr(engine, "worth_packing", lambda *_: None)
    for one, other in zip(ended, engine.train(whole), strict=True):
        assert_same_member(one, other)
