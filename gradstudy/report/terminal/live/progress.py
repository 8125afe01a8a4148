"""How far a study is, how fast, and what it has found: a live bar on a terminal, plain lines elsewhere."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table

from gradstudy.notebook.palette import ACCENT
from gradstudy.records import TrialResult
from gradstudy.report.terminal.live.so_far import SoFar
from gradstudy.report.terminal.plain import plain_text
from gradstudy.words.trial_words import fates, verdict_counts


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


LINES = 10
LONGEST_SILENCE = 30.0
"""Seconds after which a plain line is due although less than a tenth of the study was done since the last one."""
SHORTEST_SILENCE = 1.0
"""Seconds between plain lines: a cohort finishes many trials in one moment, and that moment deserves one line."""


class Progress:
    """Shows trials done, members per second, time left, verdicts and what was found while a study runs.

    `total`, `done` and, among these, `failed` count trials; they and `said`, the `fates` of members, are what earlier
    launches stored; more may be expected later. Why a trial failed is told as soon as it is known, each reason once.
    Members per second are those that this launch trained, on so many `workers`. `so_far` is told of every trial.
    `clock` gives seconds.
    """

    def __init__(
        self,
        name: str,
        *,
        total: int = 0,
        seeds: float = 0,
        console: Console,
        so_far: SoFar | None = None,
        workers: int = 1,
        done: int = 0,
        failed: int = 0,
        said: Sequence[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name, self.total, self.seeds, self.done, self.failed = name, total, seeds, done, failed
        self._reasons: set[str] = set()
        self._counts = Counter(said)
        self._so_far, self._said = so_far, ""
        self._console, self._clock = console, clock
        self._time_left, self._spoke = TimeLeft(workers, clock), clock()
        self._tenth = self._tenths()
        self._live: Live | None = None

    def __enter__(self) -> "Progress":
        if self._console.is_interactive:
            # Errors that a person sent to a file (2>errors.txt) stay out of the terminal.
            errors = sys.stderr.isatty()
            self._live = Live(console=self._console, get_renderable=self.page, redirect_stderr=errors)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()
        else:
            self._speak()
        self._console.print()

    def expect(self, trials: int, members: int) -> None:
        """So many trials more, of so many members in all."""
        self.total, self.seeds = self.total + trials, members / trials

    def advance(self, result: TrialResult) -> None:
        """One more trial is done."""
        self.done += 1
        if result.failure:
            self._tell_failure(result)
            return
        self._time_left.add(len(result.rows), result.seconds)
        self._counts.update(fates(result.rows))
        if self._so_far:
            self._so_far.add(result.trial, result.rows)
        if not self._live and self._is_due():
            self._speak()

    def pace(self) -> str:
        """How far, how fast, and how long yet: `64/128 trials, 9.1 members/s, 0:00:31 left`."""
        time_left = self._time_left.words(round((self.total - self.done) * self.seeds))
        failed = f" ({self.failed} failed)" if self.failed else ""
        return f"{self.done}/{self.total} trials{failed}" + (f", {time_left}" if time_left else "")

    def _tell_failure(self, result: TrialResult) -> None:
        self.failed += 1
        if result.failure not in self._reasons:
            self._reasons.add(result.failure)
            self._console.print(plain_text(f"{self.name}: trial {result.trial.number} failed: {result.failure}"))

    def page(self) -> RenderableType:
        """What stands on a terminal now: a bar, the pace, the verdicts, and what was found so far."""
        done = ProgressBar(
            total=max(self.total, 1), completed=self.done, width=20, complete_style=ACCENT, finished_style=ACCENT
        )
        bar = Table.grid(padding=(0, 2, 0, 0))
        bar.add_row(done, plain_text(self.pace()))
        found = [plain_text(self._found)] if self._found else []
        return Group(plain_text(self.name, "bold"), bar, plain_text(verdict_counts(self._counts)), *found)

    @property
    def _found(self) -> str:
        return self._so_far.words if self._so_far and self.done < self.total else ""

    def _tenths(self) -> int:
        return LINES * self.done // max(self.total, 1)

    def _is_due(self) -> bool:
        silence = self._clock() - self._spoke
        advanced = self._tenths() > self._tenth and silence >= SHORTEST_SILENCE
        return self.done < self.total and (advanced or silence >= LONGEST_SILENCE)

    def _speak(self) -> None:
        """Two lines, and below them what was found, where that is news."""
        self._spoke, self._tenth = self._clock(), self._tenths()
        news = self._found if self._found != self._said else ""
        self._said = news or self._said
        self._console.print(plain_text(f"{self.name}: {self.pace()}"))
        for words in filter(None, (verdict_counts(self._counts), news)):
            self._console.print(Padding(plain_text(words), (0, 0, 0, 2)))
