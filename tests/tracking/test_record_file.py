"""Files of trials: what is read back is what was written, bit for bit."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from support.made_trials import make_result

from gradstudy.atomic_file import written_whole
from gradstudy.records import MemberRecord, Series, Trial, TrialResult
from gradstudy.tracking.record_file import METADATA, read_gradients, read_result, read_rows, tidy, write_trial

EDGES = [0.0, -0.0, 5e-324, -2.2e-308, 1.7976931348623157e308, np.inf, -np.inf, np.nan, 0.1, 1 / 3]


@pytest.fixture
def paths(tmp_path):
    written = [tmp_path / f"{number}.parquet" for number in range(3)]
    for number, path in enumerate(written):
        write_trial(make_result(number), path)
    return written


def row_by_row(records):
    """The obvious way to say what a tidy table is."""
    return [
        (record.trial, record.seed, step, quantity, place, value)
        for record in records
        for quantity, series in record.series.items()
        for step, values in zip(series.steps, series.values, strict=True)
        for place, value in zip(series.places, values, strict=True)
    ]


def test_a_file_holds_six_columns_and_one_row_per_value(paths):
    table = pq.read_table(paths[0])
    assert [(field.name, str(field.type)) for field in table.schema] == [
        ("trial", "int32"),
        ("seed", "int32"),
        ("step", "int32"),
        ("quantity", "dictionary<values=string, indices=int32, ordered=0>"),
        ("place", "dictionary<values=string, indices=int32, ordered=0>"),
        ("value", "double"),
    ]
    expected = row_by_row(make_result(0).records)
    assert repr([tuple(row.values()) for row in table.to_pylist()]) == repr(
        [tuple(map(_plain, row)) for row in expected]
    )


def _plain(entry):
    return entry.item() if isinstance(entry, np.generic) else entry


def test_every_bit_of_a_value_survives(tmp_path):
    series = Series(tuple("abcde"), np.arange(2), np.array(EDGES).reshape(2, 5))
    record = MemberRecord(7, 0, {"signal": series}, first_bad_step=1, first_bad_tensor="loss")
    row = {"trial": 7, "seed": 0, "gain": -307.6526555685888, "first_bad_step": 1, "first_bad_tensor": "loss"}
    write_trial(TrialResult(Trial(7, {}, ()), (record,), (row,)), tmp_path / "edges.parquet")
    read = read_result(tmp_path / "edges.parquet").records[0].series["signal"].values
    assert read.tobytes() == series.values.tobytes()
    assert read_gradients([tmp_path / "edges.parquet"])["value"].to_numpy().tobytes() == series.values.tobytes()


def test_a_trial_is_read_back_as_it_was(paths):
    written, read = make_result(1), read_result(paths[1])
    assert read.trial == written.trial
    assert read.rows == written.rows
    for got, wanted in zip(read.records, written.records, strict=True):
        assert (got.first_bad_step, got.first_bad_tensor) == (wanted.first_bad_step, wanted.first_bad_tensor)
        assert got.cost == wanted.cost != {}
        assert list(got.series) == list(wanted.series)
        for quantity, series in wanted.series.items():
            assert got.series[quantity].places == series.places
            assert got.series[quantity].steps.tolist() == series.steps.tolist()
            assert got.series[quantity].values.tobytes() == series.values.tobytes()


def test_a_file_of_an_older_version_has_no_cost(paths):
    table = pq.read_table(paths[1])
    about = json.loads(table.schema.metadata[METADATA])
    del about["cost"]
    pq.write_table(table.replace_schema_metadata({METADATA: json.dumps(about)}), paths[1])
    assert [record.cost for record in read_result(paths[1]).records] == [{}, {}, {}]
    assert read_result(paths[1]).rows == make_result(1).rows


def test_a_trial_keeps_its_phase_and_one_of_an_older_version_is_of_the_screen(paths):
    hunted = replace(make_result(1).trial, phase="hunt")
    write_trial(replace(make_result(1), trial=hunted), paths[1])
    assert read_rows(paths[1])[0] == hunted
    table = pq.read_table(paths[1])
    about = json.loads(table.schema.metadata[METADATA])
    del about["trial"]["phase"]
    pq.write_table(table.replace_schema_metadata({METADATA: json.dumps(about)}), paths[1])
    assert read_rows(paths[1])[0] == make_result(1).trial


def test_levels_keep_their_kind(tmp_path):
    levels = {"a": True, "b": 1, "c": 1.0, "d": "1", "e": 0.1 + 0.2}
    result = make_result(0)
    write_trial(TrialResult(Trial(0, levels, ("a=true",)), result.records, result.rows), tmp_path / "t.parquet")
    trial, _ = read_rows(tmp_path / "t.parquet")
    assert [(type(level), level) for level in trial.levels.values()] == [(type(v), v) for v in levels.values()]


@pytest.mark.parametrize(
    "filters",
    [
        {"quantity": "loss"},
        {"seed": [0, 2], "quantity": ["signal", "loss"]},
        {"place": "time_017", "step": 3},
        {"trial": np.array([0, 2]), "step": range(2, 5)},
        {"quantity": []},
        {"quantity": None, "seed": 1},
    ],
    ids=str,
)
def test_filters_select_what_pandas_would_select(paths, filters):
    everything = read_gradients(paths)
    wanted = pd.Series(True, everything.index)
    for column, values in filters.items():
        if values is None:
            continue
        wanted &= everything[column].isin([values] if np.ndim(values) == 0 else list(values))
    got = read_gradients(paths, filters)
    pd.testing.assert_frame_equal(got.astype({"quantity": str, "place": str}), _as_text(everything[wanted]))


def _as_text(tidy_rows):
    return tidy_rows.astype({"quantity": str, "place": str}).reset_index(drop=True)


def test_no_files_are_no_rows_of_the_same_kind(paths):
    assert read_gradients([]).dtypes.to_dict().keys() == read_gradients(paths).dtypes.to_dict().keys()


def test_records_in_memory_and_on_disk_read_the_same(paths):
    pd.testing.assert_frame_equal(_as_text(tidy(make_result(1).records)), _as_text(read_gradients(paths[1:2])))


def write_half(path):
    with written_whole(path) as unfinished:
        unfinished.write_text("half")
        raise KeyboardInterrupt


def test_a_file_that_could_not_be_finished_is_not_there(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        write_half(tmp_path / "file")
    assert not (tmp_path / "file").exists()


def test_a_file_that_could_not_be_replaced_stays_as_it_was(tmp_path):
    (tmp_path / "file").write_text("old")
    with pytest.raises(KeyboardInterrupt):
        write_half(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "old"
