"""A person's own table: small files with one thing right or wrong in each."""

import os
import pickle
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gradstudy.tasks.table import Table
from gradstudy.training.start.streams import numpy_stream

COUNT = 50
ALL = {"batch_size": 10**6}
WRITERS = {
    "csv": lambda frame, path: frame.to_csv(path, index=False),
    "parquet": lambda frame, path: frame.to_parquet(path),
}


def columns(**changes):
    draw = np.random.default_rng(1)
    size, colour = draw.normal(5, 2, COUNT), np.resize(["red", "blue", "green"], COUNT)
    made = {"size": size, "colour": colour, "price": 10 * size + 3, "kind": np.resize(["b", "a"], COUNT)}
    return pd.DataFrame(made | changes)


@pytest.fixture
def table(tmp_path):
    def make(target, kind="csv", frame=None, **options):
        path = tmp_path / f"data.{kind}"
        WRITERS[kind](columns() if frame is None else frame, path)
        return Table(path=str(path), target=target, **options)

    return make


def both(task):
    """Inputs and targets of the rows to train on, and of those held out."""
    return *task.batch(numpy_stream(0, 0, "data")), *task.held_out(numpy_stream(0, 0, "held out"))


@pytest.mark.parametrize("kind", WRITERS)
def test_numbers_stay_numbers_and_text_becomes_a_column_per_word(table, kind):
    inputs, targets, held_out, held_out_targets = both(table("kind", kind, standardize=False, **ALL))
    rows, labels = np.concatenate([inputs, held_out]), np.concatenate([targets, held_out_targets])
    frame = columns()
    order, ours = np.argsort(frame["size"]), np.argsort(rows[:, 0])
    np.testing.assert_allclose(rows[ours, 0], frame["size"][order])
    np.testing.assert_allclose(rows[ours, 1], frame["price"][order])
    for column, word in enumerate(["blue", "green", "red"], start=2):
        np.testing.assert_array_equal(rows[ours, column], frame["colour"][order] == word)
    np.testing.assert_array_equal(labels[ours], frame["kind"][order] == "b")
    assert len(held_out) == COUNT / 5
    assert held_out_targets.tolist().count(0) == held_out_targets.tolist().count(1)


