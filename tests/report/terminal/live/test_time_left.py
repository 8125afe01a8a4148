from gradstudy.report.terminal.live.progress import TimeLeft


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
