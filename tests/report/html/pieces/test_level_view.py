"""Trials as points: where they lie, and the paths that draw them."""

import numpy as np
import pandas as pd
import pytest

from gradstudy.records import DUMMY, Factor
from gradstudy.report.html.pieces.level_view import MOST_DRAWN, TrialPoints, point_paths, trial_points

ACT = Factor("act", ("tanh", "relu"))


def members(trials, seeds=2, **columns):
    table = pd.DataFrame([{"trial": trial, "seed": seed} for trial in range(trials) for seed in range(seeds)])
    given = {
        "act": "tanh",
        "dummy": 0.5,
        "vanishing": 1.0,
        "exploding": 0.0,
        "verdict": "healthy",
        "first_bad_step": np.nan,
    }
    return table.assign(**{**given, **columns})


@pytest.fixture
def points(make_findings):
    def made(table, response="vanishing"):
        return trial_points(make_findings(table, info={"factors": (ACT, DUMMY), "steps": 9}), response)

    return made


def test_a_trials_value_is_the_mean_over_its_seeds(points):
    assert points(members(2, vanishing=[1.0, 3.0, 4.0, 4.0])).values.tolist() == [2.0, 4.0]


def test_a_trial_says_how_many_of_its_members_diverged(points):
    verdicts = ["healthy", "healthy", "diverged", "vanishing", "diverged", "diverged"]
    made = points(members(3, verdict=verdicts))
    assert made.kinds.tolist() == ["none", "some", "all"]
    assert made.verdicts == ("2 healthy", "1 vanishing, 1 diverged", "2 diverged")


def test_a_time_is_told_in_steps(points):
    ends = members(2, verdict=["diverged"] * 2 + ["healthy"] * 2, first_bad_step=[2.0, 4.0, np.nan, np.nan])
    assert points(ends, "time_to_divergence").values.tolist() == [3.0, 9.0]


def test_hunted_trials_are_left_out(points):
    made = points(members(3, phase=["screen"] * 4 + ["hunt"] * 2))
    assert made.numbers.tolist() == [0, 1]


def test_of_too_many_trials_a_fixed_part_is_drawn(points):
    table = members(MOST_DRAWN + 50, seeds=1, vanishing=np.arange(MOST_DRAWN + 50.0))
    made, again = points(table), points(table)
    assert made.total == MOST_DRAWN + 50
    assert len(made.numbers) == MOST_DRAWN
    assert (made.numbers == made.values).all()
    assert (made.numbers == again.numbers).all()
    assert len(made.codes["act"]) == MOST_DRAWN


def points_of(kinds, numbers=None):
    numbers = np.arange(len(kinds)) if numbers is None else np.array(numbers)
    return TrialPoints(numbers, np.zeros(len(kinds)), np.array(kinds), ("",) * len(kinds), {}, len(kinds))


def test_every_point_is_a_stroke_at_its_place_with_some_length_or_print_leaves_squares_out():
    (path,) = point_paths(
        np.array([0.0, 12.34]), np.array([50.0, 100.0]), points_of(["none"] * 2, [7, 9]), np.array([True] * 2)
    )
    assert (path.kind, path.d, path.trials) == ("none", "M0 500h1M123 1000h1", "7 9")


def test_every_kind_that_occurs_has_a_path_of_its_own():
    made = points_of(["all", "none", "some", "none"])
    at = np.zeros(4)
    paths = point_paths(at, at, made, np.array([True, True, False, True]))
    assert [(path.kind, path.trials) for path in paths] == [("none", "1 3"), ("all", "0")]
