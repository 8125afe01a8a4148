"""Claims on a board: in whatever order the steps of several drivers come, never two go on, and one can later.

The steps of a driver follow from what its looks at the board showed, and nothing else. So all orders are gone through:
a driver is run again with the looks that it had, up to its next step, which is then carried out on the board.
"""

from dataclasses import dataclass, field, replace

import pytest

from gradstudy.errors import InputError
from gradstudy.locking import claims
from gradstudy.locking.claims import BEAT, OLD, Claim, renewed, taken
from gradstudy.locking.holder import Holder

NOW = 1000.0
HOLDER = Holder(1, "elsewhere", "2026-01-01 00:00:00+00:00", machine="another")
GOES_ON, REFUSED = "goes on", "refused"


class Board:
    """What is put on it, by key."""

    where = "the store"

    def __init__(self, content=()):
        self.content = {claim.key: claim for claim in content}

    def put(self, claim):
        self.content[claim.key] = claim

    def remove(self, key):
        self.content.pop(key, None)

    def claims(self):
        return tuple(self.content[key] for key in sorted(self.content))


class NextStep(BaseException):
    """A driver has come to its next step on the board, which its past does not answer."""


@dataclass
class Rerun:
    """A board that answers a driver's steps from its past, and stops it at the next one."""

    past: tuple
    steps: int = 0
    where: str = "the store"
    next: NextStep | None = None

    def _step(self, *step):
        if self.steps == len(self.past):
            self.next = self.next or NextStep(*step)  # the first: what a driver does when it is stopped is none
            raise self.next
        self.steps += 1
        return self.past[self.steps - 1]

    def put(self, claim):
        self._step("put", claim)

    def remove(self, key):
        self._step("remove", key)

    def claims(self):
        return self._step("claims")


@dataclass(frozen=True)
class Driver:
    """What it has seen so far; what it does, `taken` or `renewed`, is a function of that."""

    act: object = field(compare=False)
    name: str
    past: tuple = ()

    def next(self):
        """The next step, or how it ended."""
        try:
            self.act(Rerun(self.past))
        except NextStep as step:
            return step.args
        except InputError:
            return (REFUSED,)
        return (GOES_ON,)


def takes(key, since="2026-01-01 00:00:00+00:00", clock=NOW):
    mine = Claim(key, replace(HOLDER, since=since), clock)

    def act(board):
        """A step takes a millisecond."""
        taken(board, mine, lambda _: None, pause=lambda _: None, clock=lambda: clock + board.steps / 1000)

    return Driver(act, key)


def renews(claim):
    return Driver(lambda board: renewed(board, claim, clock=lambda: NOW), claim.key)


def ends(board, drivers):
    """How each driver ended, and what is on the board then, of all orders in which their steps can come."""
    found, seen, waiting = set(), set(), [(board, drivers)]
    while waiting:
        content, drivers = state = waiting.pop()
        if state in seen:
            continue
        seen.add(state)
        steps = [driver.next() for driver in drivers]
        if all(len(step) == 1 and step[0] in (GOES_ON, REFUSED) for step in steps):
            found.add((tuple(step[0] for step in steps), content))
        for place, (driver, step) in enumerate(zip(drivers, steps, strict=True)):
            if step[0] in (GOES_ON, REFUSED):
                continue
            board = Board(content)
            answer = getattr(board, step[0])(*step[1:])
            after = replace(driver, past=(*driver.past, answer))
            waiting.append((board.claims(), (*drivers[:place], after, *drivers[place + 1 :])))
    return found


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    """Waiting is a matter of looks, of which two show all there is to see."""
    monkeypatch.setattr(claims, "PATIENCE", 1)
    monkeypatch.setattr(claims, "WATCH", 1)


@pytest.mark.parametrize("keys", ["ab", "ba", "abc"])
def test_never_two_go_on_and_whoever_does_is_alone_on_the_board(keys):
    found = ends((), tuple(map(takes, keys)))
    for ended, board in found:
        assert ended.count(GOES_ON) <= 1
        assert [claim.key for claim in board] == [key for key, end in zip(keys, ended, strict=True) if end == GOES_ON]
    first_alone = {ended for ended, _ in found}
    for place in range(len(keys)):
        assert tuple(GOES_ON if one == place else REFUSED for one in range(len(keys))) in first_alone


