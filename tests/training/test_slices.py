"""Members whose rules differ behind the gradients train as one network, each as it would beside its own kind."""

from dataclasses import replace

import pytest
from support.cohorts import BY_ENTRY, cohort, parts
from support.images import Pictures
from support.parity import assert_parity, assert_same_member

from gradstudy.factors import clipping, lr, optimizer, regularization
from gradstudy.factors.model.cnn import Cnn
from gradstudy.factors.model.mlp import Mlp
from gradstudy.factors.model.rnn import Rnn
from gradstudy.factors.normalization.features import BatchNorm
from gradstudy.records import Member
from gradstudy.tasks.adding import Adding
from gradstudy.tasks.teacher import Teacher
from gradstudy.training.cohort import structure
from gradstudy.training.engine import train

CLIPPINGS = [clipping.Threshold(max_value=0.01), clipping.Adaptive(), clipping.Threshold(max_norm=0.01)]
REGULARIZATIONS = [
    regularization.Penalty(0.1),
    regularization.Lasso(0.1, l1=0.05),
    regularization.MaxNorm(max_norm=0.5),
]
RATES = [lr.Constant(0.01), lr.Cosine(0.02), lr.OneCycle(0.1)]


def mixed(**common):
    """Trials of which no two have the same rules, and neighbours none in common but by chance."""
    return [
        parts(**common)
        | {
            "optimizer": BY_ENTRY[index % len(BY_ENTRY)],
            "clipping": CLIPPINGS[index % len(CLIPPINGS)],
            "regularization": REGULARIZATIONS[index % len(REGULARIZATIONS)],
            "lr": RATES[index % len(RATES)],
        }
        for index in range(14)
    ]


NETWORKS = [
    {"model": Rnn(width=7), "task": Adding(length=8, batch_size=4)},
    {"model": Mlp(width=5, depth=3), "task": Teacher(batch_size=3), "normalization": BatchNorm()},
    {"model": Mlp(width=1, depth=2), "task": Teacher(batch_size=1)},
    {"model": Mlp(width=16, depth=4, frozen=2), "task": Teacher(batch_size=3)},
    {"model": Cnn(width=3, depth=2), "task": Pictures()},
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: type(network["model"]).__name__)
def test_a_member_is_bit_for_bit_the_same_alone_and_beside_members_with_other_rules(network, dtype):
    whole = cohort(*mixed(**network), seeds=1, steps=12, keep_weights=True, dtype=dtype)
    count = len(whole.members)
    assert_parity(whole, *([slot] for slot in range(count)), list(reversed(range(count))), [0, 9, 1, 7, 13])


def test_a_mixed_cohort_equals_the_separate_ones():
    trials = [parts(optimizer=BY_ENTRY[index // 3], lr=lr.Constant(0.01 + index / 100)) for index in range(9)]
    trials[4]["lr"] = lr.Constant(1e30)  # and it diverges
    whole = cohort(*trials, seeds=2, steps=12, keep_weights=True)
    together = train(whole)
    for kind in range(3):
        chosen = range(6 * kind, 6 * kind + 6)
        apart = train(replace(whole, members=whole.members[6 * kind : 6 * kind + 6]))
        for slot, record in zip(chosen, apart, strict=True):
            assert_same_member(together[slot], record)
    assert [record.trial for record in together if record.first_bad_step is not None] == [4, 4]


def test_only_members_whose_optimizer_has_an_eps_say_where_it_rules():
    trials = [parts(optimizer=optimizer.Sgd()), parts(optimizer=optimizer.Adam()), parts(optimizer=optimizer.RmsProp())]
    records = train(cohort(*trials, seeds=1))
    assert ["adam_eps_share" in record.series for record in records] == [False, True, True]


def test_members_of_equal_structure_that_do_not_stand_together_are_slices_of_their_own():
    trials = [parts(optimizer=BY_ENTRY[index]) for index in (0, 2)]
    members = tuple(Member(trial, seed) for seed in range(2) for trial in range(2))
    assert structure(trials[0]["optimizer"]) != structure(trials[1]["optimizer"])
    alternating = replace(cohort(*trials, seeds=2, keep_weights=True), members=members)
    assert_parity(alternating, [0, 2, 1, 3], [3])
