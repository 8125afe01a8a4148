"""The report of a study, or of one configuration, as a file of its own, wherever a person wants it."""

import os
from os import PathLike
from pathlib import Path

from gradstudy.disk import refusal_words
from gradstudy.errors import InputError
from gradstudy.measurement import Measurement
from gradstudy.report.findings import findings_of
from gradstudy.report.html.page import report_page
from gradstudy.report.html.trial_page import trial_page
from gradstudy.results import Run
from gradstudy.tracking.atomic_file import written_whole

PAGE_BEGINS = b"<!doctype html>"


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


def check_page_path(path: Path) -> None:
    """InputError where no report can be written to this path; asked before anything is measured for it."""
    folder = path.absolute().parent
    try:
        is_folder, has_folder, known = path.is_dir(), folder.is_dir(), _is_page(path)
    except OSError as error:  # a name that is too long, or a folder that nobody may look into
        raise InputError(f"The report cannot be written to {path.absolute()}: {error.strerror}.") from error
    if is_folder:
        raise InputError(f"report must be a file, got the folder {folder / path.name}. Name one in it.")
    if known is False:
        raise InputError(f"report names {folder / path.name}, which is there and is no report. Name another file.")
    if not has_folder:
        raise InputError(f"The report's folder {folder} does not exist, got report={path}. Make it first.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"The report's folder {folder} cannot be written, got report={path}. Choose another.")


def _is_page(path: Path) -> bool | None:
    """Whether an earlier report lies there, or an empty file; None where nothing does."""
    if not path.exists():
        return None
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(PAGE_BEGINS)) in (b"", PAGE_BEGINS)
