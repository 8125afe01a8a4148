"""The contract of executors, whoever runs the cohorts and whatever dies meanwhile: every option of conf/execution."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from support.enrolled import changed, option_part, options
from support.items import (
    Unknown,
    beat,
    beat_slowly,
    end,
    fail,
    gpu_of_two,
    refuse,
    run_out,
    square,
    stop_in_the_middle,
    wait_for,
    wait_until,
)

from gradstudy.errors import InputError
from gradstudy.execution.executor import Lost
from gradstudy.execution.processes import Processes
from gradstudy.training.device import Device

EXECUTORS = list(
    dict.fromkeys(changed(option_part("execution", o), {"workers": n}) for o in options("execution") for n in (1, 2))
)
OF_PROCESSES = [executor for executor in EXECUTORS if executor.outlives_workers]
CPU = ["cpu"]

every_executor = pytest.mark.parametrize("executor", EXECUTORS, ids=repr)
every_one_of_processes = pytest.mark.parametrize("executor", OF_PROCESSES, ids=repr)


def one_of_each(executors):
    """Of tests that start a driver each, those with a single worker process are slow ones."""
    single = [executor.outlives_workers and executor.workers == 1 for executor in executors]
    each = zip(executors, single, strict=True)
    marked = [pytest.param(one, marks=pytest.mark.slow) if slow else one for one, slow in each]
    return pytest.mark.parametrize("executor", marked, ids=repr)


@every_executor
def test_every_item_comes_back_once_under_its_own_index(executor):
    with executor.start(CPU) as runner:
        assert dict(runner(square, [3, 1, 2])) == {0: 9, 1: 1, 2: 4}
        assert sorted(runner(square, [2, 2])) == [(0, 4), (1, 4)]
        assert list(runner(square, [])) == []


@every_executor
def test_a_result_is_handed_out_before_all_are_there(executor, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    first.touch()
    with executor.start(CPU) as runner:
        results = runner(wait_for, [first, second])
        assert next(results) == (0, "first")
        second.touch()
        assert list(results) == [(1, "second")]


@every_one_of_processes
def test_workers_begin_before_a_result_is_asked_for(executor, tmp_path):
    items = [tmp_path / "a.endless"]
    with executor.start(CPU) as runner:
        _results = runner(beat, items)
        wait_until(items[0].exists)


@every_executor
def test_an_exception_passes_unchanged_and_nothing_is_tried_again(executor, tmp_path):
    log = tmp_path / "log"
    with executor.start(CPU) as runner:
        with pytest.raises(InputError) as refusal:
            list(runner(refuse, [log]))
        assert dict(runner(square, [3])) == {0: 9}
    assert type(refusal.value) is InputError
    assert str(refusal.value) == "Too wide: lower model.width."
    assert log.read_text() == "tried\n"


@every_executor
def test_an_iterator_that_is_closed_leaves_no_work_running(executor, tmp_path):
    items = [tmp_path / "done", tmp_path / "a.endless", tmp_path / "b.endless"]
    with executor.start(CPU) as runner:
        results = runner(beat, items)
        assert next(results)[0] == 0
        results.close()
        assert_still(items)
        assert dict(runner(square, [3])) == {0: 9}


@every_executor
def test_at_least_one_item_is_under_way_at_a_time_and_a_cohort_has_any_number(executor):
    devices = executor.devices(Device("cpu"))
    assert devices == ("cpu",)
    assert executor.count(devices) >= 1
    assert executor.cohort_size >= 0


@every_executor
def test_a_device_that_this_machine_does_not_have_is_refused_before_anything_runs(executor, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert executor.devices(Device("auto")) == ("cuda:0",)
    with pytest.raises(InputError, match=r"device.name=cpu"):
        executor.devices(Device("cuda:1"))


@every_executor
def test_an_item_that_raises_is_lost_with_the_lines_that_led_there_and_nothing_is_tried_again(executor, tmp_path):
    log = tmp_path / "log"
    with executor.start(CPU) as runner:
        outcomes = dict(runner(fail, [log, 3, 1]))
    assert (outcomes[1], outcomes[2]) == ("well", "well")
    first, *lines = outcomes[0].reason.splitlines()
    assert first == "ValueError: math domain error"
    assert [line.partition(", in ")[2] for line in lines] == ["fail: return math.sqrt(-1)"]
    assert (outcomes[0].by_accident, outcomes[0].memory) == (False, False)
    assert log.read_text() == "tried\n"


@every_executor
@pytest.mark.parametrize("words", [None, "std::bad_alloc", "[enforce fail] DefaultCPUAllocator: can't allocate memory"])
def test_an_item_that_runs_out_of_memory_is_known(executor, words):
    with executor.start(CPU) as runner:
        assert dict(runner(run_out, [words]))[0].memory


@every_one_of_processes
@pytest.mark.parametrize(
    ("how", "words", "memory"),
    [
        (-signal.SIGKILL, "killed (signal 9): the machine may be out of memory", True),
        (-signal.SIGSEGV, "crashed in compiled code (signal 11, SIGSEGV)", False),
        (3, "ended its worker with exit code 3", False),
    ],
)
def test_what_a_dead_worker_was_doing_is_lost_with_how_it_died_and_nothing_else_is(executor, how, words, memory):
    with executor.start(CPU) as runner:
        outcomes = dict(runner(end, ["alive", how, "alive", "alive"]))
    assert outcomes.pop(1) == Lost(words, by_accident=True, memory=memory)
    assert outcomes == {0: "alive", 2: "alive", 3: "alive"}


@every_one_of_processes
def test_a_worker_that_gives_no_sign_of_life_is_given_up_and_one_that_is_slow_is_not(executor):
    with changed(executor, {"timeout": 0.8}).start(CPU) as runner:
        (lost,) = dict(runner(stop_in_the_middle, [0])).values()
        assert "execution.timeout" in lost.reason
        assert lost.by_accident
        assert dict(runner(beat_slowly, [0.25])) == {0: "done"}


@every_one_of_processes
def test_what_no_other_process_can_have_is_refused_in_words(executor):
    with executor.start(CPU) as runner, pytest.raises(InputError, match="of this process alone"):
        list(runner(square, [Unknown()]))


def test_one_worker_per_core_or_per_gpu():
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert Processes().count(CPU) == cores
    assert Processes().count(["cuda:0", "cuda:1", "cuda:2"]) == 3
    assert Processes(per_gpu=2).count(["cuda:0", "cuda:1", "cuda:2"]) == 6
    assert Processes(workers=5).count(CPU) == 5


def test_two_workers_of_one_machine_have_a_gpu_each(workplace):
    with Processes(workers=2).start(["cuda:0", "cuda:1"]) as runner:
        assert sorted(gpu for _, gpu in runner(gpu_of_two, [0, 1])) == ["cuda:0", "cuda:1"]


DRIVER = """
import os, sys, time
from pathlib import Path
from gradstudy.stopping import caught, raising
from {module} import {name}

