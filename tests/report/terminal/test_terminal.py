"""What stands on the screen of a real terminal while a study runs, and after it: a small screen behind a pty."""

import os
import re
import struct
import subprocess
import sys

import pytest

fcntl, pty, termios = (pytest.importorskip(name) for name in ("fcntl", "pty", "termios"))

SCRIPT = """
from types import SimpleNamespace
from rich.text import Text
from gradstudy.records import Trial, TrialResult
from gradstudy.report.terminal.console import make_console
from gradstudy.report.terminal.plain import Bar
from gradstudy.report.terminal.live.progress import Progress

so_far = SimpleNamespace(words="So far, " + "müller " * 20, add=lambda trial, rows: None)
with Progress("a_study", total=2, seeds=1, console=make_console(), so_far=so_far) as progress:
    for number in range(2):
        progress.advance(TrialResult(Trial(number, {}, ()), (), ({"verdict": "healthy", "outcome": "learned"},), 1.0))
        progress._live.refresh()
make_console().print(Bar(1.0))
make_console().print(Text("ranking " * 30))
"""
WRITTEN = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|\r|\n|[^\x1b\r\n]+")


def screen(text):
    """The lines of a screen on which a cursor moved up, cleared lines and wrote over what stood there."""
    lines, row, column = [""], 0, 0
    for found in WRITTEN.finditer(text):
        words, count = found.group(0), int(found.group(1) or 1) if (found.group(1) or "1").isdigit() else 1
        if words == "\n":
            row += 1
            lines += [""] * (row == len(lines))
        elif words == "\r":
            column = 0
        elif found.group(2) == "A":
            row = max(row - count, 0)
        elif found.group(2) == "K":
            lines[row] = ""
        elif not found.group(2):
            lines[row] = lines[row].ljust(column)[:column] + words + lines[row][column + len(words) :]
            column += len(words)
    return lines


@pytest.fixture
def shown():
    """What a terminal of so many columns receives."""

    def received(columns, **environment):
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR", "FORCE_COLOR")}
        environment = {**kept, "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8", **environment}
        pipes = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
        with subprocess.Popen([sys.executable, "-c", SCRIPT], env=environment, **pipes) as script:
            os.close(theirs)
            written = b"".join(iter(lambda: _read(ours), b""))
        os.close(ours)
        assert script.returncode == 0, written.decode()
        return written.decode()

    return received


def _read(end):
    try:
        return os.read(end, 65536)
    except OSError:  # on Linux, the end of a terminal that nobody writes to any more
        return b""


def test_the_live_page_is_drawn_over_itself_within_the_screen_and_the_page_below_it(shown):
    written = shown(60)
    lines = screen(written)
    assert "So far, müller" in written
    assert sum("a_study" in line for line in lines) == 1
    assert not any("So far" in line for line in lines)
    assert max(map(len, lines)) <= 60
    assert "█" * 10 in "".join(lines)
    assert written.endswith("\r\n")
    assert "\x1b[?25h" in written
    assert_told(lines)


def test_without_colour_and_without_unicode_everything_is_still_told_on_a_wide_terminal(shown):
    written = shown(200, NO_COLOR="1", PYTHONIOENCODING="ascii")
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", written), "a colour"
    assert "#" * 10 in "".join(screen(written))
    assert max(map(len, screen(written))) <= 200
    assert_told(screen(written))


def assert_told(lines):
    assert "2/2 trials" in next(line for line in lines if "trials" in line)
    assert " ".join(lines).count("ranking") == 30
