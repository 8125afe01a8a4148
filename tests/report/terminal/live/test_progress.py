import io
from types import SimpleNamespace

import pytest

from gradstudy.records import Trial, TrialResult
from gradstudy.report.terminal.console import PageConsole
from gradstudy.report.terminal.live.progress import Progress, TimeLeft

VERDICTS = ("healthy", "vanishing", "vanishing", "diverged")
RESULT = TrialResult(
    Trial(0, {}, ()), (), tuple({"verdict": one, "outcome": "learned"} for one in VERDICTS), seconds=8.0
)
"""Four members that took a worker two seconds each."""


@pytest.fixture
def file():
    return io.StringIO()


@pytest.fixture
def so_far():
    """What was found so far is what a test writes there; it keeps what it is told."""
    told = []
    return SimpleNamespace(words="", told=told, add=lambda trial, rows: told.append((trial, rows)))


@pytest.fixture
def start(clock, file, so_far):
    def started(name="s", console=None, width=80, **fields):
        shown = {"console": console or PageConsole(file=file, width=width), "so_far": so_far, "clock": clock}
        return Progress(name, seeds=4, **shown, **fields)

    return started


def advance(progress, clock, *, trials, seconds):
    for _ in range(trials):
        clock.now += seconds
        progress.advance(RESULT)


def paces(file):
    return [line.split(" trials")[0] for line in file.getvalue().splitlines() if line.startswith("s: ")]


def test_trials_speed_time_left_and_verdicts_are_told(start, clock, file):
    with start("rnn_clip", total=20) as progress:
        advance(progress, clock, trials=5, seconds=10.0)
        assert progress.pace() == "5/20 trials, 0.4 members/s, 0:02:30 left"
        clock.now += 1.0
        advance(progress, clock, trials=1, seconds=9.0)
    assert "  healthy 6, vanishing 12, exploding 0, diverged 6" in file.getvalue().splitlines()


def test_speed_counts_only_what_this_launch_trained(start, clock, file):
    with start(total=20, done=10, said=["healthy"] * 40) as progress:
        advance(progress, clock, trials=5, seconds=10.0)
        assert progress.pace() == "15/20 trials, 0.4 members/s, 0:00:50 left"
    assert "healthy 45, vanishing 10, exploding 0, diverged 5" in file.getvalue()


def test_what_several_workers_train_at_the_same_time_is_left_for_less_long(start, clock):
    progress = start(total=20, workers=4)
    clock.now = 10.0
    for _ in range(5):
        progress.advance(RESULT)
    assert progress.pace().endswith("0:00:30 left")


def test_a_file_gets_about_one_pace_per_tenth(start, clock, file):
    with start(total=200) as progress:
        advance(progress, clock, trials=200, seconds=1.0)
    assert paces(file) == [f"s: {done}/200" for done in range(20, 201, 20)]
    assert not set(file.getvalue()) & {"\x1b", "\r"}
    assert not any(line.endswith(" ") for line in file.getvalue().splitlines())


def test_a_slow_study_is_not_silent_for_longer_than_half_a_minute(start, clock, file):
    with start(total=1000) as progress:
        advance(progress, clock, trials=6, seconds=15.0)
    assert paces(file) == ["s: 2/1000", "s: 4/1000", "s: 6/1000", "s: 6/1000"]


def test_a_cohort_that_ends_in_one_moment_gets_one_pace(start, clock, file):
    with start(total=128) as progress:
        clock.now = 20.0
        advance(progress, clock, trials=64, seconds=0.0)
        assert len(paces(file)) == 1


def test_a_study_that_was_done_before_says_so_without_a_speed(start, file):
    with start(total=2, done=2, said=["healthy"] * 2):
        pass
    assert file.getvalue() == "s: 2/2 trials\n  healthy 2, vanishing 0, exploding 0, diverged 0\n\n"


