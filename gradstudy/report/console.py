"""The one console that pages are printed on."""

import io
import os
import sys

from rich.console import Console

PIPED_WIDTH = 100


def make_console() -> Console:
    """Where do pages go? To standard output, and without a terminal in plain text of COLUMNS or 100 characters."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # One letter that the terminal cannot show must not end a study of hours with a UnicodeEncodeError.
        sys.stdout.reconfigure(errors="replace")
    console = Console(markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console.width = _piped_width(os.environ.get("COLUMNS", ""))
    return console


def _piped_width(columns: str) -> int:
    # Console.width would fall back on the terminal that stdin hangs on, and the file would depend on the window.
    return int(columns) if columns.isdecimal() and int(columns) > 0 else PIPED_WIDTH
