"""A disk that takes nothing more: said with its folder, what is free and needed; nothing lost, and gone on with."""

import errno
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from support.command import in_process, in_shell

import gradstudy
from gradstudy import disk
from gradstudy.errors import InputError
from gradstudy.search.storage import JournalFileBackend
from gradstudy.tracking import record_file, spool

TINY = [
    *("name=tiny", "model=mlp", "model.depth=2", "model.width=4", "task=random_signal", "execution=inline"),
    *("+space.activation=choice(tanh,relu)", "+space.lr.value=interval(0.001,0.1)", "confirm.cures=0"),
    *("budget.trials=3", "budget.seeds=1", "budget.steps=2"),
]
LARGER = [*TINY, "budget.trials=10", "budget.steps=200"]
KINDS = {
    errno.ENOSPC: "no room left",
    errno.EDQUOT: "no room left",
    errno.EFBIG: "ulimit -f",
    errno.EROFS: "read-only",
    errno.EACCES: "permission denied",
    errno.EIO: "input/output error",
    errno.ENOENT: "is gone",
}


def failing(number, after=0):
    """What raises this error at its so-and-so-manieth call, and at every later one."""
    calls = iter(range(1000))

    def fail(*_, **__):
        if next(calls) >= after:
            raise OSError(number, os.strerror(number))

    return fail


def first(fail, call):
    def both(*arguments, **named):
        fail()
        return call(*arguments, **named)

    return both


def members(folder):
    os.chdir(folder)
    return gradstudy.load_study("tiny").members


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    assert in_process(TINY, folder).code == 0
    return folder


def assert_goes_on(undisturbed, folder, arguments=TINY):
    done = in_process(arguments, folder)
    assert done.code == 0, done
    pd.testing.assert_frame_equal(members(folder), members(undisturbed), check_exact=True)


def assert_told(done, code, *words):
    assert done.code == code, done
    assert "Traceback" not in done.message
    assert len(done.message.strip().splitlines()) == 1
    for word in words:
        assert word in done.message


@pytest.mark.parametrize("number", KINDS)
def test_why_a_disk_takes_nothing_more_is_a_sentence_with_the_folder(tmp_path, number):
    with pytest.raises(disk.Unwritten, match=re.escape(str(tmp_path))) as told, disk.writing(tmp_path):
        failing(number)()
    assert KINDS[number] in str(told.value)
    assert "the same command goes on" in str(told.value)


def test_what_is_free_and_what_is_needed_is_told():
    assert re.search(r"\(\d+(\.\d)? [kM]B free, some 3\.1 MB needed\)", disk.full_words(Path(), 3_100_000))
    assert "needed" not in disk.full_words(Path("nowhere"))
    with pytest.raises(InputError, match="Nothing was begun"):
        disk.check_room(Path(), 10**18)
    disk.check_room(Path("nowhere"), 10**18)  # nobody knows


def test_a_full_disk_is_found_behind_what_others_say_of_it():
    for full in (OSError(errno.EDQUOT, "quota"), ValueError("(sqlite3.OperationalError) database or disk is full")):
        outer = KeyError("elsewhere")
        outer.__cause__ = full
        assert disk.is_full(outer)
    assert not disk.is_full(OSError(errno.ENOENT, "no such file"))
    assert not disk.is_full(None)


SLOW = pytest.mark.slow
PLACES = {
    "spool": (3, "spool has no room left"),
    "journal at once": (2, "has no room left"),
    "journal later": (3, "has no room left"),
    "MLflow": (3, "cannot store more"),
    "report": (2, "could not be written"),
}


@pytest.mark.parametrize(
    "place", ["spool", "journal at once", *(pytest.param(one, marks=SLOW) for one in list(PLACES)[2:])]
)
def test_a_disk_that_is_full_somewhere_stops_with_a_sentence_and_the_same_command_goes_on(
    undisturbed, tmp_path, monkeypatch, place
):
    code, words = PLACES[place]
    full = failing(errno.ENOSPC, after=1 if place == "spool" else 4 if place == "journal later" else 0)
    report = f"report={tmp_path / 'page.html'}"
    with monkeypatch.context() as patch:
        if place == "spool":
            patch.setattr(spool, "write_trial", first(full, record_file.write_trial))
        elif place.startswith("journal"):
            patch.setattr(JournalFileBackend, "append_logs", first(full, JournalFileBackend.append_logs))
        elif place == "MLflow":
            patch.setattr("mlflow.MlflowClient.log_batch", full)
        else:
            patch.setattr("gradstudy.report.page_file.written_whole", full)
        assert_told(in_process([*TINY, report], tmp_path), code, words, str(tmp_path), "Make room there")
    assert not list(tmp_path.rglob("*.part"))
    if place == "report":  # but everything else is there
        assert list(tmp_path.glob("mlruns/*/*/artifacts/report.html"))
    assert_goes_on(undisturbed, tmp_path)


def test_where_there_is_no_room_for_a_new_store_nothing_is_begun(tmp_path, monkeypatch):
    monkeypatch.setattr(disk, "free_space", lambda folder: 300_000)
    assert_told(in_process(TINY, tmp_path), 2, "300 kB free, some 1.2 MB needed", "Nothing was begun")
    assert list(tmp_path.iterdir()) == []


def test_a_working_folder_that_is_removed_meanwhile_ends_the_study_with_a_sentence(tmp_path, monkeypatch):
    folder = tmp_path / "removed"
    folder.mkdir()
    calls = iter(range(1000))

    def remove():
        if next(calls):
            shutil.rmtree(folder, ignore_errors=True)

    monkeypatch.setattr(record_file, "written_whole", first(remove, record_file.written_whole))
    assert_told(in_process(TINY, folder), 3, "is gone", str(folder))


SIZES = (300, 600, 1000, 1400, 1700, 2000, 3000)


@pytest.fixture
def small_disk(tmp_path):
    """Makes a disk of so many kB, and another size of it later."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def sized(kilobytes, *more):
        return subprocess.run(
            ["mount", "-t", "tmpfs", "-o", ",".join([f"size={kilobytes}k", *more]), "tmpfs", str(folder)],
            capture_output=True,
            text=True,
            check=False,
        )

    if (refused := sized(SIZES[0])).returncode:
        pytest.skip(f"no tmpfs can be mounted here: {refused.stderr.strip()}")
    yield folder, lambda kilobytes: sized(kilobytes, "remount")
    subprocess.run(["umount", "-l", str(folder)], check=False)


@pytest.fixture(scope="module")
def larger(tmp_path_factory):
    folder = tmp_path_factory.mktemp("larger")
    assert in_shell(LARGER, folder).code == 0
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
def test_a_study_on_a_small_disk_goes_on_when_there_is_room(larger, small_disk, size):
    folder, resize = small_disk
    resize(size)
    done = in_shell(LARGER, folder)
    assert done.code in ((0, 2, 3) if size == SIZES[-1] else (2, 3)), done
    if done.code:
        assert_told(done, done.code, str(folder), "Make room there")
        resize(60_000)
    assert_goes_on(larger, folder, LARGER)


@pytest.mark.slow
def test_a_file_that_may_not_become_larger_is_told_with_the_limit(undisturbed, tmp_path):
    script = f"ulimit -f 3; exec {sys.executable} -m gradstudy {' '.join(map(repr, TINY))}"
    (tmp_path / "mlflow.db").write_bytes((undisturbed / "mlflow.db").read_bytes())
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done
    assert "Traceback" not in done.stderr
