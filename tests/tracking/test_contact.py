"""Every contact ends in time and in words, whatever is at the other end, and Ctrl-C ends it at once."""

import os
import signal
import socket
import sqlite3
import threading
import time
import traceback
from contextlib import closing, contextmanager
from urllib.parse import quote

import mlflow  # noqa: F401 # which takes seconds, and no part in a contact
import pytest
from support.bad_servers import UNKNOWN_USER, drips, says, says_nothing, served
from support.made_trials import make_info, make_result, make_shown

from gradstudy.errors import TrackingAway
from gradstudy.tracking import contact
from gradstudy.tracking.reader import find_study
from gradstudy.tracking.store import Mlflow, connect
from gradstudy.tracking.writer import StudyWriter

SECRET = "s3cr3t/w0rd@x"
WRITTEN = quote(SECRET, safe="")
PATIENCE = 0.4


pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""What is left in the middle of a contact may close its socket when it is collected, and Python warns of that."""


@pytest.fixture(autouse=True)
def nobody_given_up(monkeypatch):
    monkeypatch.setattr(contact, "_given_up", {})


@contextmanager
def nothing_listens():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    yield f"http://ann:{WRITTEN}@127.0.0.1:{port}"


@contextmanager
def at(answer, scheme="http"):
    with served(answer) as port:
        yield f"{scheme}://ann:{WRITTEN}@127.0.0.1:{port}"


@contextmanager
def no_such_host():
    yield f"http://ann:{WRITTEN}@gradstudy.invalid:5000"


WAYS = {
    "refused": (nothing_listens, "did not answer"),
    "no name": (no_such_host, "did not answer"),
    "unknown user": (lambda: at(UNKNOWN_USER), "401"),
    "a tarpit": (lambda: at(says_nothing), "no whole answer in 0.4 s. Raise tracking.timeout"),
    "a drip": (lambda: at(drips), "no whole answer in 0.4 s. Raise tracking.timeout"),
    "no JSON": (lambda: at(says(b"<html>hello</html>")), "did not answer"),
    "a JSON number": (lambda: at(says(b"7")), "not in a valid JSON format"),
    "a JSON list": (lambda: at(says(b"[1, 2]")), "not in a valid JSON format"),
    "null": (lambda: at(says(b"null")), "not in a valid JSON format"),
    "nothing in it": (lambda: at(says(b"{}")), "something is missing"),
    "wrong types": (lambda: at(says(b'{"experiment": 3, "experiments": "x", "runs": {"a": 1}}')), "makes no sense"),
    "TLS with who speaks none": (lambda: at(says(b"{}"), "https"), "did not answer"),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_not_answering_is_told_soon_and_without_the_password(way, monkeypatch):
    server, told = WAYS[way]
    with server() as address:
        start = time.monotonic()
        with pytest.raises(TrackingAway) as away:
            find_study("any", Mlflow(address, timeout=PATIENCE))
        assert time.monotonic() - start < PATIENCE + 2
    assert told in str(away.value)
    assert "ann:***@" in str(away.value)
    assert "s3cr3t" not in str(away.value)
    assert "s3cr3t" not in "".join(traceback.format_exception(away.value))
    assert "\n" not in str(away.value)


def test_a_store_that_lets_its_time_pass_is_waited_for_once(monkeypatch, tmp_path):
    with at(says_nothing) as address:
        settings, start = Mlflow(address, timeout=PATIENCE), time.monotonic()
        writer = StudyWriter(settings, make_info("s"), tmp_path, make_shown)
        for number in range(3):
            writer.write(make_result(number))
        with pytest.raises(TrackingAway, match="is safe in"):
            writer.finish()
        assert time.monotonic() - start < 2 * PATIENCE + 1
    assert sorted(writer.waiting()) == [0, 1, 2]


def test_it_is_asked_again_later(monkeypatch):
    with at(says_nothing) as address, pytest.raises(TrackingAway):
        find_study("any", Mlflow(address, timeout=PATIENCE))
    call, _, reason = contact._given_up[address]
    call._ended.wait(5)
    contact._given_up[address] = (call, 0.0, reason)
    with pytest.raises(TrackingAway) as away:
        find_study("any", Mlflow(address, timeout=PATIENCE))
    assert "no whole answer" not in str(away.value)  # nobody listens there any more


def test_what_is_left_behind_ends_and_closes_its_socket():
    seen = []
    with served(drips, seen) as port:
        with pytest.raises(TrackingAway):
            find_study("any", Mlflow(f"http://127.0.0.1:{port}", timeout=PATIENCE))
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline and any(one.name == "gradstudy-call" for one in threading.enumerate()):
            time.sleep(0.02)
        assert not [one for one in threading.enumerate() if one.name == "gradstudy-call"]
        with pytest.raises(OSError):  # whichever way the other end is gone
            [seen[0].sendall(b" ") or time.sleep(0.02) for _ in range(100)]


@pytest.mark.parametrize("answer", [says_nothing, drips])
def test_ctrl_c_ends_a_contact_at_once(answer):
    with at(answer) as address:
        threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
        start = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            find_study("any", Mlflow(address, timeout=60))
        assert time.monotonic() - start < 0.5 + 1
        with pytest.raises(TrackingAway):  # which closing the study would ask next
            find_study("any", Mlflow(address, timeout=60))
        assert time.monotonic() - start < 0.5 + 1.2


def test_a_contact_that_is_answered_is_not_torn_by_ctrl_c(store):
    client = connect(store)
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        [client.search_experiments(max_results=1) for _ in range(10_000)]
    assert client.search_experiments(max_results=1)


@contextmanager
def locked(store):
    with closing(sqlite3.connect(store.uri.removeprefix("sqlite:///"), isolation_level=None)) as database:
        database.execute("BEGIN EXCLUSIVE")
        yield database
        database.execute("ROLLBACK")


def test_a_database_that_another_program_locks_is_away_without_a_traceback(store, name, tmp_path, capfd, monkeypatch):
    writer = StudyWriter(store, make_info(name), tmp_path, make_shown)
    monkeypatch.setattr(writer._run._client._store, "_seconds", PATIENCE)
    with locked(store):
        writer.write(make_result(0))
        with pytest.raises(TrackingAway, match="is safe in"):
            writer.finish()
        assert sorted(writer.waiting()) == [0]
    for call, _, _ in contact._given_up.values():
        call._ended.wait(30)
    contact._given_up.clear()
    monkeypatch.undo()
    with StudyWriter(store, make_info(name), tmp_path, make_shown):
        pass
    assert list(find_study(name, store).trials()) == [0]
    assert capfd.readouterr() == ("", "")


def test_a_database_that_is_unlocked_in_time_is_waited_for(store, name, tmp_path, capfd):
    writer = StudyWriter(store, make_info(name), tmp_path, make_shown)
    with locked(store):
        writing = threading.Thread(target=writer.write, args=[make_result(0)])
        writing.start()
        time.sleep(0.3)
    writing.join()
    writer.finish()
    assert list(find_study(name, store).trials()) == [0]
    assert capfd.readouterr() == ("", "")
