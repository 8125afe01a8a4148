"""Where a report may be written: asked before anything is measured for it, and without what makes its pages."""

import os
from pathlib import Path

from gradstudy.errors import InputError

PAGE_BEGINS = b"<!doctype html>"


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
