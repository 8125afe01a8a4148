"""The main job at a tiny budget, from the command line: run, report, plan, trial, list; killed and continued."""

import shutil
import signal
import subprocess
import time
from contextlib import chdir
from pathlib import Path
from unittest.mock import Mock

import pandas as pd
import pytest
from mlflow import MlflowClient
from support.command import command, in_process, in_shell

import gradstudy

TINY = [
    *("+study=rnn_clip", "budget.trials=12", "budget.seeds=2", "budget.steps=5", "task.length=10", "model.width=8"),
    *("analysis.draws=32", "confirm.cures=0"),
]
INLINE = [*TINY, "execution=inline"]
UNTRAINED = [
    *("+study=rnn_clip", "budget.trials=8", "budget.seeds=1", "budget.steps=0", "task.length=8", "model.width=4"),
    "execution=inline",
]
LONG = [*TINY, "budget.trials=128", "budget.seeds=4", "budget.steps=100", "execution.cohort_size=4"]
"""Trains for half a minute, in cohorts that end after half a second."""


def run(arguments, folder, code=0, by=in_process):
    done = by(arguments, folder)
    assert done.code == code, done
    assert "Traceback" not in done.message
    return done.page


def findings(page):
    """What a report found, without the progress lines before it and the addresses behind it."""
    return page[page.index("What makes") : page.index("stored in")]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The folder of a study that a shell ran with worker processes, and its last page."""
    folder = tmp_path_factory.mktemp("undisturbed")
    return folder, run(TINY, folder, by=in_shell)


@pytest.fixture
def stored(undisturbed, monkeypatch):
    """That study read back, where it lies."""
    monkeypatch.chdir(undisturbed[0])
    return gradstudy.load_study("rnn_clip")


def members(folder):
    with chdir(folder):
        return gradstudy.load_study("rnn_clip").members


def test_a_study_prints_two_rankings_and_where_everything_is(undisturbed):
    _, page = undisturbed
    for words in ("vanish", "explode", "init.gain", "activation", "dummy", "healthy", "mlflow ui", "12/12"):
        assert words in page
    assert "\x1b" not in page


def test_a_finished_study_keeps_its_report_and_every_trial_a_figure(undisturbed, stored):
    folder, page = undisturbed
    report = stored.report
    assert report in page
    html = Path(report).read_text(encoding="utf-8")
    assert "Does clipping keep a recurrent network from exploding" in html
    assert html.rstrip().endswith("</html>")
    beside = {path.relative_to(Path(report).parent).as_posix() for path in Path(report).parent.rglob("*.*")}
    assert {"figures/ranking_vanishing.png", "figures/theory.png", "ranking/exploding.csv"} <= beside
    assert len(list(folder.glob("mlruns/*/*/artifacts/figures/flow.svg"))) == 12


def test_a_report_is_written_where_a_person_wants_it_under_other_settings_too(undisturbed, tmp_path):
    folder, _ = undisturbed
    mine = tmp_path / "mine.html"
    page = run([*TINY, "mode=report", f"report={mine}", "analysis.responses=[clipped]"], folder)
    assert str(mine) in page
    assert "artifacts/report.html" not in page
    html = mine.read_text(encoding="utf-8")
    assert "What makes clipping engage?" in html
    assert "What makes gradients vanish?" not in html


def test_the_stored_runs_are_ranked_again_without_training(undisturbed):
    folder, page = undisturbed
    assert findings(run([*TINY, "mode=report"], folder)) == findings(page)


@pytest.mark.parametrize("journal", ["kept", "lost"])
def test_running_a_finished_study_again_trains_nothing_and_says_the_same(undisturbed, tmp_path, journal):
    folder, page = undisturbed
    elsewhere = [f"tracking.uri=sqlite:///{folder}/mlflow.db"]
    again = run(INLINE, folder) if journal == "kept" else run([*INLINE, *elsewhere], tmp_path)
    assert findings(again) == findings(page)
    assert "members/s" not in again


def test_an_extended_study_keeps_its_trials_and_adds_to_them(tmp_path):
    tiny = [given for given in INLINE if "trials" not in given]
    run([*tiny, "budget.trials=8"], tmp_path)
    before = members(tmp_path)
    assert "12/12 trials" in run([*tiny, "budget.trials=12"], tmp_path)
    after = members(tmp_path)
    pd.testing.assert_frame_equal(after[after["trial"] < 8], before, check_exact=True)
    assert after["trial"].nunique() == 12
    shutil.rmtree(tmp_path / ".gradstudy")  # asked in one block, its trials would be others
    assert "members/s" not in run([*tiny, "budget.trials=12"], tmp_path)
    pd.testing.assert_frame_equal(members(tmp_path), after, check_exact=True)


def test_other_thresholds_are_applied_to_the_stored_record(stored):
    strict = gradstudy.load_study("rnn_clip", ["analysis.cap=0.5", "analysis.vanishing=0.1", "analysis.exploding=0.1"])
    assert strict.members["vanishing"].max() == 0.5
    pd.testing.assert_series_equal(strict.members["vanishing"], stored.members["vanishing"].clip(upper=0.5))
    assert (strict.members["verdict"] == "vanishing").sum() >= (stored.members["verdict"] == "vanishing").sum()


def test_the_python_interface_reads_what_the_command_stored(stored):
    assert len(stored.trials) == 12
    assert len(stored.members) == 24
    gradients = stored.gradients(trial=3, quantity="signal", step=0)
    assert list(gradients.columns) == ["trial", "seed", "step", "quantity", "place", "value"]
    assert sorted(gradients["place"].astype(str).unique()) == [f"time_{t:03d}" for t in range(1, 11)]
    ranking = stored.rank("vanishing")
    assert set(ranking.table["factor"]) == {factor.name for factor in stored.info.factors}
    assert "init.gain" in ranking._repr_html_()


def test_a_report_that_was_asked_for_is_written_also_when_mlflow_does_not_take_it(workplace, monkeypatch):
    monkeypatch.setattr("gradstudy.study.publish", Mock(side_effect=gradstudy.TrackingAway("MLflow is away")))
    with pytest.raises(gradstudy.TrackingAway, match="MLflow is away"):
        gradstudy.run_study([*UNTRAINED, "report=mine.html"])
    assert (workplace / "mine.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_what_theory_says_is_stored_beside_what_was_measured(undisturbed, stored):
    trials = stored.trials.set_index("trial")
    assert (trials["gain_init_theory"].isna() == (trials["init"] == "identity")).all()
    assert stored.members.groupby("trial")["gain_init_theory"].nunique().max() == 1
    found = stored.theory()
    assert found.predicted == trials["gain_init_theory"].notna().sum() > 0
    assert found.r2 > 0.8
    (picture,) = undisturbed[0].glob("mlruns/*/*/artifacts/figures/theory.png")
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_what_the_instrument_cost_is_a_metric_of_every_trial_and_of_the_study(undisturbed):
    folder, _ = undisturbed
    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    runs = client.search_runs([client.get_experiment_by_name("rnn_clip").experiment_id])
    assert len(runs) == 13
    for run in runs:
        shares = [run.data.metrics[f"cost/{part}_share"] for part in ("recorder", "probes")]
        assert min(shares) > 0
        assert sum(shares) < 1


def test_a_study_of_which_theory_says_nothing_has_no_picture(workplace):
    silent = gradstudy.run_study([*UNTRAINED, "model=lstm"])
    assert silent.trials["gain_init_theory"].isna().all()
    assert not list(workplace.rglob("theory.png"))
    with pytest.raises(gradstudy.InputError, match="got none in 8 trials"):
        silent.theory()


def test_a_stored_trial_runs_again_from_its_overrides_bit_for_bit(stored):
    again, before = (
        gradients.astype({"quantity": str, "place": str}).sort_values(
            ["seed", "step", "quantity", "place"], ignore_index=True
        )
        for gradients in (gradstudy.measure(stored.overrides(5)).gradients(), stored.gradients(trial=5))
    )
    pd.testing.assert_frame_equal(again, before, check_exact=True)


def test_a_plan_writes_nothing(tmp_path):
    page = run([*TINY, "mode=plan"], tmp_path)
    assert "12 trials x 2 seeds = 24 members" in page
    assert not list(tmp_path.iterdir())


def test_one_trial_shows_its_flow_and_writes_nothing(tmp_path):
    page = run(["mode=trial", "activation=relu", "init=orthogonal", "init.gain=0.5", "budget.steps=3"], tmp_path)
    assert "time_001" in page
    assert "time_050" in page
    assert not list(tmp_path.iterdir())


def test_without_a_study_the_studies_are_listed(tmp_path):
    page = run([], tmp_path, by=in_shell)
    assert "rnn_clip" in page
    assert "Does clipping keep" in page
    assert "python -m gradstudy +study=" in page
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("folder", "flags"), [("studies", []), ("mine/study", ["--config-dir", "mine"])])
def test_a_persons_own_study_lists_and_runs(tmp_path, folder, flags):
    (tmp_path / folder).mkdir(parents=True)
    space = "{activation: 'choice(tanh, relu)', init.gain: 'interval(0.5, 1)'}"
    text = f"question: Mine?\nspace: {space}\nbudget: {{trials: 4}}\n"
    (tmp_path / folder / "mine.yaml").write_text(text)
    assert "Mine?" in run(flags, tmp_path)
    assert "4 trials x 1 seeds" in run(
        [*flags, "+study=mine", "mode=plan", "budget.seeds=1", "budget.steps=0"], tmp_path
    )


def test_hydras_own_flags_work(tmp_path):
    assert "clipping: adaptive, none, norm, value" in run(["--help"], tmp_path, by=in_shell)
    varied = ["+study=rnn_clip", "space.activation=choice(tanh,identity)", "~space.optimizer"]
    job = run([*varied, "--cfg", "job"], tmp_path, by=in_shell)
    assert "activation: choice(tanh,identity)" in job
    assert not list(tmp_path.iterdir())


def test_several_launches_run_one_after_the_other(tmp_path):
    page = run(["-m", "mode=plan", "budget.trials=4,6", *(t for t in TINY if "trials" not in t)], tmp_path, by=in_shell)
    assert "4 trials x 2 seeds" in page
    assert "6 trials x 2 seeds" in page


@pytest.mark.parametrize("moment", ["journal.log", pytest.param("spool/trial*", marks=pytest.mark.slow)])
def test_a_killed_driver_is_continued_with_the_same_ranking_bit_for_bit(undisturbed, tmp_path, moment):
    folder, page = undisturbed
    driver = start([*TINY, "execution.cohort_size=4"], tmp_path)
    wait_for(driver, tmp_path, moment)
    time.sleep(0.1)
    driver.kill()
    driver.communicate()
    assert findings(run(INLINE, tmp_path)) == findings(page)
    pd.testing.assert_frame_equal(members(tmp_path), members(folder), check_exact=True)


def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(tmp_path):
    driver = start(LONG, tmp_path)
    wait_for(driver, tmp_path, "spool/trial*")
    driver.send_signal(signal.SIGINT)
    _, message = driver.communicate(timeout=60)
    assert driver.returncode == 130
    assert "Everything finished so far is stored" in message
    assert "Traceback" not in message
    assert "go on with: python -m gradstudy +study=rnn_clip" in message


def test_a_second_driver_on_the_same_study_is_refused_and_told_of_the_first(tmp_path):
    """In the same folder, and in another one on the same store."""
    driver = start(LONG, tmp_path)
    wait_for(driver, tmp_path, "spool/trial*")
    (tmp_path / "elsewhere").mkdir()
    try:
        refused = [
            in_process(LONG, tmp_path),
            in_process([*LONG, f"tracking.uri=sqlite:///{tmp_path}/mlflow.db"], tmp_path / "elsewhere"),
        ]
    finally:
        driver.kill()
        driver.communicate()
    for second in refused:
        assert (second.code, f"process {driver.pid} on" in second.message) == (2, True)
        assert "Wait for it to end, or stop it and give the same command again." in second.message
    assert "mlflow.db is being run by" in refused[1].message


@pytest.mark.slow
def test_what_a_server_that_is_away_did_not_take_waits_and_is_sent_later(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    away = run([*INLINE, "tracking.uri=http://127.0.0.1:9"], tmp_path, code=3, by=in_shell)
    assert "12/12 trials" in away
    again = run(INLINE, tmp_path)
    assert "members/s" not in again
    assert "12 trials" in again


def start(arguments, folder):
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command(arguments), cwd=folder, start_new_session=True, **pipes)


def wait_for(driver, folder, name):
    """Until the study's own folder holds such a file."""
    deadline = time.monotonic() + 120
    while not list(folder.glob(f".gradstudy/*/{name}")):
        assert driver.poll() is None, driver.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_launch_in_python_equals_the_command(undisturbed, workplace):
    pd.testing.assert_frame_equal(gradstudy.run_study(INLINE).members, members(undisturbed[0]), check_exact=True)
