"""Two drivers of one study from two folders, at once, on one store: one runs it, and the other is told who does.

Slow, as drivers are processes of their own; `tests/locking` goes through every order of their steps in no time.
"""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from contextlib import chdir
from itertools import count

import optuna
import pandas as pd
import pytest
from mlflow.entities import ViewType
from support.command import command, in_shell
from support.postgres import postgres_server
from support.racing_driver import STORMS, TRIALS

import gradstudy
from gradstudy.search.database_board import DatabaseBoard
from gradstudy.search.storage import open_storage
from gradstudy.tracking.runs import KIND, STUDY, TRIAL
from gradstudy.tracking.store import Mlflow, connect

TINY = [
    *("+study=rnn_clip", "budget.trials=16", "budget.seeds=1", "budget.steps=2", "task.length=8", "model.width=4"),
    *("confirm.cures=0", "analysis.draws=32", "execution=inline"),
]
HUNT = ["search=tpe", "search.batch=4"]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def postgres():
    """Gives the address of a new, empty database of a PostgreSQL server."""
    with postgres_server() as (server, _):
        numbers = count()

        def new():
            name = f"storm{next(numbers)}"
            server.psql(f"CREATE DATABASE {name};")
            return server.get_uri(name).replace("postgresql:", "postgresql+psycopg:")

        yield new


def processes(folder, *commands):
    """What processes that begin at the same moment print, and what they end with, each in folders of its own.

    Also a temporary folder of its own, as batch systems and containers give.
    """
    started = []
    for own, arguments in zip(folder, commands, strict=True):
        (own / "tmp").mkdir(parents=True)
        environment = {**os.environ, "TMPDIR": str(own / "tmp"), "PYTHONPATH": os.pathsep.join(sys.path)}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        started.append(subprocess.Popen(arguments, cwd=own, env=environment, **pipes))
    ended = []
    for process in started:
        page, message = process.communicate(timeout=300)
        assert "Traceback" not in message, message
        ended.append((page + message, process.returncode))
    return ended


def storms(tmp_path, kind, store):
    """Ten studies that two drivers begin at the same moment each: either runs each, or is told who does."""
    folders = tmp_path / "one", tmp_path / "two"
    racing = [sys.executable, "-m", "support.racing_driver", kind, store]
    ended = processes(folders, [*racing, *map(str, folders)], [*racing, *map(str, reversed(folders))])
    told = [page.splitlines() for page, code in ended if code == 0]
    for words in zip(*told, strict=True):
        assert "ran it" in words
        assert all(word == "ran it" or "is being run by process" in word for word in words)
    assert [len(words) for words in told] == [STORMS, STORMS]
    return sum(word != "ran it" for words in told for word in words)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(tmp_path, request):
    return request.getfixturevalue("postgres")() if request.param == "postgresql" else f"sqlite:///{tmp_path}/store.db"


def test_in_one_mlflow_store_no_trial_is_lost_or_doubled(tmp_path, store):
    assert storms(tmp_path, "tracking", store) > 0
    client = connect(Mlflow(store))
    for storm in range(STORMS):
        experiment = client.get_experiment_by_name(f"storm{storm}")
        runs = client.search_runs([experiment.experiment_id], run_view_type=ViewType.ALL)
        assert sum(run.data.tags[KIND] == STUDY for run in runs) == 1
        numbers = Counter(int(run.data.tags[TRIAL]) for run in runs if run.data.tags[KIND] == TRIAL)
        assert numbers == Counter(range(TRIALS))
        assert {run.info.status for run in runs} == {"FINISHED"}
        assert not [tag for tag in experiment.tags if tag.startswith("driver")]


def test_in_one_database_of_optuna_no_trial_is_lost_or_doubled(tmp_path, store):
    storms(tmp_path, "search", store)
    storage = open_storage(store, tmp_path)
    assert sorted(optuna.get_all_study_names(storage)) == sorted(f"storm{storm}" for storm in range(STORMS))
    for storm in range(STORMS):
        trials = optuna.load_study(study_name=f"storm{storm}", storage=storage).trials
        assert len({repr(trial.params) for trial in trials}) == len(trials) == TRIALS
        assert not DatabaseBoard(storage.engine, f"storm{storm}", "").claims()
    storage.engine.dispose()


def test_first_launches_of_two_studies_on_a_store_that_does_not_exist_yet(tmp_path, store):
    studies = [command([*TINY, f"tracking.uri={store}", f"name=study_{one}"]) for one in "ab"]
    ended = processes([tmp_path / "one", tmp_path / "two"], *studies)
    assert [code for _, code in ended] == [0, 0], ended
    for one in "ab":
        assert len(gradstudy.load_study(f"study_{one}", [f"tracking.uri={store}"]).trials) == 16


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
    client = connect(Mlflow(f"sqlite:///{killed}/mlflow.db"))
    runs = client.search_runs([client.get_experiment_by_name("rnn_clip").experiment_id], run_view_type=ViewType.ALL)
    assert "RUNNING" not in {run.info.status for run in runs}
    alive = [run for run in runs if run.info.lifecycle_stage == "active" and run.data.tags[KIND] == TRIAL]
    assert Counter(int(run.data.tags[TRIAL]) for run in alive) == Counter(range(16))
