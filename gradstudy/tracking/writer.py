"""What a driver stores: every finished trial on disk first, then in MLflow, then once more as one table."""

from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from gradstudy.atomic_file import DAMAGED
from gradstudy.disk import is_full, size_words, writing
from gradstudy.errors import TrackingAway
from gradstudy.locking.hold import Hold
from gradstudy.records import StudyInfo, TrialResult
from gradstudy.stopping import shielded
from gradstudy.tracking.damage import told_of
from gradstudy.tracking.experiment_board import HELD_IN_MLFLOW
from gradstudy.tracking.members_file import Stored
from gradstudy.tracking.publication import RunDisplay
from gradstudy.tracking.spool import Spool
from gradstudy.tracking.store import Mlflow, answering, connect, is_missing
from gradstudy.tracking.study_run import StudyRun
from gradstudy.words.number_words import counted

TRIAL_BYTES, STUDY_BYTES = 40_000, 500_000
"""Bytes of a trial's run in MLflow's database with its picture, and of a study's run with its report."""


class StudyWriter:
    """Stores the trials of a study, new or continued; used as a context around the training.

    A trial is safe once `write` returns. When MLflow does not answer it waits on disk, is offered once more at the
    end, and by the next launch. Leaving the context raises TrackingAway when something still waits. `show` makes what a
    person sees of a trial. `hold` takes the study at the first contact with MLflow, and is asked before every other:
    InputError where another driver has it. A local store that is not there yet is made with the first contact: `open`,
    or the first trial.
    """

    def __init__(
        self,
        settings: Mlflow,
        info: StudyInfo,
        folder: Path,
        show: Callable[[TrialResult], RunDisplay],
        hold: Hold | None = None,
    ):
        self._settings, self._info, self._show, self._hold = settings, info, show, hold
        self._spool = Spool(folder / "spool")
        self._run: StudyRun | None = None
        self._away: TrackingAway | None = None
        self._in_mlflow: Stored = {}
        try:
            self._attempt(lambda: None if is_missing(settings) else self._opened())
        except KeyboardInterrupt as error:
            if self._may_be_running:
                self.__exit__(type(error), error, None)
            raise

    def open(self) -> None:
        """Opens MLflow where it was not, since it has no store yet: making one takes seconds, and nothing is in it."""
        if self._run is None and self._away is None:
            self._attempt(self._opened)

    @property
    def damage(self) -> tuple[str, ...]:
        """What is damaged of that which earlier launches stored, and what is done about it, in sentences."""
        spool, run, waiting = self._spool, self._run, len(self._spool.numbers())
        told = []
        if spool.damaged:
            told.append(
                f"Of what waits to be sent to MLflow, {counted(len(spool.damaged), 'file')} of trials cannot be read: "
                f"{told_of(spool.damaged)}. Now with the ending {DAMAGED}; what MLflow does not hold is measured again."
            )
        if strangers := spool.strangers():
            told.append(
                f"In {spool.folder}, {', '.join(strangers)} {'is' if len(strangers) == 1 else 'are'} no "
                "trial's, and left alone: move it away."
            )
        if run and run.damaged:
            told.append(f"Damaged, and made anew: {told_of(run.damaged)}.")
        if run and run.lost:
            done = "measured again" if not waiting else "sent again if it waits on disk, or else measured again"
            told.append(
                f"Of {counted(len(run.lost), 'trial')} the record is damaged or gone: {told_of(run.lost)}. "
                f"{'It is' if len(run.lost) == 1 else 'They are'} {done}; MLflow keeps the old runs among the deleted."
            )
        return tuple(told)

    def stored(self) -> Stored:
        """Every trial that earlier launches finished, on disk or in MLflow: number -> (trial, rows of responses)."""
        return {**self._in_mlflow, **self.waiting()}

    def waiting(self) -> Stored:
        """Those of them that are on disk, of which MLflow may know nothing."""
        return {number: self._spool.rows(number) for number in self._spool.numbers()}

    @property
    def blocks(self) -> Sequence[int]:
        """How many trials each launch of the study's screen added, as far as MLflow was told and answers."""
        return self._run.blocks if self._run else ()

    def launched(self, blocks: Sequence[int]) -> None:
        """Has MLflow know how many trials each launch of the screen added, for where the journal gets lost."""
        if self._run and blocks and list(blocks) != list(self.blocks):
            self._attempt(lambda: self._opened().tell_blocks(blocks))

    def write(self, result: TrialResult) -> None:
        """Stores a trial; some 20 ms."""
        with writing(self._spool.folder, lambda: self._needed(result)):
            self._spool.put(result)
        if self._away is None:
            shown = self._show(result)  # out here: what goes wrong in drawing is no fault of MLflow's
            self._attempt(lambda: self._send(self._opened(), result, shown))

    def finish(self, status: str = "FINISHED") -> None:
        """Sends what waits, and the study's table. TrackingAway when MLflow did not take it: then it waits on disk."""
        self._away = None
        self._attempt(lambda: self._close(status))
        if self._away is not None:
            where = self._spool.folder
            way_on = f"What was measured is safe in {where}; run the same command again, and it is sent."
            raise TrackingAway(f"{self._away}{self._waits()} {way_on}") from self._away

    @property
    def _may_be_running(self) -> bool:
        """Whether MLflow may say by now that the study is running."""
        return self._hold is None or self._hold.has(HELD_IN_MLFLOW)

    def _needed(self, result: TrialResult) -> int:
        """Some number of bytes for what is left of the study, of trials like this: on disk and in a store beside it."""
        record = sum(series.values.nbytes for record in result.records for series in record.series.values())
        return max(self._info.trials - len(self.stored()), 1) * (2 * record + TRIAL_BYTES)

    def _waits(self) -> str:
        """How much what waits on disk will take, where that is why it waits."""
        sizes = [self._spool.path(number).stat().st_size for number in self._spool.numbers()]
        needed = sum(sizes) + len(sizes) * TRIAL_BYTES + STUDY_BYTES
        return f" Some {size_words(needed)} are needed." if is_full(self._away) else ""

    def __enter__(self) -> "StudyWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with shielded():
            if kind is None:
                self.finish()
                return
            if self._away is None and not self._may_be_running:
                return
            self._away = None
            self._attempt(lambda: self._close("KILLED" if issubclass(kind, KeyboardInterrupt) else "FAILED"))

    def _attempt(self, contact: Callable[[], object]) -> None:
        """After a first failure MLflow is left alone: waiting for it at every trial would stall the study."""
        try:
            with answering(self._settings):
                contact()
        except TrackingAway as away:
            self._away, self._run = away, None

    def _opened(self) -> StudyRun:
        """The study's run, looked for anew after MLflow was away."""
        if self._hold:
            self._hold.confirm(HELD_IN_MLFLOW)
        if self._run is None:
            run = StudyRun(connect(self._settings), self._info, self._hold)
            self._in_mlflow, self._run = run.stored(), run
        return self._run

    def _send(self, run: StudyRun, result: TrialResult, shown: RunDisplay) -> None:
        run.send(result, shown, record=self._spool.path(result.trial.number), points=self._settings.points)

    def _close(self, status: str) -> None:
        run, numbers = self._opened(), self._spool.numbers()
        for number in numbers:
            if not run.holds(number):
                if number in run.numbers:  # of one that failed, sending knows whether it is the same
                    run.forget(number)
                result = self._spool.whole(number)
                if result is not None:
                    self._send(run, result, self._show(result))
        run.close(self.stored(), status)
        for number in numbers:
            self._spool.remove(number)
