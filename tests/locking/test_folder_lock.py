"""One driver per study: the second is told who the first is, and a killed one leaves nothing locked."""

import errno
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from threading import Event
from unittest.mock import Mock

import pytest
from filelock import FileLock

from gradstudy.errors import InputError
from gradstudy.locking import folder_lock as folder_lock_module
from gradstudy.locking.folder_lock import HOLDER, LOCK, folder_lock
from gradstudy.locking.holder import Holder

HOLD = """
import sys, time
from pathlib import Path
from gradstudy.locking.folder_lock import folder_lock
with folder_lock(Path(sys.argv[1])):
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
    with pytest.raises(InputError, match=named), folder_lock(tmp_path):
        pytest.fail("two drivers at once")


def test_a_killed_driver_leaves_no_lock_behind(first_driver, tmp_path):
    first_driver.send_signal(signal.SIGKILL)
    first_driver.wait()
    assert (tmp_path / HOLDER).exists()
    with folder_lock(tmp_path):
        assert f'"pid": {os.getpid()},' in (tmp_path / HOLDER).read_text()


def test_the_same_process_may_not_hold_a_study_twice(tmp_path):
    with folder_lock(tmp_path), pytest.raises(InputError, match=f"process {os.getpid()} "), folder_lock(tmp_path):
        pytest.fail("two drivers at once")


def test_an_ended_driver_frees_the_study_even_when_it_failed(tmp_path):
    with pytest.raises(RuntimeError, match="training"), folder_lock(tmp_path):
        raise RuntimeError("training")
    assert not (tmp_path / HOLDER).exists()
    with folder_lock(tmp_path):
        pass


@pytest.mark.parametrize("content", [None, "", "{", "[]", '{"pid": 1}'])
def test_an_unreadable_holder_is_another_process(tmp_path, content):
    with folder_lock(tmp_path):
        (tmp_path / HOLDER).unlink()
        if content is not None:
            (tmp_path / HOLDER).write_text(content)
        with pytest.raises(InputError, match="by another process"), folder_lock(tmp_path):
            pytest.fail("two drivers at once")


def test_two_studies_run_side_by_side(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with folder_lock(tmp_path / "a"), folder_lock(tmp_path / "b"):
        assert (tmp_path / "a" / HOLDER).exists()
        assert (tmp_path / "b" / HOLDER).exists()


def lay_folder(path):
    path.mkdir()


def lay_link(path):
    path.symlink_to("elsewhere")


@pytest.mark.parametrize(("lay", "fault"), [(lay_folder, "is a folder"), (lay_link, "is a link")])
def test_a_lock_that_is_no_file_is_told_and_left_alone(tmp_path, lay, fault):
    lay(tmp_path / LOCK)
    with pytest.raises(InputError, match=rf"driver\.lock, which must be a file.* but it {fault}\. Remove it"):
        folder_lock(tmp_path).__enter__()
    assert [path.name for path in tmp_path.iterdir()] == [LOCK]


def test_a_file_system_without_locks_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(FileLock, "acquire", Mock(side_effect=OSError(errno.ENOLCK, "No locks available")))
    with pytest.raises(InputError, match="cannot be locked: No locks available"):
        folder_lock(tmp_path).__enter__()


def test_a_stranger_that_holds_the_lock_is_named_and_not_waited_for(tmp_path):
    """Also where a driver that was killed says that it is there."""
    gone = replace(Holder.here(), started="0")
    (tmp_path / HOLDER).write_text(json.dumps(gone.to_json()))
    with (tmp_path / LOCK).open("w") as stranger:
        fcntl.flock(stranger, fcntl.LOCK_EX)
        with pytest.raises(InputError, match=rf"by another process, {os.getpid()} \("):
            folder_lock(tmp_path).__enter__()


def test_a_drive_that_does_not_answer_is_not_waited_for(tmp_path, monkeypatch):
    answers = Event()
    monkeypatch.setattr(folder_lock_module, "DRIVE_ANSWERS", 0.05)
    monkeypatch.setattr(FileLock, "acquire", lambda self, timeout: answers.wait(20))
    with pytest.raises(InputError, match=r"cannot be locked: its drive did not answer for 0\.05 s"):
        folder_lock(tmp_path).__enter__()
    answers.set()
