"""How fast is a study, and how long will the rest of it take?"""

from collections.abc import Callable
from datetime import timedelta


class TimeLeft:
    """Learns from every trial what a member costs; `workers` train at the same time, `clock` gives seconds.

    Not from the time since the start: that holds the start of the workers, and cohorts finish many trials in one
    moment, so that at a tenth of a study twice too much was said to be left.
    """

    def __init__(self, workers: int, clock: Callable[[], float]):
        self._workers, self._clock = workers, clock
        self._started = self._first = self._last = clock()
        self._first_members = self._members = 0
        self._seconds = 0.0

    def add(self, members: int, seconds: float) -> None:
        """One more trial is done: its members, and the seconds of a worker that they took."""
        self._last = self._clock()
        if not self._members:
            self._first, self._first_members = self._last, members
        self._members += members
        self._seconds += seconds

    def words(self, members: int) -> str:
        """`13.5 members/s, 0:00:19 left` with so many members to come; nothing where there was nothing to do."""
        passed = self._clock() - self._started
        if not self._members or passed <= 0:
            return f"{_clock_words(passed)} so far" if members else ""
        speed = f"{self._members / passed:.1f} members/s"
        time = f"{_clock_words(self._left(members))} left" if members else f"{_clock_words(passed)} in all"
        return f"{speed}, {time}"

    def _left(self, members: int) -> float:
        # Whichever is slower: the workers, or the driver, which stores trials while it waits for none.
        by_cost = self._seconds / self._members / self._workers
        known = self._members - self._first_members
        by_pace = (self._last - self._first) / known if known else 0.0
        silence = self._clock() - self._last
        return max(members * max(by_cost, by_pace) - silence, 1.0)


def _clock_words(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))
