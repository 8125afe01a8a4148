"""What the best answer scores that disregards the inputs: by algebra, and by guessing over many samples."""

from math import log

import numpy as np
import pytest
from sklearn.datasets import load_digits

from gradstudy.tasks.adding import Adding
from gradstudy.tasks.baseline import Baseline
from gradstudy.tasks.copy_memory import CopyMemory
from gradstudy.tasks.digits import Digits
from gradstudy.tasks.line import Line
from gradstudy.tasks.random_signal import RandomSignal
from gradstudy.tasks.sequential_digits import SequentialDigits
from gradstudy.tasks.task import Task
from gradstudy.tasks.teacher import Teacher
from gradstudy.tasks.temporal_order import TemporalOrder
from gradstudy.training.start.streams import numpy_stream

MANY = 20_000
DRAWN = [
    Adding(length=8),
    Adding(length=30),
    Adding(unit_interval=True),
    TemporalOrder(length=10),
    CopyMemory(length=3),
]


def guessed(targets) -> Baseline:
    """The best constant at every place of the answer: its mean, or the frequencies of what is wanted there."""
    if targets.dtype.kind == "f":
        return Baseline(np.square(targets - targets.mean(0)).mean())
    places = targets.reshape(len(targets), -1).T
    shares = [np.bincount(place) / len(place) for place in places]
    entropies = [-sum(p * log(p) for p in of_place if p > 0) for of_place in shares]
    return Baseline(np.mean(entropies), np.mean([of_place.max() for of_place in shares]))


@pytest.mark.parametrize("task", DRAWN, ids=map(str, DRAWN))
def test_the_baseline_of_a_drawn_task_is_what_guessing_scores_over_many_samples(task):
    found = guessed(task.draw(numpy_stream(0, 0, "data"), MANY)[1])
    assert task.baseline.loss == pytest.approx(found.loss, rel=0.03)
    assert (task.baseline.accuracy is None) == (found.accuracy is None)
    if found.accuracy is not None:
        assert task.baseline.accuracy == pytest.approx(found.accuracy, rel=0.03)


@pytest.mark.parametrize(("length", "printed"), [(100, 0.173287), (500, 0.039989)])
def test_remembering_nothing_costs_what_arjovsky_prints(length, printed):
    """10 ln 8 / (T + 20) (Arjovsky, Shah & Bengio 2016)."""
    assert CopyMemory(length=length).baseline.loss == pytest.approx(printed, abs=5e-7)


def test_always_answering_1_has_an_error_of_one_sixth():
    """Le, Jaitly & Hinton 2015."""
    assert Adding(unit_interval=True).baseline == Baseline(1 / 6)


def test_four_classes_cost_ln_4():
    assert TemporalOrder().baseline == Baseline(log(4), 0.25)


@pytest.mark.parametrize(
    "task", [Digits(), Digits(image=True), SequentialDigits(), Line(), Teacher(outputs=3, noise=0.5)]
)
def test_the_baseline_of_a_data_set_is_that_of_the_rows_to_train_on(task):
    rows = 1437 if isinstance(task, SequentialDigits | Digits) else len(task.data().targets)
    whole = type(task)(**{**vars(task), "batch_size": rows})
    targets = whole.batch(numpy_stream(0, 0, "data"))[1]
    loose = 0.02 if isinstance(task, SequentialDigits) else 1e-12  # which draws its rows with replacement
    assert task.baseline.loss == pytest.approx(guessed(targets).loss, rel=loose)


def test_digits_are_told_apart_by_luck_as_often_as_the_most_frequent_one_occurs():
    counts = np.bincount(load_digits().target)
    assert Digits().baseline.accuracy == pytest.approx(counts.max() / counts.sum(), abs=0.001)
    assert 2.30 < Digits().baseline.loss < log(10)


def test_where_nothing_is_to_be_learned_there_is_no_baseline():
    assert RandomSignal().baseline is None
    assert Task().baseline is None


def test_unequal_classes_cost_their_entropy_and_the_largest_is_right_by_its_share():
    assert Baseline.of_classes(np.array([0, 1, 1, 1])) == Baseline(
        pytest.approx(0.75 * log(4 / 3) + 0.25 * log(4)), 0.75
    )
