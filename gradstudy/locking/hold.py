"""What one launch holds of its study, on every board where it lives, renewed in the background to the end."""

import time
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Lock, Thread
from types import TracebackType

from gradstudy.errors import InputError
from gradstudy.locking.claims import BEAT, OLD, Board, Claim, new_claim, renewed, taken

ENDING = 2.0
"""Seconds that the end of a launch waits for a beat under way: a claim that stays behind is taken over later."""


class Hold:
    """The claims of one launch, by the name of the store: taken one after the other, let go of together."""

    def __init__(self, say: Callable[[str], object] = print):
        self._say = say
        self._claims: dict[str, tuple[Board, Claim]] = {}
        self._lost: dict[str, InputError] = {}
        self._renewed: dict[str, float] = {}
        self._turn, self._end = Lock(), Event()
        self._thread: Thread | None = None

    def take(self, name: str, board: Board) -> None:
        """Claims the study on this board, or confirms that it is claimed. InputError naming who else holds it."""
        if name in self._claims:
            self.confirm(name)
            return
        self._claims[name] = board, taken(board, new_claim(), self._say)
        self._renewed[name] = time.time()
        if self._thread is None:
            self._thread = Thread(target=self._beat, name="gradstudy-claims", daemon=True)
            self._thread.start()

    def has(self, name: str) -> bool:
        """Whether this launch has claimed the study there."""
        return name in self._claims

    def confirm(self, name: str) -> None:
        """InputError where this study was taken over by another driver: nothing may be written any more.

        It asks the store only where the background has not managed to for long, as after a machine has slept.
        """
        if name in self._claims and time.time() - self._renewed[name] > OLD / 2:
            with self._turn:
                self._renew(name)
        if name in self._lost:
            raise self._lost[name]

    def __enter__(self) -> "Hold":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        if self._turn.acquire(timeout=ENDING):
            for name, (board, claim) in self._claims.items():
                if time.time() - self._renewed[name] < OLD / 2:  # else it does not answer, and would be waited for
                    with suppress(Exception):
                        board.remove(claim.key)
            self._turn.release()

    def _beat(self) -> None:
        while not self._end.wait(BEAT):
            for name in list(self._claims):
                with self._turn, suppress(Exception):  # a store that is away is met by whoever writes to it
                    if not self._end.is_set():
                        self._renew(name)

    def _renew(self, name: str) -> None:
        if name in self._lost:
            return
        board, claim = self._claims[name]
        try:
            self._claims[name] = board, renewed(board, claim)
            self._renewed[name] = time.time()
        except InputError as lost:
            self._lost[name] = lost
