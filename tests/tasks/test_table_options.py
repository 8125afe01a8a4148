"""What can be asked of the columns of a table: which are inputs, which are told, and how."""

import numpy as np
import pandas as pd
import pytest

from gradstudy.tasks.table import Table
from gradstudy.training.start.streams import numpy_stream

COUNT = 50
DRAW = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "a": DRAW.normal(size=COUNT),
        "b": DRAW.normal(3, 2, COUNT),
        "2": DRAW.normal(size=COUNT),
        "district": np.resize([1010, 1020, 1030], COUNT),
        "price": DRAW.normal(100, 20, COUNT),
        "rent": DRAW.normal(10, 3, COUNT),
        "rare": ["x"] * 30 + ["y"] * 19 + ["lonely"],
    }
)
ALL = {"batch_size": 10**6, "standardize": False}


@pytest.fixture
def path(tmp_path):
    FRAME.to_csv(tmp_path / "data.csv", index=False)
    return str(tmp_path / "data.csv")


def trained(task):
    return task.batch(numpy_stream(0, 0, "data"))


@pytest.mark.parametrize(
    ("options", "inputs"),
    [
        ({"columns": ["b", "a"]}, "2 numbers (a, b)"),
        ({"columns": "a"}, "1 number (a)"),
        ({"columns": [2]}, "1 number (2)"),
        ({"drop": ["rare", "rent", "district", "2"]}, "2 numbers (a, b)"),
        ({"columns": ["a", "b"], "drop": "b"}, "1 number (a)"),
        (
            {"columns": ["a", "district"], "words": "district"},
            "4: 1 number (a); 3 for the words of 1 column (district: 3)",
        ),
    ],
)
def test_columns_are_chosen_by_name(path, options, inputs):
    assert Table(path=path, target="price", **options).about["inputs"] == inputs


def test_several_numbers_are_told_at_once(path):
    task = Table(path=path, target=["price", "rent"], drop="rare", **ALL)
    inputs, targets = trained(task)
    assert task.shape.outputs == 2
    assert inputs.shape == (40, 4)
    np.testing.assert_allclose([targets.mean(0), targets.std(0)], [[0, 0], [1, 1]], atol=1e-12)
    assert task.baseline.loss == pytest.approx(1)


def test_a_target_can_be_left_as_it_is(path):
    task = Table(path=path, target="price", standardize_target=False, **ALL)
    targets = np.concatenate([trained(task)[1], task.held_out(numpy_stream(0, 0, "held out"))[1]])
    np.testing.assert_allclose(np.sort(targets[:, 0]), np.sort(FRAME["price"]))
    assert task.baseline.loss == pytest.approx(trained(task)[1].var())


def test_what_was_read_is_told_with_shares_and_single_rows(path):
    about = Table(path=path, target="rare").about
    assert about["target"] == "rare, 3 classes: x: 60 %, y: 38 %, lonely: 2 %; of lonely there is one row only"
    assert about["rows"] == "50: 40 to train on, 10 held out, drawn at random"
    assert "balanced over classes" in Table(path=path, target="district").about["rows"]
    low, high = FRAME["price"].min(), FRAME["price"].max()
    assert f"price, a number from {low:.6g} to {high:.6g}" in Table(path=path, target="price").about["target"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"target": ["price", "rare"]}, "target can be several columns if all are numbers, and 'rare' names classes"),
        (
            {"target": "price", "drop": ["aa", "c"]},
            r"drop must be a column of the table, got 'aa' \(nor is there 'c'\)",
        ),
        ({"target": "price", "drop": "distrikt"}, "Did you mean 'district'"),
        ({"target": "price", "drop": "price"}, "target 'price' cannot be dropped"),
        ({"target": "price", "columns": ["price"]}, "there is no column beside the target 'price'"),
        ({"target": "price", "missing": "mean"}, "missing must be one of refuse, drop, median"),
    ],
)
def test_what_does_not_fit_is_told(path, options, told):
    with pytest.raises(ValueError, match=told):
        Table(path=path, **options)


def test_a_target_whose_name_several_columns_have_is_refused(tmp_path):
    (tmp_path / "twice.csv").write_text("x,y,y\n" + "1,2,3\n4,5,6\n" * 10)
    with pytest.raises(ValueError, match="target 'y' is the name of several columns"):
        Table(path=str(tmp_path / "twice.csv"), target="y")


def test_a_table_that_fills_the_memory_is_refused_before_it_does(tmp_path, monkeypatch):
    monkeypatch.setattr("gradstudy.tasks.columns.MOST_CELLS", 100)
    FRAME.to_csv(tmp_path / "data.csv", index=False)
    with pytest.raises(ValueError, match=r"50 rows of 8 inputs .* take fewer rows, or name the columns"):
        Table(path=str(tmp_path / "data.csv"), target="price")