@pytest.mark.parametrize("ahead", [-10 * OLD, -30.0, 30.0, 10 * OLD])
def test_a_driver_whose_clock_is_wrong_is_not_taken_for_dead(monkeypatch, ahead):
    monkeypatch.setattr(claims, "WATCH", 30)
    board, passed = Board([Claim("s", HOLDER, NOW + ahead, held=True)]), []

    def pause(seconds):
        passed.append(seconds)
        if sum(passed) % BEAT == 0:
            board.put(renewed(board, board.content["s"], clock=lambda: NOW + ahead + sum(passed)))

    with pytest.raises(InputError, match="process 1 on elsewhere"):
        taken(board, Claim("t", HOLDER, NOW), passed.count, pause=pause, clock=lambda: NOW + sum(passed))
    assert list(board.content) == ["s"]
    assert sum(passed) <= BEAT


def test_after_whatever_happened_one_that_comes_later_can_go_on():
    for ended, board in ends((), (takes("a"), takes("b"))):
        left = [replace(claim, beat=NOW - 2 * OLD) for claim in board]  # and who held it was killed elsewhere
        assert ended.count(GOES_ON) == len(left)
        ((end, after),) = ends(tuple(left), (takes("c"),))
        assert (end, [claim.key for claim in after]) == ((GOES_ON,), ["c"])


def test_a_driver_that_wakes_after_it_looked_dead_and_the_one_that_takes_over_never_both_go_on():
    slept = Claim("s", HOLDER, NOW - 2 * OLD, held=True)
    found = {ended for ended, _ in ends((slept,), (renews(slept), takes("t")))}
    assert (GOES_ON, GOES_ON) not in found
    assert {(GOES_ON, REFUSED), (REFUSED, GOES_ON)} <= found


def test_two_that_find_the_same_claim_left_behind_do_not_both_take_it_over():
    left = Claim("s", HOLDER, NOW - 2 * OLD, held=True)
    found = ends((left,), (takes("a"), takes("b")))
    assert all(ended.count(GOES_ON) <= 1 for ended, _ in found)
    assert all("s" not in {claim.key for claim in board} for ended, board in found if GOES_ON in ended)
    assert {(GOES_ON, REFUSED), (REFUSED, GOES_ON)} <= {ended for ended, _ in found}


def test_the_second_is_told_at_once_who_the_first_is_and_where():
    board, looks = Board([Claim("s", replace(HOLDER, user="ann"), NOW, held=True)]), []
    with pytest.raises(InputError, match=r"in the store is being run by process 1 on elsewhere since 2026.* by ann"):
        taken(board, Claim("t", HOLDER, NOW), pytest.fail, pause=looks.append, clock=lambda: NOW)
    assert (looks, list(board.content)) == ([], ["s"])


def test_a_driver_that_was_killed_on_this_machine_is_taken_over_at_once():
    gone = replace(Holder.here(), started="0")
    board = Board([Claim("s", gone, NOW, held=True)])
    claim = taken(board, Claim("t", HOLDER, NOW), pytest.fail, pause=pytest.fail, clock=lambda: NOW)
    assert (claim.over, list(board.content)) == (("s",), ["t"])


def test_one_that_was_killed_elsewhere_is_watched_first_and_that_is_said():
    board, said = Board([Claim("s", HOLDER, NOW - 2 * OLD, held=True)]), []
    taken(board, Claim("t", HOLDER, NOW), said.append, pause=lambda _: None, clock=lambda: NOW)
    assert said == [f"Not seen for long: {HOLDER}. Waiting 1 s for a sign of life."]


def test_whoever_is_stopped_while_it_waits_leaves_nothing_behind():
    board = Board([Claim("b", HOLDER, NOW)])

    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        taken(board, Claim("a", HOLDER, NOW), pytest.fail, pause=stop, clock=lambda: NOW)
    assert list(board.content) == ["b"]


def test_a_claim_that_was_taken_over_names_who_did():
    board = Board([Claim("t", HOLDER, NOW, held=True, over=("s",))])
    with pytest.raises(InputError, match=r"taken over by process 1 on elsewhere.* this one stops"):
        renewed(board, Claim("s", HOLDER, NOW))
    with pytest.raises(InputError, match="taken over by another driver"):
        renewed(Board(), Claim("s", HOLDER, NOW))


@pytest.mark.parametrize("text", ["", "{", "null", "[]", "{}", '{"holder": 3}', '{"holder": {}, "over": []}'])
def test_what_is_no_claim_is_none(text):
    assert Claim.from_json(text) is None


def test_a_claim_is_read_as_it_was_written():
    claim = Claim("k", Holder.here(), 1.5, True, ("a", "b"))
    assert Claim.from_json(claim.to_json()) == claim
    assert not claim.holder.is_gone
