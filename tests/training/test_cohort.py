"""Planning: members that can be stacked are, a trial's seeds stay together, and sizes are even."""

from itertools import groupby

import pytest
from support.cohorts import OPTIMIZERS, parts

from gradstudy.factors import activation, clipping, init, lbfgs, lr, optimizer, regularization
from gradstudy.factors.model.rnn import Rnn
from gradstudy.records import Member
from gradstudy.training.cohort import RULE_GROUPS, halves, plan, stack, structure


def planned(trials, seeds=4, size=64):
    members = [Member(trial, seed) for trial in range(len(trials)) for seed in range(seeds)]
    return plan(members, dict(enumerate(trials)), lambda _: size)


def test_coefficients_and_inits_are_fusible():
    trials = [
        parts(lr=lr.Constant(0.1), init=init.Identity()),
        parts(lr=lr.Constant(0.2), clipping=clipping.Threshold(max_norm=1.0)),
        parts(init=init.Normal(std=0.5), clipping=clipping.Threshold(max_value=1.0)),
    ]
    assert [len(group) for group in planned(trials)] == [12]


@pytest.mark.parametrize(
    "change",
    [
        {"model": Rnn(width=8)},
        {"activation": activation.Relu()},
        {"optimizer": lbfgs.Lbfgs()},
        {"regularization": regularization.Dropout()},
        {"model": Rnn(depth=2, width=7)},
    ],
)
def test_what_changes_the_network_or_looks_at_losses_keeps_members_apart(change):
    groups = planned([parts(), parts(**change)])
    assert all(len({member.trial for member in group}) == 1 for group in groups)
    assert sum(map(len, groups)) == 8


def test_rules_behind_the_gradients_differ_inside_a_cohort_and_stand_together():
    rules = [
        {"optimizer": OPTIMIZERS["adam"]},
        {"clipping": clipping.Adaptive()},
        {"regularization": regularization.MaxNorm(max_norm=1.0)},
        {"lr": lr.Cosine(0.1)},
    ]
    trials = [parts(**change) for change in [{}, *rules] * 2]
    (group,) = planned(trials, seeds=1)
    met = [tuple(structure(trials[member.trial][name]) for name in RULE_GROUPS) for member in group]
    runs = [rule for rule, _ in groupby(met)]
    assert (len(group), len(runs), len(set(runs))) == (10, 5, 5)


def test_an_optimizer_that_looks_at_losses_shares_its_cohort_with_one_kind_of_rules():
    class Searching(optimizer.Sgd):
        by_entry = False

    trials = [parts(optimizer=Searching(), clipping=one) for one in (clipping.Threshold(), clipping.Adaptive())]
    assert [len(group) for group in planned(trials)] == [4, 4]


def test_groups_are_even_and_keep_the_seeds_of_a_trial_together():
    groups = planned([parts() for _ in range(21)], seeds=4, size=64)
    assert sorted(len(group) for group in groups) == [40, 44]
    for group in groups:
        assert all(len({m.seed for m in group if m.trial == trial}) == 4 for trial in {m.trial for m in group})


def test_every_member_is_planned_exactly_once():
    trials = [parts(activation=[activation.Tanh(), activation.Relu()][t % 2]) for t in range(30)]
    groups = planned(trials, seeds=3, size=10)
    everyone = [(member.trial, member.seed) for group in groups for member in group]
    assert sorted(everyone) == [(trial, seed) for trial in range(30) for seed in range(3)]


def test_more_seeds_than_a_cohort_holds_still_stay_together():
    assert [len(group) for group in planned([parts(), parts()], seeds=9, size=4)] == [9, 9]


def test_halves_lose_nobody():
    members = tuple(Member(0, seed) for seed in range(5))
    first, second = halves(members)
    assert (*first, *second) == members


def test_stacking_makes_one_tensor_of_every_coefficient():
    stacked = stack([OPTIMIZERS["adam"], OPTIMIZERS["adam"]], "cpu")
    assert [beta.tolist() for beta in (stacked.beta1, stacked.beta2)] == [[0.9, 0.9], [0.999, 0.999]]
    assert structure(lr.Constant(0.1)) == structure(lr.Constant(0.2))
    assert structure(OPTIMIZERS["momentum"]) != structure(OPTIMIZERS["nesterov"])
