"""What is stored of a trial in MLflow: params and a command that run it again, tags, metrics, the record."""

import math
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest
from support.made_trials import make_info, make_result, make_shown

from gradstudy.configs.overrides import keys
from gradstudy.records import Trial
from gradstudy.tracking.record_file import read_rows, trial_file, write_trial
from gradstudy.tracking.runs import trial_runs
from gradstudy.tracking.store import connect
from gradstudy.tracking.study_run import StudyRun
from gradstudy.tracking.trial_run import trial_params
from gradstudy.words.command_words import trial_command

pytestmark = pytest.mark.usefixtures("workplace")


@pytest.fixture
def sent(store, name, tmp_path):
    """Sends a trial, and gives back the client and the trial's run."""

    def send(result, points=50):
        client = connect(store)
        study = StudyRun(client, make_info(name))
        record = tmp_path / trial_file(result.trial.number)
        write_trial(result, record)
        study.send(result, make_shown(result), record=record, points=points)
        return client, client.get_run(trial_runs(client, study.run)[0].info.run_id)

    return send


def test_a_trial_is_a_finished_run_also_when_it_diverged(sent, name):
    _, run = sent(make_result(12, verdicts=("diverged", "diverged", "healthy")))
    assert run.info.run_name == "trial 00012"
    assert run.info.status == "FINISHED"
    wanted = {"study": name, "fingerprint": "0123abcd", "trial": "12", "phase": "screen"}
    assert {**wanted, "verdict": "diverged", "outcome": "stuck"}.items() <= run.data.tags.items()


def test_a_hunted_trial_says_so_and_one_without_all_seeds_was_pruned(sent):
    whole, part = make_result(1), make_result(2, verdicts=("healthy", "healthy"))
    assert "pruned" not in sent(whole)[1].data.tags
    _, run = sent(replace(part, trial=replace(part.trial, phase="hunt")))
    assert {
        "phase": "hunt",
        "pruned": "true",
        "verdict": "healthy",
        "outcome": "learned",
    }.items() <= run.data.tags.items()


def test_params_are_the_overrides_and_metrics_are_finite(sent):
    result = make_result(1)
    _, run = sent(result)
    assert {f"{key}={value}" for key, value in run.data.params.items()} == set(result.trial.overrides)
    assert all(math.isfinite(value) and abs(value) < 1e300 for value in run.data.metrics.values())
    assert {"response/vanishing", "members/diverged", "loss/train", "signal/time_001"} <= run.data.metrics.keys()


def test_the_full_record_is_an_artifact(sent):
    result = make_result(5)
    client, run = sent(result)
    assert "trial_00005.parquet" in [entry.path for entry in client.list_artifacts(run.info.run_id)]
    assert read_rows(client.download_artifacts(run.info.run_id, "trial_00005.parquet"))[0] == result.trial


def test_what_a_person_sees_is_the_description_and_a_figure_and_mlflow_is_told_where_it_comes_from(sent):
    client, run = sent(make_result(7))
    assert run.data.tags["mlflow.note.content"] == "**trial 7**"
    assert [entry.path for entry in client.list_artifacts(run.info.run_id, "figures")] == ["figures/flow.svg"]
    assert Path(client.download_artifacts(run.info.run_id, "figures/flow.svg")).read_bytes() == b"<svg/>"
    assert run.data.tags["mlflow.source.name"] == "gradstudy"


def test_a_user_without_a_name_is_no_obstacle(sent, monkeypatch):
    monkeypatch.setattr("getpass.getuser", Mock(side_effect=KeyError("no such user")))
    _, run = sent(make_result(8))
    assert "mlflow.user" not in run.data.tags


def test_more_metrics_than_mlflow_takes_at_once_all_arrive(sent):
    client, run = sent(make_result(2, verdicts=("healthy",), steps=400), points=400)
    for key in ("loss/train", "norm/before_clipping", "norm/after_clipping"):
        assert len(client.get_metric_history(run.info.run_id, key)) == 400


def test_more_params_than_mlflow_takes_at_once_all_arrive(sent):
    plain = make_result(0)
    many = tuple(f"model.key_{number:03d}={number}" for number in range(230))
    _, run = sent(type(plain)(Trial(0, {}, many), plain.records, plain.rows))
    assert run.data.params == {override.partition("=")[0]: override.partition("=")[2] for override in many}


@pytest.mark.parametrize(
    ("launch", "start"),
    [
        ("python -m gradstudy +study=rnn_clip budget.trials=9", "python -m gradstudy +study=rnn_clip mode=trial"),
        (
            "python -m gradstudy --config-dir '/my studies' +study=own",
            "python -m gradstudy --config-dir '/my studies' +study=own mode=trial",
        ),
        ("python -m gradstudy --config-dir=/own +study=a", "python -m gradstudy --config-dir=/own +study=a mode=trial"),
        ("python -m gradstudy name=mine question=Don't", "python -m gradstudy mode=trial"),
    ],
)
def test_the_command_of_a_trial_names_its_study_and_its_overrides(launch, start):
    trial = Trial(0, {}, ("activation=tanh", 'task.label="a b"'))
    command = trial_command(make_info("any", command=launch), trial)
    assert command == f"""{start} activation=tanh 'task.label="a b"'"""


def test_a_param_has_the_key_that_the_override_sets():
    overrides = ("lr.value=0.1", '+init.extra="a=b"', "++model.width=8", "~regularization.dropout")
    params = trial_params(Trial(0, {}, overrides))
    assert list(params) == keys(overrides)
    assert params["init.extra"] == '"a=b"'
