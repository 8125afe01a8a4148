"""Confirmations that are told what is stored: side by side, each thing once, and no further than it is known."""

import pandas as pd
import pytest

from gradstudy.analysis.cure.confirmation import Ask
from gradstudy.analysis.cure.replay import known_of, replay, trial_of
from gradstudy.records import DUMMY, Factor

FACTORS = (Factor("activation", ("tanh", "relu")), Factor("lr.value", low=0.001, high=1.0), DUMMY)


class Scripted:
    """A confirmation that asks for these rounds of numbers, one after the other."""

    def __init__(self, *rounds):
        self.rounds, self.told = [list(map(ask, one)) for one in rounds], []

    def asks(self):
        return list(self.rounds[0]) if self.rounds else []

    def tell(self, one, rows):
        self.told.append((one.levels["lr.value"], rows))
        self.rounds[0].remove(one)
        if not self.rounds[0]:
            self.rounds.pop(0)


def ask(number):
    return Ask({"lr.value": number}, range(2))


def known(*numbers):
    return {ask(number).key: (f"rows of {number}",) for number in numbers}


def beyond(asked):
    return [one.levels["lr.value"] for one in asked]


def test_what_is_known_is_told_and_the_first_that_is_not_is_asked_for():
    one = Scripted([0.1, 0.2], [0.3], [0.4])
    assert beyond(replay([one], known(0.1, 0.2))) == [0.3]
    assert one.told == [(0.1, ("rows of 0.1",)), (0.2, ("rows of 0.2",))]
    assert replay([one], known(0.1, 0.2, 0.3, 0.4)) == []


def test_none_goes_on_before_all_know_their_round():
    """Else a launch that goes on would give the next round numbers that an undisturbed one gave to this."""
    first, second = Scripted([0.1], [0.3]), Scripted([0.2], [0.4])
    assert beyond(replay([first, second], known(0.1))) == [0.2]
    assert beyond(replay([first, second], known(0.1, 0.2))) == [0.3, 0.4]


def test_what_two_of_them_ask_is_run_once_and_told_both():
    first, second = Scripted([0.1, 0.2]), Scripted([0.2, 0.3])
    assert beyond(replay([first, second], {})) == [0.1, 0.2, 0.3]
    assert replay([first, second], known(0.1, 0.2, 0.3)) == []
    assert (0.2, ("rows of 0.2",)) in first.told
    assert (0.2, ("rows of 0.2",)) in second.told


@pytest.fixture
def members():
    """Trials of a study of two seeds: one configuration on its fresh seeds 0 and 1, and again on 2 to 4."""
    rows = [(7, seed) for seed in (2, 3)] + [(9, seed) for seed in (4, 5, 6)]
    table = pd.DataFrame(rows, columns=["trial", "seed"])
    return table.assign(activation="relu", **{"lr.value": 0.1 + 0.2, "dummy": None}, verdict="healthy")


def test_stored_trials_answer_what_asked_for_their_levels_and_seeds(members):
    levels = {"activation": "relu", "lr.value": 0.1 + 0.2}
    found = known_of(members, FACTORS, 2)
    assert list(found) == [Ask(levels, range(2)).key, Ask(levels, range(2, 5)).key]
    assert [row["seed"] for row in found[Ask(levels, range(2, 5)).key]] == [4, 5, 6]
    assert trial_of(members, FACTORS, levels) == 9
    assert trial_of(members, FACTORS, {**levels, "lr.value": 0.3}) is None
