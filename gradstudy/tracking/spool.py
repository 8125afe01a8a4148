"""The finished trials of a study that are not yet known to be in MLflow: one file each, in the study's own folder."""

import os
from pathlib import Path

from gradstudy.atomic_file import UNFINISHED, set_aside
from gradstudy.errors import InputError
from gradstudy.records import MemberRows, Trial, TrialResult
from gradstudy.tracking.damage import Damaged
from gradstudy.tracking.record_file import file_number, read_result, read_rows, trial_file, write_trial


class Spool:
    """A folder of trials by number. Made with the first trial; what a killed driver left half-written is removed.

    What is damaged is kept under another name; `damaged` says of what that was done. A file whose name is no trial's
    is one of `strangers`, and left alone.
    """

    def __init__(self, folder: Path):
        self.folder = folder.absolute()
        self.damaged: list[Damaged] = []
        self._made = False
        if os.path.lexists(self.folder):
            if not self.folder.is_dir():
                raise InputError(f"{self.folder} must be a folder, and is none. Give it another name, or remove it.")
            self._sort_out()

    def put(self, result: TrialResult) -> None:
        """Stores a trial, in place of an earlier one of the same number.

        OSError where it cannot be written; also where the folder was taken away meanwhile, with all of the study's.
        """
        self.folder.mkdir(parents=not self._made, exist_ok=True)
        self._made = True
        write_trial(result, self.path(result.trial.number))

    def numbers(self) -> list[int]:
        """The trials that wait here, in ascending order."""
        return sorted(number for path in self.folder.glob("*") if (number := file_number(path)) is not None)

    def strangers(self) -> list[str]:
        """Names that look like a trial's and are none."""
        return sorted(path.name for path in self.folder.glob("*.parquet") if file_number(path) is None)

    def rows(self, number: int) -> tuple[Trial, MemberRows]:
        """This trial and its responses."""
        return read_rows(self.path(number))

    def result(self, number: int) -> TrialResult:
        """Everything that was measured on this trial."""
        return read_result(self.path(number))

    def whole(self, number: int) -> TrialResult | None:
        """The same, or None where it is damaged: then it is set aside."""
        try:
            return self.result(number)
        except Damaged as damaged:
            set_aside(self.path(number))
            self.damaged.append(damaged)
            return None

    def path(self, number: int) -> Path:
        """Where this trial is, or would be."""
        return self.folder / trial_file(number)

    def remove(self, number: int) -> None:
        """Forgets a trial that is stored elsewhere."""
        self.path(number).unlink(missing_ok=True)

    def _sort_out(self) -> None:
        """Reads everything once, some 5 ms a trial: what can be sent later is known to be whole."""
        for unfinished in self.folder.glob(f"*{UNFINISHED}"):
            if unfinished.is_file():
                unfinished.unlink()
        for number in self.numbers():
            self.whole(number)