def test_a_number_as_target_is_standardised_and_so_are_the_features(table):
    """Price is a straight line of size: so are they when both are standardised, and then they are equal."""
    inputs, targets, held_out, held_out_targets = both(table("price", **ALL))
    np.testing.assert_allclose([targets.mean(), targets.std()], [0, 1], atol=1e-12)
    np.testing.assert_allclose(inputs.mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(inputs.std(0), 1)
    np.testing.assert_allclose(inputs[:, 0], targets[:, 0])
    np.testing.assert_allclose(held_out[:, 0], held_out_targets[:, 0])


@pytest.mark.parametrize(
    ("values", "classify", "outputs", "whole"),
    [
        (np.resize([True, False], COUNT), "auto", 2, True),
        (np.resize([3, 7, 9], COUNT), "auto", 3, True),
        (np.resize([3.0, 7.0], COUNT), "auto", 2, True),
        (np.resize([0.5, 1.5], COUNT), "auto", 1, False),
        (np.arange(COUNT), "auto", 1, False),
        (np.resize([3, 7, 9], COUNT), "false", 1, False),
        (np.resize([3, 7, 9], COUNT), False, 1, False),
        (np.resize(np.arange(22), COUNT), True, 22, True),
    ],
)
def test_the_target_decides_between_classes_and_a_number_unless_told(table, values, classify, outputs, whole):
    task = table("y", frame=columns(y=values), classify=classify, **ALL)
    targets = task.batch(numpy_stream(0, 0, "data"))[1]
    assert task.shape.outputs == outputs
    assert (targets.dtype == np.int64) == whole
    assert targets.ndim == (1 if whole else 2)


WRONG = {
    "a missing value": (columns(size=[np.nan] * 2 + [1.0] * (COUNT - 2)), "kind", {}, "'size' has 2 missing"),
    "an infinite value": (columns(size=[np.inf] + [1.0] * (COUNT - 1)), "kind", {}, "'size' has 1 missing or infinite"),
    "a target with gaps": (columns(kind=[None] * 3 + ["a", "b"] * 23 + ["a"]), "kind", {}, "'kind' has 3 missing"),
    "no such column": (columns(), "prize", {}, r"target must be a column.*price, kind\. Did you mean 'price'"),
    "no target": (columns(), "", {}, "target must be a column.*size, colour"),
    "a constant target": (columns(kind="a"), "kind", {}, "'kind' is 'a' in every row"),
    "nothing beside it": (columns()[["kind"]], "kind", {}, "no column beside the target 'kind'"),
    "too few rows": (columns()[:4], "kind", {}, "at least 10 rows was expected, got 4"),
    "a key as target": (columns(key=[f"k{i}" for i in range(COUNT)]), "key", {}, "50 classes in 50 rows"),
    "text as number": (columns(), "kind", {"classify": "false"}, "classify=false needs a target of numbers"),
    "an unknown wish": (
        columns(),
        "kind",
        {"classify": "maybe"},
        "classify must be one of auto, true, false, got 'maybe'",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_with_a_table_is_told_in_words(table, case):
    frame, target, options, message = WRONG[case]
    with pytest.raises(ValueError, match=message):
        table(target, frame=frame, **options)


def test_dates_that_run_on_and_columns_of_names_are_left_out_with_a_word(table):
    task = table("kind", "parquet", frame=columns(day=pd.date_range("2020-01-01", periods=COUNT)))
    assert "day (running on from row to row)" in task.about["left out"]
    longer = pd.concat([columns()] * 3, ignore_index=True)
    task = table("kind", frame=longer.assign(name=[f"n{i}" for i in range(150)]))
    assert "name (another word in most rows)" in task.about["left out"]


def test_words_that_come_again_are_refused_where_they_are_too_many(table):
    longer = pd.concat([columns()] * 6, ignore_index=True)
    with pytest.raises(ValueError, match="'town' holds 101 different words, and at most 100 can become an input each"):
        table("kind", frame=longer.assign(town=np.resize([f"n{i}" for i in range(101)], 300)))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("absent.csv", None, r"path must lead to a \.csv or \.parquet file, got '.*absent\.csv'"),
        ("table.xlsx", b"a", r"path must lead to a \.csv or \.parquet file"),
        ("empty.csv", b"", "empty.csv is none: it is empty"),
        ("ragged.csv", b"a,b\n1,2\n1,2,3\n", "ragged.csv is none: "),
        ("binary.csv", b"\xff\xfe\x00\x81", "binary.csv is none: "),
        ("fake.parquet", b"not parquet", "fake.parquet is none: "),
    ],
)
def test_a_file_that_is_no_table_is_told_in_words(tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=message) as told:
        Table(path=str(tmp_path / name), target="a")
    assert not str(told.value).endswith(".")
    assert "\n" not in str(told.value)


def test_a_path_must_be_given():
    with pytest.raises(ValueError, match="path must lead to"):
        Table()


def test_a_file_that_was_mended_is_read_again(table):
    task = table("kind")
    assert task.shape.inputs == (5,)
    columns(extra=np.arange(COUNT) % 7).to_csv(task.path, index=False)
    os.utime(task.path, ns=(1, 1))
    assert task.shape.inputs == (6,)


def test_files_of_one_name_and_one_time_in_two_folders_are_two_files(tmp_path, monkeypatch):
    shapes, contents = [], []
    for folder, frame in (("one", columns()), ("other", columns(extra=np.arange(COUNT) % 7))):
        (tmp_path / folder).mkdir()
        monkeypatch.chdir(tmp_path / folder)
        frame.to_csv("data.csv", index=False)
        os.utime("data.csv", ns=(1, 1))
        task = Table(path="data.csv", target="kind")
        shapes.append(task.shape.inputs)
        contents.append(task.content)
    assert shapes == [(5,), (6,)]
    assert contents == [sha256((tmp_path / name / "data.csv").read_bytes()).hexdigest() for name in ("one", "other")]


def test_a_file_whose_time_was_set_back_is_another(table):
    task = table("kind")
    file = Path(task.path)
    before, told = task.content, file.stat()
    file.write_text(file.read_text().replace("red", "tan"))
    os.utime(file, ns=(told.st_atime_ns, told.st_mtime_ns))
    assert task.content != before


def test_the_part_travels_without_its_data(table):
    task = table("kind")
    sent = pickle.dumps(task)
    assert len(sent) < 1000
    assert pickle.loads(sent).shape == task.shape
