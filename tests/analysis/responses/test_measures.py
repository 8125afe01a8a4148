from dataclasses import replace

import numpy as np
import pytest

from gradstudy.analysis.responses.member_row import member_row, verdict
from gradstudy.analysis.settings import Analysis
from gradstudy.decades import CEILING, FLOOR
from gradstudy.records import Series
from gradstudy.response import RESPONSES

SETTINGS = Analysis()


def measure(record, **changes):
    return {name: response.measure(record, Analysis(**changes)) for name, response in RESPONSES.items()}


@pytest.mark.parametrize("ratio", [0.1, 0.5, 1.0, 2.0])
def test_a_geometric_decay_on_the_way_back_is_recovered(make_record, ratio):
    profile = 0.3 * ratio ** np.arange(8)[::-1]  # places from input to output: the signal travels from the last one
    found = measure(make_record([profile, profile]))
    decades = 7 * np.log10(ratio)
    assert found["rate"] == pytest.approx(np.log10(ratio))
    assert found["gain"] == pytest.approx(decades)
    assert found["gain_init"] == pytest.approx(decades)
    assert found["vanishing"] == pytest.approx(max(0.0, -decades))
    assert found["exploding"] == pytest.approx(max(0.0, decades))


def test_the_rate_is_the_least_squares_slope_of_the_median_step(make_record):
    signal = np.exp(np.random.default_rng(0).normal(size=(5, 9)))
    slopes = [np.polyfit(np.arange(9)[::-1], np.log10(row), 1)[0] for row in signal]
    assert measure(make_record(signal))["rate"] == pytest.approx(np.median(slopes))


def test_gain_is_a_median_vanishing_follows_it_and_exploding_takes_the_worst_step(make_record):
    found = measure(make_record([[1e-1, 1.0], [1e-4, 1.0], [1e2, 1.0], [1e-4, 1.0], [1e-5, 1.0]]))
    assert (found["gain"], found["gain_init"]) == pytest.approx((-4.0, -1.0))
    assert (found["vanishing"], found["exploding"]) == pytest.approx((4.0, 2.0))


def test_one_place_has_neither_gain_nor_rate(make_record):
    found = measure(make_record([[0.2], [0.4]]))
    assert found["gain"] == found["rate"] == 0.0


def test_capped_responses_stop_at_the_cap_and_gain_does_not(make_record):
    found = measure(make_record([[1e-200, 1.0]]), cap=7.0)
    assert found["vanishing"] == 7.0
    assert found["gain"] == pytest.approx(-200.0)


@pytest.mark.parametrize("last", [1.0, 1e-300, 0.0], ids=["alive", "tiny", "dead"])
def test_nothing_arriving_at_the_first_place_is_a_vanishing_at_the_cap(make_record, last):
    found = measure(make_record([[0.0, 0.0, last]] * 3))
    assert found["vanishing"] == SETTINGS.cap
    assert found["exploding"] == 0.0
    assert found["gain"] == found["gain_init"] == FLOOR
    assert found["rate"] == pytest.approx(FLOOR / 2)


def looked_at(record, steps, signal):
    """The record with what float64 saw of the signal [look, place] at these steps."""
    places = record.series["signal"].places
    looks = Series(places, np.array(steps), np.array(signal, dtype=float))
    return replace(record, series={**record.series, "signal_float64": looks})


def test_where_float32_reads_zero_the_last_look_in_float64_says_how_small_it_is(make_record):
    record = make_record([[0.0, 0.0, 1.0]] * 3 + [[1e-30, 1e-15, 1.0]] * 2)
    found = measure(looked_at(record, [0, 2], [[1e-60, 1e-30, 1.0], [1e-50, 1e-25, 1.0]]))
    assert found["gain_init"] == pytest.approx(-60.0)
    assert found["gain"] == pytest.approx(-50.0)  # the median of -60, -60, -50, -30, -30
    assert found["rate"] == pytest.approx(-25.0)


def test_what_is_zero_in_float64_too_is_a_true_zero(make_record):
    found = measure(looked_at(make_record([[0.0, 0.5, 1.0]] * 3), [0, 2], [[0.0, 0.5, 1.0]] * 2))
    assert found["gain"] == found["gain_init"] == FLOOR


def test_the_first_gain_is_that_of_float64_where_float32_overflowed(make_record):
    record = looked_at(make_record([[np.inf, 1.0]], norms=[np.inf], first_bad_step=0), [0], [[1e45, 1.0]])
    assert measure(record)["gain_init"] == pytest.approx(45.0)
    assert measure(record)["exploding"] == SETTINGS.cap


@pytest.mark.parametrize("bad", [np.inf, np.nan])
def test_the_bad_step_sets_exploding_to_the_cap_and_leaves_the_medians_alone(make_record, bad):
    healthy = [[1e-2, 1e-1, 1.0]] * 2
    found = measure(make_record([*healthy, [bad, bad, 1.0]], norms=[1.0, 1.0, bad], first_bad_step=2))
    assert found["exploding"] == SETTINGS.cap
    assert (found["gain"], found["rate"], found["vanishing"]) == pytest.approx((-2.0, -1.0, 2.0))


