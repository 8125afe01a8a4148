"""Whatever is lost on the way, every other member is trained once, and who is to blame is alone.

By a runner that fails and trains nothing: what comes of a cohort is the list of its members.
"""

from collections import Counter
from dataclasses import replace

import pytest
from support.cohorts import cohort, parts

from gradstudy.errors import InputError
from gradstudy.execution.executor import Lost
from gradstudy.execution.trainer import Trainer
from gradstudy.factors.model.rnn import Rnn

RAISED = Lost("ValueError: no")
CRASHED = Lost("crashed", by_accident=True)
KILLED = Lost("killed", by_accident=True, memory=True)
TOO_LARGE = Lost("MemoryError", memory=True)
LOSSES = [RAISED, CRASHED, KILLED, TOO_LARGE]
every_loss = pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.reason.partition(":")[0])


class Runner:
    """Loses what `loses` says, given a cohort's members and how many items are under way; keeps what it was given."""

    def __init__(self, loses):
        self.loses, self.runs = loses, []

    def __call__(self, function, items):
        self.runs.append([item.members for item in items])
        return ((i, self.loses(item.members, len(items)) or list(item.members)) for i, item in enumerate(items))


def trained(runner, cohorts):
    """The members that were trained, and the trials that failed, each as often as it came."""
    members, failed = Counter(), Counter()
    for part, outcome in runner(cohorts):
        if isinstance(outcome, Lost):
            (trial,) = {member.trial for member in part.members}
            failed[trial] += 1
        else:
            assert outcome == list(part.members)
            members.update(outcome)
    return members, failed


def whole(trials=16, seeds=4):
    return cohort(*[parts()] * trials, seeds=seeds)


@every_loss
@pytest.mark.parametrize("culprits", [{0}, {15}, {6}, {3, 4}, {0, 7, 8, 15}, set(range(16))], ids=str)
def test_the_culprits_fail_and_all_others_come_once(loss, culprits):
    many = whole()
    members, failed = trained(
        Trainer(Runner(lambda own, _: loss if culprits & {m.trial for m in own} else None)), [many]
    )
    assert failed == Counter(culprits)
    well = [member for member in many.members if member.trial not in culprits]
    assert {member: members[member] for member in well} == dict.fromkeys(well, 1)
    assert max(members.values(), default=1) == 1


@every_loss
def test_one_culprit_costs_two_runs_per_halving_and_only_what_may_be_an_accident_one_more(loss):
    runner = Runner(lambda own, _: loss if 5 in {m.trial for m in own} else None)
    trained(Trainer(runner), [whole(trials=16, seeds=1)])
    assert sum(map(len, runner.runs)) == 1 + loss.by_accident + 2 * 4


@pytest.mark.parametrize("loss", [KILLED, TOO_LARGE], ids=["killed", "too large"])
@pytest.mark.parametrize("fits", [1, 3, 16, 31])
def test_what_does_not_fit_into_memory_is_halved_until_it_does_and_what_fitted_is_known_for_the_rest(loss, fits):
    many = whole(trials=16, seeds=2)
    runner = Runner(lambda own, _: loss if len(own) > fits else None)
    trainer = Trainer(runner)
    members, failed = trained(trainer, [many])
    assert not failed
    assert members == Counter(many.members)
    assert all(len(run) == 1 for run in runner.runs)  # one at a time, with all the memory that there is
    runner.runs.clear()
    assert trained(trainer, [many]) == (members, failed)
    (run,) = runner.runs
    assert max(map(len, run)) <= fits


def test_another_shape_is_not_cut_for_it():
    other = replace(whole(), parts=dict.fromkeys(range(16), parts(model=Rnn(width=5))))
    runner = Runner(lambda own, _: KILLED if len(own) > 8 and not small else None)
    trainer, small = Trainer(runner), False
    trained(trainer, [whole()])
    runner.runs.clear()
    small = True
    trained(trainer, [other])
    assert runner.runs == [[other.members]]


def test_what_fits_alone_but_not_beside_others_is_cut_for_the_rest():
    many = [
        replace(whole(), members=tuple(replace(m, seed=m.seed + 10 * at) for m in whole().members)) for at in range(6)
    ]
    runner = Runner(lambda own, beside: KILLED if len(own) > 32 and beside > 1 else None)
    members, failed = trained(Trainer(runner), many)
    assert not failed
    assert members == Counter(member for one in many for member in one.members)
    assert (
        sum(len(members) > 32 for run in runner.runs if len(run) > 1 for members in run) == 6
    )  # each lost once at most


@pytest.mark.parametrize("loss", [CRASHED, KILLED], ids=["crashed", "killed"])
def test_an_accident_costs_one_more_run_and_halves_nothing(loss):
    accidents = iter([loss])
    runner = Runner(lambda own, _: next(accidents, None) if own[0].seed == 10 else None)
    many = [whole(), replace(whole(), members=tuple(replace(m, seed=m.seed + 10) for m in whole().members))]
    members, failed = trained(Trainer(runner), many)
    assert not failed
    assert members == Counter(member for one in many for member in one.members)
    assert runner.runs == [[one.members for one in many], [many[1].members]]


def test_workers_begin_with_the_call():
    runner = Runner(lambda own, _: None)
    Trainer(runner)([whole()])
    assert runner.runs


def test_wrong_input_passes():
    def refused(own, _):
        raise InputError("There is no such device.")

    with pytest.raises(InputError, match="no such device"):
        trained(Trainer(Runner(refused)), [whole()])