def report(path):
    Path(path).write_text(str(os.getpid()))
    time.sleep(60)

if __name__ == "__main__":
    try:
        with caught(), raising(), {executor!r}.start(["cpu"]) as runner:
            print(list(runner(report, ["worker.pid"])))
    except KeyboardInterrupt as stop:
        sys.exit(128 + stop.number)
"""


@pytest.fixture
def driver(executor, tmp_path):
    """A driver whose worker is in the middle of an item; and the file that names the worker's process."""
    script, pid = tmp_path / "driver.py", tmp_path / "worker.pid"
    script.write_text(DRIVER.format(module=type(executor).__module__, name=type(executor).__name__, executor=executor))
    own = {"cwd": tmp_path, "start_new_session": True, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, script], **own) as process:
        try:
            wait_until(lambda: process.poll() is not None or (pid.exists() and pid.read_text()))
            assert process.poll() is None, process.communicate()
            yield process, pid
        finally:
            process.kill()  # and waited for: one that nobody waits for is a warning, and fails whatever test runs then


needs_processes_to_look_at = pytest.mark.skipif(
    not Path("/proc").is_dir(), reason="reads the list of processes from /proc"
)


@needs_processes_to_look_at
@one_of_each(EXECUTORS)
@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_a_signal_to_the_whole_group_ends_the_driver_and_its_workers_and_nothing_is_left_behind(driver, number):
    process, pid = driver
    os.killpg(process.pid, number)
    assert process.communicate(timeout=60)[1] == ""
    assert process.returncode == 128 + number
    wait_until(lambda: not Path(f"/proc/{pid.read_text()}").exists())


@needs_processes_to_look_at
@one_of_each(OF_PROCESSES)
def test_workers_do_not_outlive_a_killed_driver(driver):
    process, pid = driver
    process.kill()
    process.wait()
    wait_until(lambda: not Path(f"/proc/{pid.read_text()}").exists())


def assert_still(paths):
    """Nobody writes to these files any more."""

    def written():
        return [path.read_text() for path in paths if path.exists()]

    def still():
        before = written()
        time.sleep(0.2)
        return written() == before

    wait_until(still, seconds=10)
