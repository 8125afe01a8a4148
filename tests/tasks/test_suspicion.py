"""Columns that nobody means to learn from: they are left out with a word, or named where they tell the target."""

import numpy as np
import pandas as pd
import pytest

from gradstudy.tasks.column_kinds import column_of
from gradstudy.tasks.suspicion import suspicion, tells
from gradstudy.tasks.table import Table

COUNT = 60
DRAW = np.random.default_rng(0)
X = DRAW.normal(size=COUNT)
Y = np.resize([0, 1, 2], COUNT)


@pytest.mark.parametrize(
    ("name", "values", "why"),
    [
        ("Unnamed: 0", X, "without a name, as an index is written"),
        ("n", np.arange(COUNT), "a running number"),
        ("n", DRAW.permutation(COUNT) + 7, "a running number"),
        ("id", np.arange(COUNT) * 3, "an id, by its name"),
        ("customer_id", DRAW.permutation(COUNT) * 3, "an id, by its name"),
        ("PassengerId", np.arange(COUNT) * 3, "an id, by its name"),
        ("population", np.arange(COUNT) * 3, ""),
        ("paid", np.arange(COUNT) * 3, ""),
        ("id", np.resize([1, 2, 3], COUNT), ""),
        ("x", X, ""),
        ("c", np.ones(COUNT), "the same in every row"),
        ("c", np.resize(["a"], COUNT), "the same in every row"),
        ("e", [None] * COUNT, "nothing in any row"),
        ("name", [f"n{place}" for place in range(COUNT)], "another word in most rows"),
        ("town", np.resize([f"n{place}" for place in range(20)], COUNT), ""),
        ("day", pd.date_range("2020-01-01", periods=COUNT), "running on from row to row"),
        ("born", pd.date_range("2020-01-01", periods=COUNT)[DRAW.permutation(COUNT)], ""),
    ],
)
def test_a_column_is_suspicious_for_a_reason(name, values, why):
    assert suspicion(column_of(name, pd.Series(values))) == why


@pytest.mark.parametrize(
    ("values", "target", "classes", "expected"),
    [
        (X, X, False, True),
        (3 * X + 1, X, False, True),
        (np.exp(-X), X, False, True),
        (X > 0, X, False, True),
        (X + 0.1 * DRAW.normal(size=COUNT), X, False, False),
        (np.eye(COUNT)[X.argmax()], X, False, False),  # one time in thirty by accident
        (Y, Y, True, True),
        (np.array(["b", "c", "a"])[Y], Y, True, True),
        (Y + DRAW.uniform(size=COUNT), Y, True, True),
        (Y + 3 * DRAW.uniform(size=COUNT), Y, True, False),
        (DRAW.permutation(Y), Y, True, False),
        ([f"n{place}" for place in range(COUNT)], Y, True, False),
    ],
)
def test_a_column_tells_the_target_where_no_accident_would(values, target, classes, expected):
    assert tells(column_of("x", pd.Series(values)), np.asarray(target, float), classes=classes) is expected


@pytest.fixture
def written(tmp_path):
    def write(**columns):
        path = tmp_path / "data.csv"
        pd.DataFrame(columns).to_csv(path, index=False)
        return {"path": str(path)}

    return write


def test_an_index_that_to_csv_wrote_is_no_input_and_teaches_nothing(tmp_path):
    """Classes in a row and noise as features: the index alone would tell nearly all of them."""
    pd.DataFrame({"noise": X, "kind": np.repeat(["a", "b", "c"], 20)}).to_csv(tmp_path / "data.csv")
    task = Table(path=str(tmp_path / "data.csv"), target="kind")
    assert task.shape.inputs == (1,)
    assert task.about["inputs"] == "1 number (noise)"
    assert "'Unnamed: 0' (without a name, as an index is written)" in task.about["left out"]
    asked = Table(path=str(tmp_path / "data.csv"), target="kind", columns=["Unnamed: 0", "noise"])
    assert asked.shape.inputs == (2,)


def test_what_is_left_out_is_told_reason_by_reason(written):
    names = [f"n{place}" for place in range(COUNT)]
    task = Table(**written(id=range(COUNT), same=1, name=names, note=names, x=X, y=DRAW.normal(size=COUNT)), target="y")
    left_out = "id (a running number); same (the same in every row); name, note (another word in most rows)"
    assert task.about["left out"].startswith(left_out)
    assert task.about["inputs"] == "1 number (x)"


def test_a_running_number_alone_is_learned_from(written):
    """A line over x = 0, 1, 2, ... has nothing else."""
    task = Table(**written(x=range(COUNT), y=2.5 * np.arange(COUNT)), target="y")
    assert task.shape.inputs == (1,)
    assert "x would be left out, if there were any other column" in task.about["look at"]


def test_a_copy_of_the_target_is_named_before_it_is_used(written):
    task = Table(**written(x=X, leak=np.array(["no", "yes", "maybe"])[Y], y=Y), target="y")
    assert "leak tells the target y without any other column" in task.about["look at"]
    assert "task.drop=[leak]" in task.about["look at"]
    assert "look at" not in Table(path=task.path, target="y", drop="leak").about
