"""Two drivers of one study from two folders, at once, on one store: one runs it, and the other is told who does.

Slow, as each driver is a process of its own; `tests/locking` goes through every order of their steps in no time.
"""

import os
import random
import subprocess
import time
from collections import Counter
from contextlib import chdir
from pathlib import Path

import optuna
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.entities import ViewType
from support.command import command, in_shell

import gradstudy
from gradstudy.search.storage import open_storage
from gradstudy.tracking.runs import KIND, STUDY, TRIAL

TINY = [
    *("+study=rnn_clip", "budget.trials=16", "budget.seeds=1", "budget.steps=2", "task.length=8", "model.width=4"),
    *("confirm.cures=0", "analysis.draws=32", "execution=inline"),
]
HUNT = ["search=tpe", "search.batch=4"]
STORMS = 10

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    """Gives the address of a new, empty database of a PostgreSQL server."""
    server = pytest.importorskip("pgserver").get_server(tmp_path_factory.mktemp("postgres"))
    numbers = iter(range(1000))

    def new():
        name = f"storm{next(numbers)}"
        server.psql(f"CREATE DATABASE {name};")
        return server.get_uri(name).replace("postgresql:", "postgresql+psycopg:")

    return new


def at_once(folder, *launches):
    """What launches that begin at the same moment print as their last word and end with, each in a folder of its own.

    And with a temporary folder of its own, as batch systems and containers give.
    """
    started = []
    for number, overrides in enumerate(launches):
        own = folder / f"driver_{number}"
        (own / "tmp").mkdir(parents=True)
        environment = {**os.environ, "TMPDIR": str(own / "tmp")}
        pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
        started.append(subprocess.Popen(command(overrides), cwd=own, env=environment, **pipes))
    ended = [(process.communicate(timeout=300)[1], process.returncode) for process in started]
    assert not [message for message, _ in ended if "Traceback" in message]
    return ended


def assert_one_ran_it(ended):
    """The other either came too late to be refused, and found all done, or was told who the first was."""
    codes = sorted(code for _, code in ended)
    assert codes in ([0, 0], [0, 2])
    for message, code in ended:
        assert code == 0 or "is being run by process" in message


def assert_stored_once(uri, trials=16):
    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name("rnn_clip")
    runs = client.search_runs([experiment.experiment_id], run_view_type=ViewType.ALL)
    assert sum(run.data.tags[KIND] == STUDY for run in runs) == 1
    numbers = Counter(int(run.data.tags[TRIAL]) for run in runs if run.data.tags[KIND] == TRIAL)
    assert numbers == Counter(range(trials))
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert not [tag for tag in experiment.tags if tag.startswith("driver")]


@pytest.mark.parametrize("storm", range(STORMS))
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_one_mlflow_store(tmp_path, request, kind, storm):
    uri = request.getfixturevalue("postgres")() if kind == "postgresql" else f"sqlite:///{tmp_path}/mlflow.db"
    assert_one_ran_it(at_once(tmp_path, *[[*TINY, f"tracking.uri={uri}"]] * 2))
    assert_stored_once(uri)


@pytest.mark.parametrize("storm", range(STORMS))
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_one_database_of_optuna(tmp_path, request, kind, storm):
    uri = request.getfixturevalue("postgres")() if kind == "postgresql" else f"sqlite:///{tmp_path}/trials.db"
    assert_one_ran_it(at_once(tmp_path, *[[*TINY, *HUNT, f"search.storage={uri}"]] * 2))
    storage = open_storage(uri, tmp_path)
    (name,) = optuna.get_all_study_names(storage)
    trials = optuna.load_study(study_name=name, storage=storage).trials
    storage.engine.dispose()
    assert len({repr(trial.params) for trial in trials}) == len(trials) == 16


@pytest.mark.parametrize("storm", range(STORMS))
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_first_launches_of_two_studies_on_a_store_that_does_not_exist_yet(tmp_path, request, kind, storm):
    uri = request.getfixturevalue("postgres")() if kind == "postgresql" else f"sqlite:///{tmp_path}/mlflow.db"
    studies = [[*TINY, f"tracking.uri={uri}", f"name=study_{one}"] for one in "ab"]
    assert [code for _, code in at_once(tmp_path, *studies)] == [0, 0]
    for one in "ab":
        assert len(gradstudy.load_study(f"study_{one}", [f"tracking.uri={uri}"]).trials) == 16


@pytest.mark.parametrize("storm", range(3))
def test_a_driver_that_is_killed_again_and_again_ends_with_the_undisturbed_study(tmp_path, storm):
    """At moments that a seed draws, from its first second on; nothing of it stays running, or twice."""
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    whole.mkdir()
    killed.mkdir()
    assert in_shell([*TINY, *HUNT], whole).code == 0
    moments = random.Random(storm)
    for _ in range(5):
        with (killed / "out").open("w") as out:
            driver = subprocess.Popen(command([*TINY, *HUNT]), cwd=killed, stdout=out, stderr=out)
            time.sleep(moments.uniform(2.0, 9.0))
            driver.kill()
            driver.wait()
    done = in_shell([*TINY, *HUNT], killed)
    assert (done.code, "Traceback" in done.message) == (0, False)
    found = []
    for folder in (whole, killed):
        with chdir(folder):
            found.append(gradstudy.load_study("rnn_clip").members)
    pd.testing.assert_frame_equal(*found, check_exact=True)
    client = MlflowClient(f"sqlite:///{Path(killed)}/mlflow.db")
    runs = client.search_runs([client.get_experiment_by_name("rnn_clip").experiment_id], run_view_type=ViewType.ALL)
    assert "RUNNING" not in {run.info.status for run in runs}
    alive = [run for run in runs if run.info.lifecycle_stage == "active" and run.data.tags[KIND] == TRIAL]
    assert Counter(int(run.data.tags[TRIAL]) for run in alive) == Counter(range(16))
