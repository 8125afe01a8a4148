"""What is handed over is stored behind the driver: in order, so much at a time, all of it, and errors come up."""

import os
import signal
import threading
import time
from contextlib import suppress
from functools import partial
from threading import Event

import pytest

from gradstudy import stopping
from gradstudy.errors import Stopped
from gradstudy.stopping import caught, raising
from gradstudy.storing import AHEAD, Storing


@pytest.fixture
def done():
    return []


def test_calls_are_done_in_order_by_one_other_thread_and_all_of_them_before_it_is_left(done):
    with Storing() as storing:
        for number in range(10):
            storing.do(lambda number=number: done.append((number, threading.get_ident())))
    assert [number for number, _ in done] == list(range(10))
    assert len({thread for _, thread in done} - {threading.get_ident()}) == 1


def test_no_more_than_so_much_waits(done):
    begun, go_on = Event(), Event()

    def store():
        begun.set()
        go_on.wait()

    def feed():
        for number in range(AHEAD + 3):
            storing.do(store)
            done.append(number)

    with Storing() as storing:
        feeding = threading.Thread(target=feed)
        feeding.start()
        begun.wait()
        feeding.join(0.2)
        assert len(done) in (AHEAD, AHEAD + 1)  # one is being stored, which whoever feeds may not know yet
        go_on.set()
        feeding.join()
    assert len(done) == AHEAD + 3


def test_waiting_ends_when_all_is_done(done):
    with Storing() as storing:
        storing.do(partial(time.sleep, 0.1))
        storing.do(partial(done.append, "stored"))
        storing.wait()
        assert done == ["stored"]


def fail():
    raise ZeroDivisionError("no room")


@pytest.mark.parametrize("meet", [Storing.wait, lambda storing: storing.do(int), lambda storing: None])
def test_what_a_call_raises_comes_up_and_nothing_behind_it_is_done(done, meet):
    def feed():
        with Storing() as storing:
            storing.do(fail)
            with suppress(ZeroDivisionError):  # it may be known already
                storing.do(partial(done.append, "later"))
            meet(storing)

    with pytest.raises(ZeroDivisionError, match="no room"):
        feed()
    assert done == []


def test_an_error_beside_it_does_not_keep_what_is_done_from_being_stored(done):
    def feed():
        with Storing() as storing:
            storing.do(partial(time.sleep, 0.1))
            storing.do(partial(done.append, "stored"))
            raise KeyError("training")

    with pytest.raises(KeyError, match="training"):
        feed()
    assert done == ["stored"]


def test_what_could_not_be_stored_goes_before_why_it_was_to_end():
    def feed():
        with Storing() as storing:
            storing.do(fail)
            raise KeyError("training")

    with pytest.raises(ZeroDivisionError) as error:
        feed()
    assert isinstance(error.value.__context__, KeyError)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
@pytest.mark.parametrize("where", ["training", "waiting"])
def test_a_signal_waits_until_all_that_was_handed_over_is_stored_and_says_so(done, number, where, monkeypatch):
    said, heard = [], Event()
    monkeypatch.setattr(stopping, "_say", lambda words: (said.append(words), heard.set()))

    def store(trial):
        if trial == 0:
            os.kill(os.getpid(), number)
        else:  # what is handed over is not done before the signal is answered, however slow the machine
            heard.wait(20)
        done.append(trial)

    def feed():
        with Storing() as storing:
            for trial in range(AHEAD):
                storing.do(partial(store, trial))
            if where == "waiting":
                storing.wait()
            time.sleep(10)  # until the signal comes
            done.append("trained on")

    with pytest.raises(Stopped) as stop, caught(), raising():
        feed()
    assert stop.value.number == number
    assert done == list(range(AHEAD))
    assert said == ["Stopping as soon as what is done is stored."]


@pytest.mark.parametrize("times", [1, 3])
def test_who_loses_patience_where_nothing_shields_drops_what_waits_and_nothing_goes_on_behind(done, times):
    """As in a notebook, whose Ctrl-C is Python's own, and however often it is pressed."""
    begun = Event()

    def store():
        begun.set()
        time.sleep(0.3)
        done.append("stored")

    def feed():
        with Storing() as storing:
            storing.do(store)
            storing.do(partial(done.append, "waited"))
            begun.wait()
            for number in range(1, times + 1):
                threading.Timer(0.05 * number, os.kill, (os.getpid(), signal.SIGINT)).start()
            time.sleep(0.01)

    with pytest.raises(KeyboardInterrupt):
        feed()
    assert done == ["stored"]