def test_an_interrupted_study_says_how_far_it_came(start, clock, file):
    def interrupted():
        with start(total=10) as progress:
            advance(progress, clock, trials=3, seconds=0.1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert paces(file)[-1] == "s: 3/10"


def test_what_was_found_is_told_once_and_again_where_it_changed(start, clock, file, so_far):
    with start(total=100) as progress:
        advance(progress, clock, trials=10, seconds=1.0)
        for words in ("So far a", "So far a", "So far b"):
            so_far.words = words
            advance(progress, clock, trials=10, seconds=1.0)
    found = [line for line in file.getvalue().splitlines() if "So far" in line]
    assert found == ["  So far a", "  So far b"]
    assert len(so_far.told) == 40


def test_what_was_found_is_not_told_behind_the_end_where_the_ranking_stands(start, clock, file, so_far):
    with start(total=2) as progress:
        so_far.words = "So far a"
        advance(progress, clock, trials=2, seconds=60.0)
    assert file.getvalue().count("So far") == 1
    assert file.getvalue().splitlines()[-3].startswith("s: 2/2 trials")


def test_lines_in_a_file_lie_within_the_page_and_are_never_markup(start, clock, file, so_far):
    so_far.words = "[bold]found " + "word " * 40
    with start("[red]" + "n" * 90, total=9, width=40) as progress:
        advance(progress, clock, trials=3, seconds=30.0)
    lines = file.getvalue().splitlines()
    assert max(map(len, lines)) <= 40
    assert lines[0].startswith("[red]nnn")
    assert "  [bold]found word" in file.getvalue()


@pytest.fixture
def terminal(file, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    return PageConsole(file=file, force_terminal=True, force_interactive=True, width=80)


def test_a_terminal_gets_a_bar_what_was_found_and_its_cursor_back(start, clock, file, so_far, *, terminal, render):
    so_far.words = "So far a[red]"
    with start("s[red]", console=terminal, total=4) as progress:
        advance(progress, clock, trials=3, seconds=1.0)
        halfway = render(progress.page())
        advance(progress, clock, trials=1, seconds=1.0)
    assert "3/4 trials, 4.0 members/s" in halfway
    assert "So far a[red]" in halfway
    page = file.getvalue()
    assert "s[red]" in page
    assert "4/4 trials, 4.0 members/s" in page
    assert "healthy 4, vanishing 8, exploding 0, diverged 4" in page
    assert "So far" not in page[page.rindex("4/4 trials") :]
    assert page.endswith("\x1b[?25h\n")


def test_a_dumb_terminal_gets_lines(start, clock, file, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    with start(console=PageConsole(file=file, force_terminal=True, width=80), total=1) as progress:
        advance(progress, clock, trials=1, seconds=1.0)
    assert file.getvalue() == (
        "s: 1/1 trials, 4.0 members/s, 0:00:01 in all\n  healthy 1, vanishing 2, exploding 0, diverged 1\n\n"
    )


def told(clock, *trials, workers=1):
    """What was learned of trials (time at which they were done, members, seconds of a worker)."""
    clock.now = 0.0
    left = TimeLeft(workers, clock)
    for clock.now, members, seconds in trials:
        left.add(members, seconds)
    return left


def test_before_the_first_trial_it_says_how_long_it_has_taken(clock):
    left = TimeLeft(2, clock)
    clock.now = 75.0
    assert left.words(100) == "0:01:15 so far"


def test_what_is_left_is_what_members_cost_shared_by_the_workers(clock):
    """Two members in 3 s of a worker: 200 more take 300 s of one, 150 s of two. The 60 s of a slow start count not."""
    assert told(clock, (60.0, 2, 3.0), workers=2).words(200) == "0.0 members/s, 0:02:30 left"


def test_the_members_of_one_trial_of_a_cohort_that_ends_in_one_moment_say_as_much_as_all(clock):
    lone = told(clock, (10.0, 4, 0.5)).words(400)
    whole = told(clock, *[(10.0, 4, 0.5)] * 16).words(400)
    assert lone.partition(", ")[2] == whole.partition(", ")[2] == "0:00:50 left"


def test_where_storing_is_slower_than_training_its_pace_counts(clock):
    """A trial of 4 members every 2 s: 20 members take 10 s, whatever little they cost a worker."""
    assert told(clock, *((2.0 * trial, 4, 0.001) for trial in range(1, 6))).words(20) == "2.0 members/s, 0:00:10 left"


def test_time_left_runs_down_while_nothing_is_finished_and_never_out(clock):
    left = told(clock, (10.0, 10, 10.0))
    clock.now = 13.0
    assert left.words(10).endswith("0:00:07 left")
    clock.now = 99.0
    assert left.words(10).endswith("0:00:01 left")


def test_at_the_end_it_says_how_long_it_took(clock):
    assert told(clock, (8.0, 4, 1.0), (20.0, 4, 1.0)).words(0) == "0.4 members/s, 0:00:20 in all"


def test_where_nothing_was_to_do_nothing_is_said(clock):
    assert TimeLeft(1, clock).words(0) == ""
