"""The report of a study, or of one configuration, as a file of its own, wherever a person wants it."""

from os import PathLike
from pathlib import Path

from gradstudy.atomic_file import written_whole
from gradstudy.disk import refusal_words
from gradstudy.errors import InputError
from gradstudy.measurement import Measurement
from gradstudy.report.findings import findings_of
from gradstudy.report.html.page import report_page
from gradstudy.report.html.trial_page import trial_page
from gradstudy.report.page_path import check_page_path
from gradstudy.results import Run


def write_report(run: Run | Measurement, path: str | PathLike[str]) -> Path:
    """Writes one HTML page that tells what was found, whole or not at all, in place of an earlier one.

    Args:
        run: The study, of `run_study` or `load_study`, or what `measure` returned of one configuration.
        path: The file to be written, in a folder that is there.

    Returns:
        The absolute path of the page.

    Raises:
        InputError: No such file can be written, or another lies there.
    """
    path = Path(path)
    check_page_path(path)
    page = trial_page(run) if isinstance(run, Measurement) else report_page(findings_of(run))
    return write_page(page.encode(), path)


def write_page(page: bytes, path: Path) -> Path:
    """Writes a page that was made already, whole or not at all, and returns its absolute path."""
    try:
        with written_whole(path) as unfinished:
            unfinished.write_bytes(page)
    except OSError as error:
        why = refusal_words(path.absolute().parent, error, len(page))
        raise InputError(f"The report could not be written to {path.absolute()}. {why}") from error
    return path.absolute()
