"""What a study says of its screen alone, made while its cures are tried: they change nothing of it."""

from collections.abc import Iterator, Mapping

from gradstudy.records import SCREEN
from gradstudy.report.mlflow.displays import ranking_files
from gradstudy.results import Run


class Ahead:
    """Rankings, their files, and prescriptions, piece by piece: whenever the driver has time, and the rest at the end.

    The run keeps what it computed; the files are kept here.
    """

    def __init__(self, run: Run):
        self._files: dict[str, bytes] = {}
        self._pieces = self._made(run)

    def advance(self) -> None:
        """Makes one more piece, where there is one: some seconds at most in a study of a hundred trials."""
        next(self._pieces, None)

    def files(self) -> Mapping[str, bytes]:
        """The files of all rankings, by name."""
        for _ in self._pieces:
            pass
        return self._files

    def _made(self, run: Run) -> Iterator[None]:
        if SCREEN not in run.info.phases:
            return
        for response in run.settings.responses:
            ranking = run.rank(response)
            yield
            self._files |= ranking_files(ranking)
            yield
        _ = run.prescriptions
        yield
