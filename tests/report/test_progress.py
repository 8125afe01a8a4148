import io

import pytest
from rich.console import Console

from gradstudy.report.progress import Progress

TRIAL = ("healthy", "vanishing", "vanishing", "diverged")


class Clock:
    """Seconds that pass only when a test says so."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def file():
    return io.StringIO()


def advance(progress, clock, *, trials, seconds):
    for _ in range(trials):
        clock.now += seconds
        progress.advance(TRIAL)


def test_a_line_says_trials_speed_time_left_and_verdicts(clock, file):
    progress = Progress("rnn_clip", total=20, seeds=4, console=Console(file=file), clock=clock)
    advance(progress, clock, trials=5, seconds=2.0)
    expected = "rnn_clip: 5/20 trials, 2.0 members/s, 0:00:30 left; healthy 5, vanishing 10, exploding 0, diverged 5"
    assert progress.line() == expected


def test_speed_counts_only_what_this_launch_trained(clock, file):
    progress = Progress(
        "s", total=20, seeds=4, console=Console(file=file), done=10, verdicts=["healthy"] * 40, clock=clock
    )
    advance(progress, clock, trials=5, seconds=2.0)
    assert progress.line() == (
        "s: 15/20 trials, 2.0 members/s, 0:00:10 left; healthy 45, vanishing 10, exploding 0, diverged 5"
    )


def test_a_file_gets_about_one_line_per_tenth(clock, file):
    with Progress("s", total=200, seeds=4, console=Console(file=file), clock=clock) as progress:
        advance(progress, clock, trials=200, seconds=1.0)
    lines = file.getvalue().splitlines()
    assert [line.split(" trials")[0] for line in lines] == [f"s: {done}/200" for done in range(20, 201, 20)]
    assert all("\x1b" not in line and "\r" not in line for line in lines)


def test_a_slow_study_is_not_silent_for_longer_than_half_a_minute(clock, file):
    with Progress("s", total=1000, seeds=4, console=Console(file=file), clock=clock) as progress:
        advance(progress, clock, trials=6, seconds=15.0)
    assert [line.split(" trials")[0] for line in file.getvalue().splitlines()] == [
        "s: 2/1000",
        "s: 4/1000",
        "s: 6/1000",
        "s: 6/1000",
    ]


def test_a_cohort_that_ends_in_one_moment_gets_one_line(clock, file):
    with Progress("s", total=128, seeds=4, console=Console(file=file), clock=clock) as progress:
        clock.now = 20.0
        advance(progress, clock, trials=64, seconds=0.0)
        assert len(file.getvalue().splitlines()) == 1


def test_a_study_that_was_done_before_says_so_without_a_speed(clock, file):
    with Progress("s", total=2, seeds=1, console=Console(file=file), done=2, verdicts=["healthy"] * 2, clock=clock):
        pass
    assert file.getvalue() == "s: 2/2 trials; healthy 2, vanishing 0, exploding 0, diverged 0\n"


def test_an_interrupted_study_says_how_far_it_came(clock, file):
    def interrupted():
        with Progress("s", total=10, seeds=4, console=Console(file=file), clock=clock) as progress:
            advance(progress, clock, trials=3, seconds=0.1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert file.getvalue().splitlines()[-1].startswith("s: 3/10 trials")


def test_a_line_in_a_file_is_never_wrapped_and_never_markup(clock, file):
    with Progress("[red]" + "n" * 90, total=1, seeds=4, console=Console(file=file, width=40), clock=clock) as progress:
        advance(progress, clock, trials=1, seconds=1.0)
    (line,) = file.getvalue().splitlines()
    assert line.startswith("[red]nnn")
    assert line.endswith("diverged 1")


def test_a_terminal_gets_a_bar_and_its_cursor_back(clock, file, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    console = Console(file=file, force_terminal=True, force_interactive=True, width=80)
    with Progress("s[red]", total=4, seeds=4, console=console, clock=clock) as progress:
        advance(progress, clock, trials=4, seconds=1.0)
    page = file.getvalue()
    assert "s[red]" in page
    assert "4/4 trials, 4.0 members/s" in page
    assert "healthy 4, vanishing 8, exploding 0, diverged 4" in page
    assert page.endswith("\x1b[?25h")


def test_a_dumb_terminal_gets_lines(clock, file, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    console = Console(file=file, force_terminal=True, width=80)
    with Progress("s", total=1, seeds=4, console=console, clock=clock) as progress:
        advance(progress, clock, trials=1, seconds=1.0)
    assert file.getvalue() == "s: 1/1 trials, 4.0 members/s; healthy 1, vanishing 2, exploding 0, diverged 1\n"
