"""Filters of measured values: what is found, and what is said when nothing is."""

import numpy as np
import pytest
from support.made_trials import make_result

from gradstudy.errors import InputError
from gradstudy.records import MemberRecord, Series
from gradstudy.tracking.record_file import read_gradients, tidy, write_trial


@pytest.fixture(params=["of files", "of records"])
def find(request, tmp_path):
    """Trials 3 and 4, read from two files or kept in memory."""
    results = [make_result(number) for number in (3, 4)]
    paths = [tmp_path / f"{result.trial.number}.parquet" for result in results]
    for result, path in zip(results, paths, strict=True):
        write_trial(result, path)
    records = [record for result in results for record in result.records]
    return (lambda **f: read_gradients(paths, f)) if request.param == "of files" else (lambda **f: tidy(records, f))


REFUSED = {
    "a quantity that is stored nowhere": (
        {"quantity": "gradeint"},
        "quantity must be one of signal, gradient, norm_before_clipping, norm_after_clipping, clip_coefficient, loss, "
        "got 'gradeint'. Did you mean 'gradient'?",
    ),
    "several that are stored nowhere": ({"quantity": ["a", "b"]}, ", loss, got 'a', 'b'."),
    "a place of no quantity": (
        {"place": "time_31"},
        "place must be one of time_001, time_002, time_003, ..., all, got 'time_31'. Did you mean",
    ),
    "a place of another quantity": (
        {"quantity": ["loss", "gradient"], "place": "time_001"},
        "place must be one of cell.weight, readout.bias, all (of loss, gradient), got 'time_001'.",
    ),
    "a trial that is not there": ({"trial": 9999, "quantity": "loss"}, "trial must be one of 3 to 4, got 9999."),
    "a trial beyond what is numbered": ({"trial": 10**12}, "trial must be one of 3 to 4, got 1000000000000."),
    "a seed that is not there": ({"trial": 3, "seed": [3, 7]}, "seed must be one of 0 to 2, got 3, 7."),
    "a column that is none": (
        {"quantty": "loss"},
        "A filter must be one of trial, seed, step, quantity, place, got 'quantty'. Did you mean 'quantity'?",
    ),
    "a value as a filter": ({"value": 1.0}, "A filter must be one of trial, seed, step, quantity, place, got 'value'."),
    "a trial in words": ({"trial": "three"}, "trial must be a whole number or a list of them, got 'three'."),
    "half a step": ({"step": 1.5}, "step must be a whole number or a list of them, got 1.5."),
    "a step that is yes": ({"step": True}, "step must be a whole number or a list of them, got True."),
    "a number for a name": ({"place": 3}, "place must be a name or a list of them, got 3."),
    "a list in a list": ({"place": ["all", ["all"]]}, "place must be a name or a list of them, got ['all', ['all']]."),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_wrong_filter_is_refused_with_what_is_stored(find, case):
    filters, words = REFUSED[case]
    with pytest.raises(InputError) as refused:
        find(**filters)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"quantity": "loss", "trial": 3, "seed": 0}, 20),
        ({"quantity": "loss", "trial": np.array([3.0, 4.0]), "seed": np.int64(2)}, 16),  # it diverged on step 7
        ({"quantity": "loss", "place": ["all"], "trial": 3, "seed": 0, "step": range(100)}, 20),
        ({"quantity": "loss", "trial": 3, "seed": 2, "step": 12}, 0),
        ({"quantity": "loss", "step": 100}, 0),
        ({"quantity": []}, 0),
        ({"trial": [], "quantity": "nothing"}, 0),
    ],
    ids=str,
)
def test_what_is_known_is_found_and_a_step_without_values_has_no_rows(find, filters, count):
    assert len(find(**filters)) == count


def test_one_wrong_name_in_a_list_is_refused_like_one_alone(find):
    with pytest.raises(InputError, match=r"quantity must be one of .*, got 'nothing'"):
        find(quantity=["loss", "nothing"])
    with pytest.raises(InputError, match=r"place must be one of all \(of loss\), got 'nowhere'"):
        find(quantity="loss", place=["all", "nowhere"])


def test_a_quantity_that_one_seed_did_not_live_to_see_is_not_refused():
    lived, ended = (
        MemberRecord(0, seed, {name: Series(("all",), np.arange(2), np.ones((2, 1))) for name in names})
        for seed, names in enumerate([("loss", "gradient_cosine"), ("loss",)])
    )
    assert tidy([lived, ended], {"seed": 1, "quantity": "gradient_cosine"}).empty
    with pytest.raises(InputError, match="quantity must be one of loss, got 'gradient_cosine'"):
        tidy([ended], {"quantity": "gradient_cosine"})


def test_numbers_with_gaps_are_listed_one_by_one(tmp_path):
    paths = [tmp_path / "2.parquet", tmp_path / "9.parquet"]
    for path in paths:
        write_trial(make_result(int(path.stem)), path)
    with pytest.raises(InputError, match=r"trial must be one of 2, 9, got 3\."):
        read_gradients(paths, {"trial": 3})


def test_nothing_stored_is_nothing_to_compare_with():
    assert tidy([], {"quantity": "anything"}).empty