def test_a_member_that_was_never_finite_sits_at_the_ceiling(make_record):
    record = make_record([[np.nan] * 3], norms=[np.inf], coefficients=[np.nan], loss=[np.inf], first_bad_step=0)
    found = measure(record)
    assert found["gain"] == found["gain_init"] == CEILING
    assert found["rate"] == pytest.approx(CEILING / 2)
    assert (found["exploding"], found["vanishing"], found["learned"]) == (SETTINGS.cap, 0.0, -SETTINGS.cap)


def test_norm_growth_is_measured_against_the_median_of_the_first_steps(make_record):
    norms = [1.0, 100.0, 100.0, 1e4, 1.0]
    assert measure(make_record([[1.0, 1.0]] * 5, norms=norms), first_steps=3)["exploding"] == pytest.approx(2.0)
    assert measure(make_record([[1.0, 1.0]] * 5, norms=norms), first_steps=1)["exploding"] == pytest.approx(4.0)


def test_a_norm_of_zero_is_no_reference_for_growth(make_record):
    assert measure(make_record([[1.0, 1.0]] * 3, norms=[0.0, 0.0, 5.0]), first_steps=2)["exploding"] == 0.0
    late = measure(make_record([[1.0, 1.0]] * 4, norms=[0.0, 0.0, 5.0, 500.0]), first_steps=3)
    assert late["exploding"] == pytest.approx(2.0)


def test_clipped_is_the_share_of_steps_on_which_clipping_engaged(make_record):
    assert measure(make_record([[1.0]] * 4, coefficients=[1.0, 0.5, 1.0, 1.0]))["clipped"] == 0.25


@pytest.mark.parametrize(
    ("loss", "first_bad_step", "expected"),
    [
        ([100.0, 7.0, 1.0], None, 2.0),
        ([1.0, 10.0], None, -1.0),
        ([1.0, 0.0], None, 10.0),
        ([100.0, 1.0, np.nan], 2, 0.0),
        ([1.0, 1000.0, np.inf], 2, -3.0),
    ],
    ids=["fell", "rose", "fell to zero", "fell and diverged", "rose and diverged"],
)
def test_learned_counts_decades_of_loss_and_a_diverged_member_never_learned(
    make_record, loss, first_bad_step, expected
):
    record = make_record([[1.0]] * len(loss), loss=loss, first_bad_step=first_bad_step)
    assert measure(record)["learned"] == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(20))
def test_responses_are_finite_whatever_was_recorded(make_record, seed):
    random = np.random.default_rng(seed)
    extremes = np.array([0.0, 5e-324, 1e-308, 1.0, 1e308, np.inf, np.nan])
    steps = random.integers(1, 6)
    columns = {name: random.choice(extremes, steps) for name in ("norms", "coefficients", "loss")}
    signal = random.choice(extremes, (steps, random.integers(1, 5)))
    found = measure(make_record(signal, **columns, first_bad_step=random.choice([None, steps - 1])))
    assert tuple(found) == tuple(RESPONSES)
    assert np.isfinite(list(found.values())).all()
    assert 0.0 <= found["vanishing"] <= SETTINGS.cap
    assert 0.0 <= found["exploding"] <= SETTINGS.cap


@pytest.mark.parametrize(
    ("vanishing", "exploding", "diverged", "expected"),
    [
        (2.9, 1.9, False, "healthy"),
        (3.0, 0.0, False, "vanishing"),
        (0.0, 2.0, False, "exploding"),
        (5.0, 4.0, False, "vanishing"),
        (4.0, 5.0, False, "exploding"),
        (9.0, 10.0, True, "diverged"),
    ],
)
def test_the_verdict_is_the_larger_response_that_meets_its_threshold(vanishing, exploding, diverged, expected):
    assert verdict({"vanishing": vanishing, "exploding": exploding}, diverged, SETTINGS) == expected


def test_a_member_row_holds_identity_responses_verdict_and_the_bad_step(make_record):
    row = member_row(make_record([[1e-4, 1.0], [np.inf, 1.0]], first_bad_step=1), SETTINGS)
    assert tuple(row) == ("trial", "seed", *RESPONSES, "verdict", "first_bad_step", "first_bad_tensor")
    assert (row["trial"], row["seed"], row["verdict"], row["first_bad_step"]) == (3, 1, "diverged", 1)


@pytest.mark.parametrize("wrong", [{"cap": 0.0}, {"confidence": 1.0}, {"first_steps": 0}, {"draws": 4}])
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Analysis(**wrong)


def test_the_reference_of_two_huge_norms_does_not_overflow(make_record):
    assert measure(make_record([[1.0, 1.0]] * 2, norms=[1e308, 1.5e308]))["exploding"] == pytest.approx(
        np.log10(1.5 / 1.25)
    )
