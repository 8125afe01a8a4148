"""Executors: one contract, whoever runs the cohorts and whatever dies meanwhile."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gradstudy.execution.inline import Inline
from gradstudy.execution.processes import Processes

EXECUTORS = {"inline": Inline(), "one process": Processes(workers=1), "two processes": Processes(workers=2)}


def square(number):
    return number * number


def die_once(marker):
    """Kills its own worker the first time it is asked, as the system does when memory runs out."""
    if not marker.exists():
        marker.write_text("")
        os.kill(os.getpid(), signal.SIGKILL)
    return "alive"


def die(_):
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("name", EXECUTORS)
def test_every_item_comes_back_once_under_its_own_index(name):
    with EXECUTORS[name].start(["cpu"]) as runner:
        results = dict(runner(square, [3, 1, 2]))
    assert results == {0: 9, 1: 1, 2: 4}


def test_what_a_dead_worker_was_doing_is_done_again(tmp_path):
    markers = [tmp_path / "first", tmp_path / "second"]
    markers[1].write_text("")
    with Processes(workers=1).start(["cpu"]) as runner:
        assert dict(runner(die_once, markers)) == {0: "alive", 1: "alive"}


def test_workers_that_keep_dying_end_the_study_in_words():
    with Processes(workers=1).start(["cpu"]) as runner, pytest.raises(RuntimeError, match="smaller cohorts"):
        list(runner(die, [0]))


def test_one_worker_per_core_or_per_gpu():
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert Processes().count(["cpu"]) == cores
    assert Processes().count(["cuda:0", "cuda:1", "cuda:2"]) == 3
    assert Processes(workers=5).count(["cpu"]) == 5


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads the list of processes from /proc")
def test_workers_do_not_outlive_a_killed_driver(tmp_path):
    """The driver below hangs in a worker's task until it is killed; its workers must be gone soon after."""
    script = tmp_path / "driver.py"
    script.write_text(
        "import os, time\n"
        "from gradstudy.execution.processes import Processes\n"
        "def report(path):\n    open(path, 'w').write(str(os.getpid()))\n    time.sleep(60)\n"
        "if __name__ == '__main__':\n"
        "    with Processes(workers=1).start(['cpu']) as runner:\n        list(runner(report, ['worker.pid']))\n"
    )
    driver = subprocess.Popen([sys.executable, script], cwd=tmp_path)
    pid = tmp_path / "worker.pid"
    wait_until(lambda: pid.exists() and pid.read_text())
    driver.kill()
    driver.wait()
    wait_until(lambda: not Path(f"/proc/{pid.read_text()}").exists())


def wait_until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
