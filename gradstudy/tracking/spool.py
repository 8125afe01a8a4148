"""The finished trials of a study that are not yet known to be in MLflow: one file each, in the study's own folder."""

from pathlib import Path

from gradstudy.records import MemberRows, Trial, TrialResult
from gradstudy.tracking.atomic_file import UNFINISHED
from gradstudy.tracking.record_file import read_result, read_rows, trial_file, write_trial


class Spool:
    """A folder of trials by number. Made with the first trial; what a killed driver left half-written is removed."""

    def __init__(self, folder: Path):
        self.folder = folder
        for unfinished in folder.glob(f"*{UNFINISHED}"):
            unfinished.unlink()

    def put(self, result: TrialResult) -> None:
        """Stores a trial, in place of an earlier one of the same number."""
        write_trial(result, self.path(result.trial.number))

    def numbers(self) -> list[int]:
        """The trials that wait here, in ascending order."""
        return sorted(int(path.stem.partition("_")[2]) for path in self.folder.glob("trial_*.parquet"))

    def rows(self, number: int) -> tuple[Trial, MemberRows]:
        """This trial and its responses."""
        return read_rows(self.path(number))

    def result(self, number: int) -> TrialResult:
        """Everything that was measured on this trial."""
        return read_result(self.path(number))

    def path(self, number: int) -> Path:
        """Where this trial is, or would be."""
        return self.folder / trial_file(number)

    def remove(self, number: int) -> None:
        """Forgets a trial that is stored elsewhere."""
        self.path(number).unlink()
