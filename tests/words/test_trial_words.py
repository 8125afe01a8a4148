"""A trial in a line: levels without the dummy, seeds by verdict."""

import pytest

from gradstudy.words.trial_words import level_word, levels_words, verdicts_words


def test_levels_are_told_by_name_without_the_dummy():
    levels = {"activation": "tanh", "lr.value": 0.00191958, "model.depth": 8, "x": True, "dummy": 0.5}
    assert levels_words(levels) == "activation=tanh, lr.value=0.00192, model.depth=8, x=true"


@pytest.mark.parametrize(("level", "word"), [(1e-5, "1e-05"), (-0.0, "0"), (1234567, "1234567"), (False, "false")])
def test_numbers_have_three_digits_and_whole_ones_all(level, word):
    assert level_word(level) == word


def test_verdicts_are_counted_from_good_to_bad():
    assert verdicts_words(["diverged", "healthy", "diverged"]) == "1 healthy, 2 diverged"
    assert verdicts_words([]) == ""
