"""Calls end in time, whatever they are stuck in, and otherwise are as if they were made directly."""

import threading
import time

import pytest

from gradstudy.patience import Call, Late


def test_a_call_returns_and_raises_what_it_would():
    assert Call(lambda: 7).result(5) == 7
    assert Call(lambda: None).result(5) is None
    with pytest.raises(ZeroDivisionError):
        Call(lambda: 1 / 0).result(5)


def test_a_call_that_is_late_is_left_and_runs_on_to_its_end():
    free, done = threading.Event(), []
    call = Call(lambda: free.wait() and done.append(1))
    start = time.monotonic()
    with pytest.raises(Late):
        call.result(0.05)
    assert time.monotonic() - start < 1
    assert call.is_stuck
    free.set()
    call._ended.wait(5)
    assert not call.is_stuck
    assert done == [1]


def test_with_its_helpers_a_call_that_is_left_is_ended_in_the_middle():
    done = []

    def dripping():
        helper = threading.Thread(target=drip, name="helper-1", daemon=True)
        helper.start()
        drip()

    def drip():
        try:
            while True:
                time.sleep(0.01)
        except SystemExit:
            done.append(threading.current_thread().name)

    call = Call(dripping, helpers="helper")
    with pytest.raises(Late):
        call.result(0.05)
    deadline = time.monotonic() + 5
    while len(done) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert sorted(done) == ["gradstudy-call", "helper-1"]
