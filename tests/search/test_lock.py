"""One driver per study: the second is told who the first is, and a killed one leaves nothing locked."""

import os
import signal
import socket
import subprocess
import sys

import pytest

from gradstudy.errors import InputError
from gradstudy.search.storage import HOLDER, study_lock

HOLD = """
import sys, time
from pathlib import Path
from gradstudy.search.storage import study_lock
with study_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def first_driver(tmp_path):
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_driver_is_refused_naming_the_first(first_driver, tmp_path):
    named = rf"process {first_driver.pid} on {socket.gethostname()} since 2\d\d\d-"
    with pytest.raises(InputError, match=named), study_lock(tmp_path):
        pytest.fail("two drivers at once")


def test_a_killed_driver_leaves_no_lock_behind(first_driver, tmp_path):
    first_driver.send_signal(signal.SIGKILL)
    first_driver.wait()
    assert (tmp_path / HOLDER).exists()
    with study_lock(tmp_path):
        assert f'"pid": {os.getpid()},' in (tmp_path / HOLDER).read_text()


def test_the_same_process_may_not_hold_a_study_twice(tmp_path):
    with study_lock(tmp_path), pytest.raises(InputError, match=f"process {os.getpid()} "), study_lock(tmp_path):
        pytest.fail("two drivers at once")


def test_an_ended_driver_frees_the_study_even_when_it_failed(tmp_path):
    with pytest.raises(RuntimeError, match="training"), study_lock(tmp_path):
        raise RuntimeError("training")
    assert not (tmp_path / HOLDER).exists()
    with study_lock(tmp_path):
        pass


@pytest.mark.parametrize("content", [None, "", "{", "[]", '{"pid": 1}'])
def test_an_unreadable_holder_is_another_process(tmp_path, content):
    with study_lock(tmp_path):
        (tmp_path / HOLDER).unlink()
        if content is not None:
            (tmp_path / HOLDER).write_text(content)
        with pytest.raises(InputError, match="by another process"), study_lock(tmp_path):
            pytest.fail("two drivers at once")


def test_two_studies_run_side_by_side(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with study_lock(tmp_path / "a"), study_lock(tmp_path / "b"):
        assert (tmp_path / "a" / HOLDER).exists()
        assert (tmp_path / "b" / HOLDER).exists()
