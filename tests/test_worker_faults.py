"""A whole study while its workers are stopped, killed or out of memory, and signals to a real one: slow."""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import chdir
from pathlib import Path

import pandas as pd
import pytest
from support.command import command, in_process
from support.items import wait_until

import gradstudy
from gradstudy.stopping import STOPPING
from gradstudy.tracking.store import Mlflow, connect

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads the list of processes from /proc"),
]

SMALL = [
    *("+study=rnn_clip", "budget.trials=32", "budget.seeds=2", "budget.steps=100", "task.length=20", "model.width=8"),
    *("confirm.cures=0", "analysis.draws=32"),
]
WORKERS = [*SMALL, "execution.workers=2", "execution.cohort_size=4"]


@pytest.fixture
def study(tmp_path):
    """Starts a study in a folder of its own, and ends what is left of it."""
    started = []

    def start(*overrides, before=()):
        with open(tmp_path / "said", "w", encoding="utf-8") as said:
            words = [*before, *command(overrides)]
            own = {"cwd": tmp_path, "start_new_session": True, "stdout": said, "stderr": subprocess.STDOUT}
            started.append(subprocess.Popen(words, **own))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def workers_of(driver):
    """The processes of this launch that train: children of its fork server."""
    return [pid for pid in _descendants(driver.pid) if _parent(_parent(pid)) == driver.pid]


def _descendants(pid):
    everybody = [int(one.name) for one in Path("/proc").iterdir() if one.name.isdigit()]
    return [one for one in everybody if pid in (_parent(one), _parent(_parent(one)))]


def _parent(pid):
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError):
        return 0


def stored(folder):
    return len(list(folder.glob("mlruns/*/*/artifacts/trial_*.parquet")))


def members(folder):
    with chdir(folder):
        run = gradstudy.load_study("rnn_clip")
        assert not run.failed
        return run.members


def assert_whole(driver, folder, tmp_path_factory):
    """It ends well, and with the members of a study that nobody disturbed."""
    assert driver.wait(300) == 0, (folder / "said").read_text()
    undisturbed = tmp_path_factory.mktemp("undisturbed")
    assert in_process([*SMALL, "execution=inline"], undisturbed).code == 0
    pd.testing.assert_frame_equal(members(folder), members(undisturbed), check_exact=True)


def test_a_storm_of_kills_of_its_workers_loses_nothing(study, tmp_path, tmp_path_factory):
    driver, moments = study(*WORKERS), random.Random(7)
    wait_until(lambda: stored(tmp_path) > 2)
    for _ in range(6):
        time.sleep(moments.uniform(0.2, 1.5))
        if found := workers_of(driver):
            os.kill(moments.choice(found), signal.SIGKILL)
    assert_whole(driver, tmp_path, tmp_path_factory)


def test_a_worker_that_is_stopped_is_given_up_and_its_cohort_trained_by_another(study, tmp_path, tmp_path_factory):
    driver = study(*WORKERS, "execution.timeout=3")
    wait_until(lambda: stored(tmp_path) > 2)
    os.kill(workers_of(driver)[0], signal.SIGSTOP)
    assert_whole(driver, tmp_path, tmp_path_factory)


@pytest.mark.parametrize("number", STOPPING, ids=lambda number: number.name)
def test_a_signal_to_all_of_its_processes_stops_it_and_it_goes_on(study, tmp_path, tmp_path_factory, number):
    driver = study(*WORKERS)
    wait_until(lambda: stored(tmp_path) > 2)
    left = [driver.pid, *_descendants(driver.pid)]
    os.killpg(driver.pid, number)
    assert driver.wait(60) == 128 + number
    said = (tmp_path / "said").read_text()
    assert "Everything finished so far is stored; go on with: python -m gradstudy +study=rnn_clip" in said
    assert "leaked" not in said
    assert "Traceback" not in said
    wait_until(lambda: not [pid for pid in left if Path(f"/proc/{pid}/cmdline").is_file() and _runs(pid)])
    with chdir(tmp_path):
        client = connect(Mlflow())
        statuses = {run.info.status for run in client.search_runs(["1"])}
    assert statuses == {"KILLED", "FINISHED"}
    assert_whole(study(*WORKERS), tmp_path, tmp_path_factory)


def _runs(pid):
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())  # a zombie has none
    except OSError:
        return False


def test_a_terminal_that_is_closed_stops_it_without_a_word_too_many(tmp_path):
    import pty

    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        os.execv(sys.executable, command(WORKERS))
    while stored(tmp_path) < 3:
        os.read(terminal, 65536)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 128 + signal.SIGHUP
    assert members(tmp_path)["trial"].nunique() >= 3


@pytest.fixture
def little_memory():
    """What starts a command with so much memory as the system's own killer grants, in bytes."""
    v1, v2 = Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")
    home, limit = (v1, "memory.limit_in_bytes") if v1.is_dir() else (v2, "memory.max")
    group = home / f"gradstudy-{os.getpid()}"
    try:
        group.mkdir()
        (group / limit).write_text(str(1_400 * 2**20))
    except OSError:
        pytest.skip("nobody but root, and not everywhere, may make control groups of memory")
    yield ["sh", "-c", f'echo $$ > {group}/cgroup.procs; exec "$@"', "sh"]
    wait_until(lambda: not (group / "cgroup.procs").read_text())
    group.rmdir()


def test_what_the_system_kills_for_its_memory_is_halved_until_it_fits(study, tmp_path, little_memory):
    wide = ["+study=rnn_clip", "model.width=256", "execution.cohort_size=128", "execution.workers=2"]
    short = ["budget.trials=32", "budget.steps=20", "confirm.cures=0", "analysis.draws=32"]
    driver = study(*wide, *short, before=little_memory)
    assert driver.wait(600) == 0, (tmp_path / "said").read_text()
    assert members(tmp_path)["trial"].nunique() == 32
