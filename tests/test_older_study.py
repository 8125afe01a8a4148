"""A study that was stored before a response existed: it is measured from the record, or missing with a word."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import gradstudy
from gradstudy.report.findings import findings_of
from gradstudy.report.html.page import report_page
from gradstudy.tracking.record_file import METADATA

NEW = "noise"
STUDY = [
    *("name=older", "model=mlp", "model.depth=3", "model.width=8", "budget.steps=4"),
    *("+space.activation=choice(tanh,relu)", "+space.lr.value=interval(0.001,0.1)", "budget.seeds=2"),
    "confirm.cures=0",
]


def study(*overrides, trials=12, task="random_signal"):
    return gradstudy.run_study([*STUDY, f"task={task}", f"budget.trials={trials}", *overrides])


def forget(folder: Path) -> None:
    """Stores everything again as a version would have that did not know the response."""
    for path in folder.rglob("members.parquet"):
        pq.write_table(pq.read_table(path).drop_columns([NEW]), path)
    for path in folder.rglob("trial_*.parquet"):
        table = pq.read_table(path)
        about = json.loads(table.schema.metadata[METADATA])
        about["rows"] = [{name: value for name, value in row.items() if name != NEW} for row in about["rows"]]
        pq.write_table(table.replace_schema_metadata({METADATA: json.dumps(about)}), path)


@pytest.fixture
def older(tmp_path, monkeypatch):
    """What the study measured, before its store forgets the response."""
    monkeypatch.chdir(tmp_path)
    measured = study().members
    forget(tmp_path)
    return measured


def test_a_response_that_an_older_study_lacks_is_measured_from_its_record_also_when_it_goes_on(older):
    run = gradstudy.load_study("older", [f"analysis.responses=[{NEW}]"])
    assert NEW not in run.stored.members
    pd.testing.assert_frame_equal(run.members[older.columns], older, check_exact=True)
    assert run.trials.set_index("trial")[NEW].to_dict() == older.groupby("trial")[NEW].median().to_dict()
    assert run.rank(NEW).trials == 12
    assert "left out" not in run.rank(NEW).note
    assert "What makes the gradient norm noisy?" in report_page(findings_of(run))

    longer = study(f"analysis.responses=[{NEW}]", trials=16)
    assert longer.info.fingerprint == run.info.fingerprint
    assert longer.stored.members.groupby("trial")[NEW].count().tolist() == [0] * 12 + [2] * 4
    assert longer.members[NEW].notna().all()
    known = longer.members[longer.members["trial"] < 12].reset_index(drop=True)
    pd.testing.assert_frame_equal(known[older.columns], older, check_exact=True)


def test_a_response_is_missing_with_a_word_where_the_record_is_gone(older, tmp_path):
    for gone, words in ((1, "1 trial is left out"), (12, "12 trials are left out")):
        for path in sorted(tmp_path.rglob("trial_*.parquet"), key=lambda path: path.name)[:gone]:
            path.unlink()
        run = gradstudy.load_study("older", [f"analysis.responses=[{NEW}]"])
        assert run.members[NEW].isna().tolist() == [True] * 2 * gone + [False] * 2 * (12 - gone)
        assert np.isfinite(run.members["vanishing"]).all()
        assert len(run.trials) == 12
        ranking = run.rank(NEW)
        assert ranking.trials == 12 - gone
        said = f"{words}: noise was not measured there, and no record is left to measure it from."
        assert said in ranking.note
        assert said in report_page(findings_of(run))
        assert said in ranking._repr_html_()
        assert "left out" not in run.rank("vanishing").note


def forget_outcomes(folder: Path) -> None:
    """Stores everything again as a version would have that measured `learned` in decades, and knew no baseline."""
    for path in folder.rglob("members.parquet"):
        table = pq.read_table(path).drop_columns(["outcome", "learned"])
        names = ["learned" if name == "loss_drop" else name for name in table.column_names]
        pq.write_table(table.rename_columns(names).replace_schema_metadata(table.schema.metadata), path)
    for path in folder.rglob("trial_*.parquet"):
        table = pq.read_table(path)
        about = json.loads(table.schema.metadata[METADATA])
        about["rows"] = [
            {
                "learned" if name == "loss_drop" else name: row[name]
                for name in row
                if name not in ("outcome", "learned")
            }
            for row in about["rows"]
        ]
        known = [not str(name).startswith("baseline") for name in table["quantity"].to_pylist()]
        pq.write_table(table.filter(known).replace_schema_metadata({METADATA: json.dumps(about)}), path)


def test_decades_that_an_older_study_calls_learned_are_its_drop_of_the_loss_and_nobody_is_called_stuck(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    measured = study(task="line").members
    assert set(measured["outcome"]) <= {"learned", "stuck"}
    forget_outcomes(tmp_path)
    run = gradstudy.load_study("older")
    pd.testing.assert_series_equal(run.members["loss_drop"], measured["loss_drop"], check_exact=True)
    assert run.members["learned"].isna().all()
    assert set(run.members["outcome"]) == {"untrained"}
    assert run.stored.result(0).rows[0]["loss_drop"] == measured["loss_drop"].iloc[0]
    assert run.rank("vanishing").trials == 12
    page = report_page(findings_of(run))
    assert "healthy but stuck" not in page
    assert "learned nothing" not in page
    assert run.cures == ()
    assert {one.verdict for one in run.prescribe()} <= {"vanishing", "exploding", "diverged"}
    assert run.prescribe(trial=0).note
