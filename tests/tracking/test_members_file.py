"""The table of members: factors beside responses, and the trials in it as they were."""

import json
from dataclasses import replace

import pandas as pd
import pyarrow.parquet as pq
from support.made_trials import FACTORS, make_result

from gradstudy.records import Factor, Trial
from gradstudy.tracking.members_file import members_table, read_study_table, write_members
from gradstudy.tracking.record_file import CHECKSUM, METADATA

STORED = {number: (make_result(number).trial, make_result(number).rows) for number in (2, 0, 1)}


def test_a_member_is_a_row_with_the_levels_of_its_trial_and_its_own_responses_sorted_by_trial_and_seed():
    table = members_table(STORED, FACTORS)
    assert list(table.columns) == [
        *("trial", "seed", "phase", "activation", "clipping.max_norm", "model.depth", "dummy"),
        *("vanishing", "exploding", "gain_init_theory", "verdict", "outcome", "first_bad_step", "first_bad_tensor"),
    ]
    table = table.set_index(["trial", "seed"])
    assert list(table.index) == [(trial, seed) for trial in range(3) for seed in range(3)]
    assert table.loc[(1, 2), "clipping.max_norm"] == STORED[1][0].levels["clipping.max_norm"]
    assert table.loc[(1, 2), "activation"] == "relu"
    assert table.loc[(2, 1), "vanishing"] == STORED[2][1][1]["vanishing"]
    assert table.loc[(0, 2), "first_bad_step"] == 7
    assert table.loc[(0, 2), "first_bad_tensor"] == "loss"
    assert table["clipping.max_norm"].isna().tolist() == [True] * 3 + [False] * 3 + [True] * 3
    for what_never_happened in ("first_bad_step", "first_bad_tensor"):
        assert table[what_never_happened].isna().tolist() == [True, True, False] * 3


def test_a_prediction_is_the_same_for_every_seed_and_missing_where_there_is_none():
    column = members_table(STORED, FACTORS)["gain_init_theory"]
    assert column.dtype == float
    assert column.fillna(-1.0).tolist() == [-1.0] * 3 + [1 / 7] * 3 + [2 / 7] * 3


def test_a_study_of_an_older_version_has_no_predictions_and_may_be_gone_on_with(tmp_path):
    older = {0: (STORED[0][0], tuple(_without(row, "gain_init_theory") for row in STORED[0][1]))}
    assert "gain_init_theory" not in members_table(older, FACTORS)
    write_members(older, FACTORS, tmp_path / "members.parquet")
    assert read_study_table(tmp_path / "members.parquet").stored() == older
    continued = members_table({**older, 1: STORED[1]}, FACTORS)
    pd.testing.assert_frame_equal(continued, members_table({n: STORED[n] for n in (0, 1)}, FACTORS))


def test_a_trial_keeps_its_phase_and_one_of_an_older_version_is_of_the_screen(tmp_path):
    path, hunted = tmp_path / "members.parquet", replace(STORED[1][0], phase="hunt")
    write_members({**STORED, 1: (hunted, STORED[1][1])}, FACTORS, path)
    assert read_study_table(path).members.groupby("trial")["phase"].first().tolist() == ["screen", "hunt", "screen"]
    assert read_study_table(path).stored()[1][0] == hunted
    older = pq.read_table(path).drop_columns("phase")
    about = json.loads(older.schema.metadata[METADATA])
    plain = [{key: value for key, value in trial.items() if key != "phase"} for trial in about["trials"]]
    written = {**older.schema.metadata, METADATA: json.dumps({**about, "trials": plain})}
    del written[CHECKSUM]
    pq.write_table(older.replace_schema_metadata(written), path)
    pd.testing.assert_frame_equal(read_study_table(path).members, members_table(STORED, FACTORS))
    assert read_study_table(path).stored() == STORED


def _without(row, name):
    return {key: value for key, value in row.items() if key != name}


def test_whole_numbers_stay_whole_beside_missing_ones():
    trials = {n: (Trial(n, {"width": 64} if n else {}, ()), STORED[n][1]) for n in (0, 1)}
    column = members_table(trials, (Factor("width", low=32, high=512, integer=True),))["width"]
    assert [str(value) for value in column] == ["<NA>"] * 3 + ["64"] * 3


def test_yes_and_no_words_and_mixed_numbers_keep_their_sense():
    levels = {"gated": True, "scale": 1, "mixed": "auto", "gone": None}
    factors = (
        Factor("gated", (True, False)),
        Factor("scale", (1, 0.5)),
        Factor("mixed", ("auto", 3)),
        Factor("gone", ("a", "b")),
    )
    trials = {0: (Trial(0, {k: v for k, v in levels.items() if v is not None}, ()), STORED[0][1])}
    row = members_table(trials, factors).iloc[0]
    assert (bool(row["gated"]), row["scale"], row["mixed"]) == (True, 1.0, "auto")
    assert pd.isna(row["gone"])


def test_the_file_gives_back_the_same_table(tmp_path):
    write_members(STORED, FACTORS, tmp_path / "members.parquet")
    pd.testing.assert_frame_equal(
        read_study_table(tmp_path / "members.parquet").members, members_table(STORED, FACTORS), check_exact=True
    )


def test_the_file_gives_back_trials_and_rows_exactly(tmp_path):
    never_lives = Factor("optimizer.momentum")
    write_members(STORED, (*FACTORS, never_lives), tmp_path / "members.parquet")
    read = read_study_table(tmp_path / "members.parquet").stored()
    assert read == STORED
    kinds = [[type(entry) for entry in row.values()] for _, rows in read.values() for row in rows]
    assert kinds == [[type(entry) for entry in row.values()] for n in read for row in STORED[n][1]]


def test_a_study_without_trials_has_an_empty_table(tmp_path):
    write_members({}, FACTORS, tmp_path / "members.parquet")
    assert read_study_table(tmp_path / "members.parquet").members.empty
    assert read_study_table(tmp_path / "members.parquet").stored() == {}
