"""Parity where tasks are special: sets smaller than a batch, features that differ per trial, outputs at every step."""

import pytest
from support.cohorts import cohort, parts
from support.parity import assert_parity
from support.twins import Perceptron, Recurrent, assert_equals_twin

from gradstudy.factors import activation, init, lr, optimizer
from gradstudy.factors.model.mlp import Mlp
from gradstudy.factors.model.rnn import Rnn
from gradstudy.tasks.copy_memory import CopyMemory
from gradstudy.tasks.digits import Digits
from gradstudy.tasks.line import Line
from gradstudy.tasks.teacher import Teacher
from gradstudy.tasks.temporal_order import TemporalOrder

TASKS = {
    "the whole line": (Line(), Line(noise=1.0), Line(scale=5.0)),
    "a line shorter than its batch": (Line(points=7), Line(points=7, noise=0.0), Line(points=7, outliers=0.3)),
    "features beyond number": (
        Digits(batch_size=5),
        Digits(batch_size=5, scale=1e30),
        Digits(batch_size=5, spread=4.0),
    ),
    "digits": (Digits(), Digits(outliers=0.1), Digits(outliers=0.1, standardize=False, outlier_scale=-3.0)),
    "a teacher": (Teacher(points=40), Teacher(points=40, noise=1.0), Teacher(points=40, spread=2.0)),
}
SEQUENCES = {
    "copy memory": CopyMemory(length=3, batch_size=3),
    "temporal order": TemporalOrder(length=10, batch_size=3),
}


def assert_same_in_any_company(trials, dtype):
    whole = cohort(*trials, steps=20, keep_weights=True, dtype=dtype)
    return assert_parity(whole, [0], [5], [3, 1], [5, 4, 3, 2, 1, 0])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", TASKS)
def test_trials_with_differently_treated_features_do_not_notice_each_other(case, dtype):
    assert_same_in_any_company(
        [parts(model=Mlp(width=7, depth=2), task=task, optimizer=optimizer.Adam()) for task in TASKS[case]], dtype
    )


def test_fewer_rows_than_a_batch_asks_for_are_too_few_for_one_copy_as_ballast():
    """Seven rows through one unit fill no vector register: alone, they must meet the code that they meet in company."""
    common = parts(model=Mlp(width=1, depth=2), activation=activation.Sigmoid(), task=Line(points=7))
    trials = [common | {"lr": lr.Constant(rate)} for rate in (0.01, 0.05, 0.1)]
    assert_same_in_any_company(trials, "float32")


@pytest.mark.parametrize("case", SEQUENCES)
def test_sequence_tasks_do_not_notice_each_other(case):
    trials = [parts(model=Rnn(width=7), task=SEQUENCES[case], lr=lr.Constant(rate)) for rate in (0.01, 0.1, 1e6)]
    assert_same_in_any_company(trials, "float32")


@pytest.mark.parametrize("case", SEQUENCES)
def test_sequence_tasks_equal_plain_modules(case):
    trial = parts(model=Rnn(width=5), task=SEQUENCES[case], init=init.Default())
    assert_equals_twin(lambda: Recurrent(trial), trial)


@pytest.mark.parametrize(
    "task", [Line(), Digits(batch_size=9, outliers=0.1, standardize=True), Teacher(points=50, outputs=2)]
)
def test_tasks_with_features_equal_plain_modules(task):
    trial = parts(model=Mlp(width=[6, 5], depth=2), task=task, init=init.Default())
    assert_equals_twin(lambda: Perceptron(task.shape.features, 6, 5, task.shape.outputs), trial)
