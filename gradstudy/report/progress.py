"""How far is a study, how fast is it, and what has it found? A live bar on a terminal, plain lines elsewhere."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from gradstudy.report.plain import plain_text
from gradstudy.report.verdicts import verdict_counts

LINES = 10
LONGEST_SILENCE = 30.0
"""Seconds after which a plain line is due although less than a tenth of the study was done since the last one."""
SHORTEST_SILENCE = 1.0
"""Seconds between plain lines: a cohort finishes many trials in one moment, and that moment deserves one line."""


class Progress:
    """Shows trials done, members per second, time left and verdicts while a study runs.

    `total` and `done` count trials, `done` and `verdicts` are what earlier launches stored. Members per second are
    those that this launch trained. `clock` gives seconds.
    """

    def __init__(
        self,
        name: str,
        *,
        total: int,
        seeds: int,
        console: Console,
        done: int = 0,
        verdicts: Sequence[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name, self.total, self.seeds, self.done = name, total, seeds, done
        self._counts = Counter(verdicts)
        self._trained = 0
        self._console = console
        self._clock = clock
        self._started = self._spoke = clock()
        self._tenth = self._tenths()
        self._live: Live | None = None

    def __enter__(self) -> "Progress":
        self._started = self._spoke = self._clock()
        if self._console.is_interactive:
            # Errors that a person sent to a file (2>errors.txt) stay out of the terminal.
            errors = sys.stderr.isatty()
            self._live = Live(console=self._console, get_renderable=self._page, redirect_stderr=errors)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()
        else:
            self._speak()

    def advance(self, verdicts: Sequence[str]) -> None:
        """One more trial is done: the verdicts of its members."""
        self.done += 1
        self._trained += len(verdicts)
        self._counts.update(verdicts)
        if not self._live and self._is_due():
            self._speak()

    def line(self) -> str:
        """Where does the study stand? `rnn_clip: 64/128 trials, 9.1 members/s, 0:00:31 left; healthy 120, ...`."""
        return f"{self.name}: {self._pace()}; {verdict_counts(self._counts)}"

    def _pace(self) -> str:
        words = f"{self.done}/{self.total} trials"
        seconds = self._clock() - self._started
        if not self._trained or seconds <= 0:
            return words
        rate = self._trained / seconds
        left = timedelta(seconds=round((self.total - self.done) * self.seeds / rate))
        return f"{words}, {rate:.1f} members/s" + (f", {left} left" if self.done < self.total else "")

    def _tenths(self) -> int:
        return LINES * self.done // max(self.total, 1)

    def _is_due(self) -> bool:
        silence = self._clock() - self._spoke
        advanced = self._tenths() > self._tenth and silence >= SHORTEST_SILENCE
        return self.done < self.total and (advanced or silence >= LONGEST_SILENCE)

    def _speak(self) -> None:
        self._spoke, self._tenth = self._clock(), self._tenths()
        self._console.print(plain_text(self.line()), soft_wrap=True)

    def _page(self) -> RenderableType:
        bar = Table.grid(padding=(0, 2, 0, 0))
        bar.add_row(
            plain_text(self.name, "bold"),
            ProgressBar(total=max(self.total, 1), completed=self.done, width=20),
            plain_text(self._pace()),
        )
        return Group(bar, plain_text(verdict_counts(self._counts)))
