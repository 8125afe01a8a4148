import numpy as np
import pytest
import scipy

from gradstudy.analysis.ranking.causes import UNCLEAR, direction, furthest_apart
from gradstudy.analysis.space.coordinates import INACTIVE
from gradstudy.records import Factor

X = (np.arange(60) + 0.5) / 60
GAIN = Factor("init.gain")
ACT = Factor("activation", ("tanh", "relu", "sigmoid"))
CODES = np.arange(60) % 3.0
WOBBLE = np.sin(np.arange(60) * 2.4) / 10


def words(factor, coordinates, values, response="gain"):
    return direction(factor, coordinates, values, response=response, level=0.05)


def test_the_highest_level_is_named_over_the_lowest():
    values = np.array([1.0, 5.1, 3.0])[CODES.astype(int)]
    assert words(ACT, CODES, values) == "relu raises it by 4.1 decades over tanh"


# Means of the outer thirds of the range lie at 1/6 and 5/6 of it, so a slope of s moves the response by 2/3 s.
@pytest.mark.parametrize(
    ("slope", "response", "expected"),
    [
        (4.8, "gain", "higher init.gain raises it by 3.2 decades"),
        (-4.8, "loss_drop", "higher init.gain lowers it by 3.2 decades"),
        (0.3, "rate", "higher init.gain raises it by 0.2 decades per place"),
        (0.6, "clipped", "higher init.gain raises it by 0.4 (share of steps)"),
    ],
)
def test_a_number_moves_the_response_from_its_lowest_to_its_highest_third(slope, response, expected):
    assert words(GAIN, X, slope * X, response) == expected


@pytest.mark.parametrize(("sign", "expected"), [(1, "lowest in the middle"), (-1, "highest in the middle")])
def test_a_valley_or_a_hill_is_said_to_be_one(sign, expected):
    assert words(GAIN, X, sign * (X - 0.5) ** 2) == expected


def test_a_slope_is_not_taken_for_a_valley_because_of_one_odd_trial():
    values = 3 * X
    values[np.argmin(X)] = 60.0  # lifts the mean of the lowest third above that of the middle one, and no rank but one
    assert words(GAIN, X, values) != "lowest in the middle"


def test_a_response_that_saturates_keeps_its_direction():
    assert words(GAIN, X, np.minimum(30 * X, 10.0)).startswith("higher init.gain raises it by")


@pytest.mark.parametrize(
    ("factor", "coordinates", "values"),
    [(GAIN, X, WOBBLE), (GAIN, X, np.ones(60)), (ACT, CODES, np.ones(60)), (GAIN, np.full(60, INACTIVE), X)],
    ids=["noise", "constant over a number", "constant over levels", "lives nowhere"],
)
def test_nothing_is_claimed_where_nothing_is_seen(factor, coordinates, values):
    assert words(factor, coordinates, values) == UNCLEAR


def test_two_values_of_a_whole_number_have_a_direction():
    ends = np.round(X)
    assert words(GAIN, ends, 2 * ends) == "higher init.gain raises it by 2.0 decades"


def test_trials_in_which_the_factor_does_not_live_are_left_out():
    lives = CODES != 0
    assert words(GAIN, np.where(lives, X, INACTIVE), np.where(lives, 4.8 * X, 99.0)).startswith(
        "higher init.gain raises"
    )


def test_levels_are_named_as_on_the_command_line():
    codes, values = np.repeat([0.0, 1.0], 20), np.repeat([0.0, 3.0], 20) + np.arange(40) % 5 / 100
    told = direction(Factor("task.standardize", (True, False)), codes, values, response="vanishing", level=0.05)
    assert told == "false raises it by 3.0 decades over true"


@pytest.mark.slow
def test_a_difference_of_levels_holds_for_all_pairs_together():
    """Of ten levels that do nothing, the two that lie furthest apart differ "significantly" in most screens, taken by
    themselves. Over all 45 pairs it is 5 % of screens at most: 3 of 20 or fewer in 98.4 % of all cases."""
    many = Factor("model", tuple("abcdefghij"))
    codes, random = np.arange(120) % 10.0, np.random.default_rng(7)
    claimed = [words(many, codes, random.normal(size=120)) != UNCLEAR for _ in range(20)]
    assert sum(claimed) <= 3
    assert words(many, codes, random.normal(size=120) + 4 * (codes == 3)).startswith("d raises it by")


def furthest_by_scipy(groups, level):
    with np.errstate(invalid="ignore", divide="ignore"):
        found = scipy.stats.tukey_hsd(*groups, equal_var=False)
    clear = (found.statistic > 0.0) & ~(found.pvalue >= level)
    if not clear.any():
        return None
    pair = np.unravel_index(np.where(clear, found.statistic, 0.0).argmax(), clear.shape)
    return *pair, found.statistic[pair]


@pytest.mark.parametrize("seed", range(24))
def test_the_groups_that_are_surely_furthest_apart_are_those_of_scipys_games_howell_test(seed):
    random = np.random.default_rng(seed)
    scatters, places = random.choice([0.0, 0.3, 1.0, 2.0], 4), random.choice([0.0, 0.5, 1.0, 2.0], 4)
    sizes = random.integers(2, 30, random.integers(2, 5))
    groups = [
        random.normal(place, scatter, size) for place, scatter, size in zip(places, scatters, sizes, strict=False)
    ]
    if seed % 3 == 0:
        groups = [np.round(group) for group in groups]
    assert furthest_apart(groups, 0.05) == furthest_by_scipy(groups, 0.05)
