"""Gaps in a table: refused with all bad columns at once, or dropped, or filled and indicated."""

import numpy as np
import pandas as pd
import pytest

from gradstudy.tasks.table import Table
from gradstudy.training.start.streams import numpy_stream

COUNT = 60
DRAW = np.random.default_rng(0)
NAN = float("nan")


@pytest.fixture
def read(tmp_path):
    def make(target="y", options=None, **columns):
        path = tmp_path / "data.csv"
        frame = {"x": DRAW.normal(size=COUNT).round(3), "y": np.resize(["a", "b"], COUNT), **columns}
        pd.DataFrame(frame).to_csv(path, index=False)
        return Table(path=str(path), target=target, standardize=False, batch_size=10**6, **(options or {}))

    return make


def with_a(word, count=1):
    values = DRAW.normal(size=COUNT).round(3).astype(object)
    values[:count] = word
    return values


def whole(task):
    """Inputs and targets of all rows, those held out behind the others."""
    (inputs, targets), (held, answers) = task.batch(numpy_stream(0, 0, "data")), task.held_out(numpy_stream(0, 0, "h"))
    return np.concatenate([inputs, held]), np.concatenate([targets, answers])


@pytest.mark.parametrize("word", ["?", "NA", "-", "n/a", "null", "", "NaN", "."])
def test_one_word_for_nothing_among_numbers_is_a_gap_and_never_sixty_inputs(read, word):
    with pytest.raises(
        ValueError, match=r"'age' has 1 missing value of 60.*task.missing=median.*task.drop=.age."
    ) as told:
        read(age=with_a(word))
    assert not word or f"'{word}' in 1" in str(told.value)
    task = read(age=with_a(word), options={"missing": "median"})
    assert task.shape.inputs == (3,)
    assert "1 of 60 in age with the median" in task.about["filled in"]


def test_words_among_numbers_ask_what_they_are(read):
    grade = np.resize(["1", "2", "3", "K"], COUNT)
    with pytest.raises(ValueError, match=r"'grade' has words among its numbers \('K' in 15 of 60 rows\)") as told:
        read(grade=grade)
    for way in ("task.missing=median", "task.drop=[grade]", "task.words=[grade]"):
        assert way in str(told.value)
    assert (
        read(grade=grade, options={"words": "grade"}).about["inputs"]
        == "5: 1 number (x); 4 for the words of 1 column (grade: 4)"
    )


def test_all_that_is_wrong_is_told_in_one_sentence(read):
    towns = np.resize([f"n{place}" for place in range(30)], COUNT)
    with pytest.raises(ValueError) as told:
        read(age=with_a("?", 3), size=with_a(1e300), note=with_a("low"), towns=towns, far=with_a("inf"))
    for words in (
        "'age' has 3 missing",
        "'size' reaches 1e+300, and at most 1e+30",
        "'note' has words",
        "'far' has 1 missing or infinite",
    ):
        assert words in str(told.value)
    assert "task.drop=[age,size,note,far]" in str(told.value)
    assert "\n" not in str(told.value)


def test_a_target_beyond_what_can_be_computed_with_is_refused(read):
    with pytest.raises(ValueError, match=r"'big' reaches -1e\+200, and at most 1e\+30"):
        read(target="big", big=with_a(-1e200))


def test_rows_with_gaps_can_be_dropped(read):
    age = with_a("?", 7)
    inputs, targets = whole(task := read(age=age, options={"missing": "drop"}))
    assert task.shape.inputs == (2,)
    assert len(inputs) == len(targets) == 53
    np.testing.assert_allclose(np.sort(inputs[:, 1]), np.sort(age[7:].astype(float)))
    assert task.about["rows"].startswith("53 (7 of 60 left out, as a value is missing)")


def test_gaps_are_filled_with_the_median_of_the_rows_to_train_on_and_indicated(read):
    task = read(age=with_a("?", 20), options={"missing": "median"})
    inputs, _ = whole(task)
    trained, gap = inputs[:48], inputs[:, 2] == 1
    assert gap.sum() == 20
    assert set(inputs[:, 2]) == {0, 1}
    np.testing.assert_allclose(inputs[gap, 1], np.median(trained[trained[:, 2] == 0, 1]))


def test_a_missing_word_is_none_of_the_words(read):
    colour = np.resize(["red", "blue", "NA"], COUNT)
    inputs, _ = whole(task := read(colour=colour, options={"missing": "median"}))
    assert task.shape.inputs == (4,)
    np.testing.assert_array_equal(inputs[:, 1:].sum(0), [20, 20, 20])
    np.testing.assert_array_equal(inputs[:, 1:].sum(1), 1)


def test_a_target_is_never_filled(read):
    target = with_a("", 6)
    with pytest.raises(ValueError, match=r"'price' has 6 missing values of 60: write task\.missing=drop"):
        read(target="price", price=target)
    for missing in ("drop", "median"):
        task = read(target="price", price=target, options={"missing": missing})
        assert len(whole(task)[1]) == 54


def test_too_few_rows_without_a_gap_are_told(read):
    with pytest.raises(ValueError, match="5 of 60 rows have a value in every column, and at least 10 must"):
        read(age=with_a("", 55), options={"missing": "drop"})


def test_ways_out_can_be_typed_for_columns_of_any_name(read):
    with pytest.raises(ValueError, match=r"""task\.drop='\["How old are you, really\?"\]'"""):
        read(**{"How old are you, really?": with_a("?")})
