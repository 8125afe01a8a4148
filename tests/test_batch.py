"""What is added to what was measured, and cohorts that become results by trial."""

import pytest

from gradstudy.batch import Batch
from gradstudy.configs.composition import Composer, hydra_ready
from gradstudy.execution.inline import Inline
from gradstudy.execution.trainer import Trainer
from gradstudy.mean_field import predicted
from gradstudy.records import Trial

SMALL = ["model=mlp", "task=random_signal", "task.features=64", "model.width=64", "model.depth=2", "budget.steps=0"]
INITS = "+space.init=choice(lecun,identity)"


@pytest.fixture
def results():
    """Of a trial of which theory speaks, and of one of which it does not: by number, with two seeds."""
    with hydra_ready():
        composer = Composer([*SMALL, INITS, "budget.seeds=2", "seed=3", "execution=inline"])
        batch = Batch(composer, ("cpu",), (Trial(5, {"init": "lecun"}, ()), Trial(6, {"init": "identity"}, ())))
        with Inline().start(batch.devices) as runner:
            return composer, {result.trial.number: result for done in batch.trained(Trainer(runner)) for result in done}


def test_a_trial_has_a_record_and_a_row_for_each_of_its_seeds(results):
    _, found = results
    assert sorted(found) == [5, 6]
    for number, result in found.items():
        assert [(one.trial, one.seed) for one in result.records] == [(number, 0), (number, 1)]
        assert [(row["trial"], row["seed"]) for row in result.rows] == [(number, 0), (number, 1)]


def test_the_seconds_of_a_cohort_are_shared_among_its_members(results):
    _, found = results
    (seconds,) = {record.cost["seconds"] for result in found.values() for record in result.records}  # of one cohort
    assert [result.seconds for result in found.values()] == pytest.approx([seconds / 2, seconds / 2])


def test_a_prediction_is_that_of_the_trials_parts_and_none_where_theory_says_nothing(results):
    composer, found = results
    gain = predicted(composer.parts({"init": "lecun"}), 3).gain_init
    assert {row["gain_init_theory"] for row in found[5].rows} == {gain}
    assert {row["gain_init_theory"] for row in found[6].rows} == {None}


def test_a_trial_whose_members_train_one_by_one_is_handed_out_once_with_all_of_its_seeds():
    """In the order of their seeds, in whatever order a runner has them done."""
    with hydra_ready():
        composer = Composer([*SMALL, "optimizer=lbfgs", "budget.seeds=3", "+space.lr.value=interval(0.1,1)"])
        batch = Batch(composer, ("cpu",), (Trial(2, {"lr.value": 0.5}, ()),))
        with Inline().start(batch.devices) as runner:
            backwards = Trainer(lambda function, items: (one for one in reversed(list(runner(function, items)))))
            ((result,),) = batch.trained(backwards)
    assert [record.seed for record in result.records] == [row["seed"] for row in result.rows] == [0, 1, 2]
