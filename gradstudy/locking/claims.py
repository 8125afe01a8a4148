"""One driver per study, wherever its folders are: claims on a board in the store that the study lives in.

Stores know no compare-and-set, and need none: a driver puts its claim and then looks. Of two drivers the one that looks
last sees the claim of the other, so that never both go on; where both see each other, the later one withdraws.

A claim is renewed every few seconds. That of a driver that ended without a word is taken over: at once where it ran on
this machine, else when it is old by the clock and was watched to stay as it is, since clocks may differ. Whoever takes
over says so and then looks once more, and whoever renews its claim looks then whether somebody said so: a driver that
slept and wakes, and the one that takes over, never both go on.
"""

import json
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Protocol
from uuid import uuid4

from gradstudy.errors import InputError
from gradstudy.locking.holder import Holder, refusal

BEAT, OLD = 10.0, 60.0
"""Seconds: how often a claim is renewed, and from when on it looks left behind."""

PATIENCE, WATCH = 5, 30
"""So many looks, a second apart, are given to a rival that should withdraw, and to a claim that looks left behind."""


@dataclass(frozen=True)
class Claim:
    """A driver's claim to a study. `beat` is when it was renewed, by its own clock; `held` that it has gone on.

    `over` are the claims that it took over, so that their drivers, if they live after all, find out.
    """

    key: str
    holder: Holder
    beat: float
    held: bool = False
    over: tuple[str, ...] = ()

    @property
    def order(self) -> tuple[str, str]:
        """Of two that meet the smaller goes on."""
        return self.holder.since, self.key

    def is_old(self, now: float) -> bool:
        """Whether it was not renewed for long; or its clock is wrong, which is no sign of life either."""
        return abs(now - self.beat) > OLD

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> "Claim | None":
        """None for what is no claim, such as one that was emptied where it could not be removed."""
        try:
            stored = json.loads(text)
            holder, over = Holder.from_json(stored["holder"]), tuple(map(str, stored["over"]))
            return Claim(str(stored["key"]), holder, float(stored["beat"]), bool(stored["held"]), over)
        except (ValueError, KeyError, TypeError, AttributeError):
            return None


class Board(Protocol):
    """Where the drivers of one study see each other's claims. `where` is how a person calls it.

    What was put is seen by every look that begins later.
    """

    @property
    def where(self) -> str: ...

    def put(self, claim: Claim) -> None:
        """Puts the claim there, in place of what it was before."""

    def remove(self, key: str) -> None:
        """Takes a claim away, which another may have done already."""

    def claims(self) -> Sequence[Claim]: ...


def new_claim() -> Claim:
    """A claim of this process, put nowhere yet."""
    return Claim(uuid4().hex, Holder.here(), time.time())


def taken(
    board: Board,
    claim: Claim,
    say: Callable[[str], object],
    *,
    pause: Callable[[float], object] = time.sleep,
    clock: Callable[[], float] = time.time,
) -> Claim:
    """The claim, on the board alone: this driver may go on. InputError naming the other driver where it may not.

    `say` is told what is waited for.
    """
    watched: dict[str, tuple[float, int]] = {}
    looks = 0
    try:
        while True:
            claim = replace(claim, beat=clock())
            board.put(claim)
            seen = board.claims()
            others = [one for one in seen if one.key != claim.key]
            quiet = {one.key: _looks_quiet(one, watched, looks) for one in others if one.is_old(clock())}
            left = [one for one in others if one.holder.is_gone or quiet.get(one.key, 0) >= WATCH]
            if new := {one.key for one in left} - set(claim.over):  # said first, and then looked whether it is so still
                claim = replace(claim, over=(*claim.over, *sorted(new)))
                continue
            others = [one for one in others if one not in left]
            if not others and len(seen) > len(left):
                for one in left:
                    board.remove(one.key)
                claim = replace(claim, held=True)
                board.put(claim)
                return claim
            rivals = [one for one in others if quiet.get(one.key, -1) < 0]
            ahead = [one for one in others if claim.key in one.over]
            ahead += [one for one in rivals if one.held or one.order < claim.order]
            if ahead or looks >= (PATIENCE if rivals == others else WATCH):
                named = min(ahead or others, key=lambda one: one.order, default=None)
                raise InputError(refusal(board.where, named.holder if named else "another process"))
            if rivals != others and not looks:
                say(f"Not seen for long: {others[0].holder}. Waiting {WATCH} s for a sign of life.")
            looks += 1
            pause(1.0)
    except BaseException:
        with suppress(Exception):
            board.remove(claim.key)
        raise


def renewed(board: Board, claim: Claim, *, clock: Callable[[], float] = time.time) -> Claim:
    """The claim with a new beat; InputError where another driver has taken it over.

    It looks before and after: what was removed is not put back, and who removes it in between is seen.
    """
    _check(board, claim)
    claim = replace(claim, beat=clock())
    board.put(claim)
    _check(board, claim)
    return claim


def _looks_quiet(claim: Claim, watched: dict[str, tuple[float, int]], looks: int) -> int:
    """For how many looks this claim has stayed as it was; below 0 once it has changed, which is a sign of life."""
    beat, since = watched.setdefault(claim.key, (claim.beat, looks))
    return looks - since if beat == claim.beat else -1


def _check(board: Board, claim: Claim) -> None:
    seen = board.claims()
    takers = [one for one in seen if claim.key in one.over]
    if takers or all(one.key != claim.key for one in seen):
        with suppress(Exception):
            board.remove(claim.key)
        by = f"by {takers[0].holder}" if takers else "by another driver"
        raise InputError(
            f"The study in {board.where} was taken over {by}, since this driver gave no sign of life for too long, so "
            "this one stops. What it measured is stored; when the other has ended, give the same command again."
        )
