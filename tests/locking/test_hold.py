"""What a launch holds on boards: renewed in the background, confirmed before writing, let go of at the end."""

import time

import pytest

from gradstudy.errors import InputError
from gradstudy.locking import hold as module
from gradstudy.locking.claims import OLD, Claim
from gradstudy.locking.hold import Hold
from gradstudy.locking.holder import Holder


class Board:
    def __init__(self):
        self.content, self.looks = {}, 0
        self.where = "the store"

    def put(self, claim):
        self.content[claim.key] = claim

    def remove(self, key):
        self.content.pop(key, None)

    def claims(self):
        self.looks += 1
        return list(self.content.values())


def until(condition):
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def take_over(board):
    (key,) = board.content
    board.content = {"t": Claim("t", Holder(7, "elsewhere", "noon"), time.time(), held=True, over=(key,))}


def test_a_second_launch_is_refused_as_long_as_the_first_lasts():
    board = Board()
    with Hold() as first, Hold() as second:
        first.take("store", board)
        with pytest.raises(InputError, match="the one in the store is being run by process"):
            second.take("store", board)
        assert len(board.content) == 1
    assert board.content == {}
    with Hold() as third:
        third.take("store", board)


def test_a_claim_is_renewed_in_the_background(monkeypatch):
    monkeypatch.setattr(module, "BEAT", 0.01)
    board = Board()
    with Hold() as hold:
        hold.take("store", board)
        (first,) = board.content.values()
        until(lambda: next(iter(board.content.values())).beat > first.beat)


def test_a_launch_that_was_taken_over_is_told_before_it_writes(monkeypatch):
    monkeypatch.setattr(module, "BEAT", 0.01)
    board = Board()
    with Hold() as hold:
        hold.take("store", board)
        take_over(board)
        until(lambda: hold._lost)
        with pytest.raises(InputError, match="taken over by process 7 on elsewhere"):
            hold.confirm("store")
    assert list(board.content) == ["t"]


def test_after_a_sleep_the_store_is_asked_before_anything_is_written(monkeypatch):
    board = Board()
    with Hold() as hold:
        hold.take("store", board)
        looks = board.looks
        hold.confirm("store")
        assert board.looks == looks  # it costs nothing while the background beats
        take_over(board)
        now = time.time()
        monkeypatch.setattr(module.time, "time", lambda: now + OLD)
        with pytest.raises(InputError, match="taken over"):
            hold.confirm("store")


def test_a_store_that_is_away_is_not_waited_for_at_the_end(monkeypatch):
    board = Board()
    with Hold() as hold:
        hold.take("store", board)
        board.remove = lambda key: pytest.fail("it is away")
        hold._renewed["store"] -= OLD


def test_what_was_never_taken_is_nobodys():
    with Hold() as hold:
        hold.confirm("store")
