import numpy as np

from gradstudy.report.html.pieces.level_view import TrialPoints, point_paths


def points(kinds, numbers=None):
    numbers = np.arange(len(kinds)) if numbers is None else np.array(numbers)
    return TrialPoints(numbers, np.zeros(len(kinds)), np.array(kinds), ("",) * len(kinds), {}, len(kinds))


def test_every_point_is_a_stroke_at_its_place_with_some_length_or_print_leaves_squares_out():
    (path,) = point_paths(
        np.array([0.0, 12.34]), np.array([50.0, 100.0]), points(["none"] * 2, [7, 9]), np.array([True] * 2)
    )
    assert (path.kind, path.d, path.trials) == ("none", "M0 500h1M123 1000h1", "7 9")


def test_every_kind_that_occurs_has_a_path_of_its_own():
    made = points(["all", "none", "some", "none"])
    at = np.zeros(4)
    paths = point_paths(at, at, made, np.array([True, True, False, True]))
    assert [(path.kind, path.trials) for path in paths] == [("none", "1 3"), ("all", "0")]
