"""Every response by the cases whose truth algebra gives, and what holds of each of them, by itself."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from support.made_records import made_record

from gradstudy.analysis.ranking.ranking import rank
from gradstudy.analysis.responses.member_row import member_row
from gradstudy.analysis.settings import Analysis
from gradstudy.records import SCREEN, Factor, MemberRecord, Series
from gradstudy.response import RANKED, RESPONSES, TIME
from gradstudy.search.objective import Objective, check_responses
from gradstudy.series import CEILING, FLOOR

SETTINGS = Analysis()
HEALTHY = {
    "signal": 10.0 ** np.linspace(-1.5, -1.0, 24).reshape(6, 4),
    "norms": [1.0, 2.0, 1.5, 1.2, 1.0, 0.9],
    "coefficients": [1.0, 0.5, 1.0, 1.0, 1.0, 1.0],
    "loss": [2.0, 1.5, 1.2, 1.1, 0.9, 0.8],
    "baseline": 2.5,
}
RECORDS = {
    "healthy": HEALTHY,
    "one step": {"signal": [[0.1, 0.5, 1.0]], "norms": [2.0]},
    "vanished": {"signal": np.zeros((4, 3)), "norms": np.zeros(4), "loss": np.ones(4), "baseline": 1.0},
    "exploded": {"signal": [[1e300, 1e10, 1e-300]] * 4, "norms": [1e-300, 1e300, 0.0, 1e308]},
    "diverged": {
        "signal": [[0.1, 1.0], [np.inf, 1.0]],
        "norms": [1.0, np.inf],
        "loss": [1.0, np.nan],
        "baseline": 1.0,
        "first_bad_step": 1,
    },
    "never finite": {
        "signal": [[np.nan, np.nan]],
        "norms": [np.nan],
        "coefficients": [np.nan],
        "loss": [np.inf],
        "baseline": 1.0,
        "first_bad_step": 0,
    },
}


def measure(record: MemberRecord, **changes) -> dict[str, float]:
    return {name: response.measure(record, Analysis(**changes)) for name, response in RESPONSES.items()}


def anything(seed: int) -> MemberRecord:
    """A record of the numbers at which formulas break."""
    random = np.random.default_rng(seed)
    extremes = np.array([0.0, 5e-324, 1e-308, 1.0, 1e308, np.inf, np.nan])
    steps = random.integers(1, 6)
    columns = {name: random.choice(extremes, steps) for name in ("norms", "coefficients", "loss")}
    signal = random.choice(extremes, (steps, random.integers(1, 5)))
    baseline, bad = random.choice([None, 5e-324, 1.0, 1e308]), random.choice([None, steps - 1])
    return made_record(signal, **columns, baseline=baseline, first_bad_step=bad)


@pytest.mark.parametrize("response", RANKED.values(), ids=list(RANKED))
def test_a_response_says_what_it_is_in_words_that_pages_can_use(response):
    assert RANKED[response.name] is response
    assert response.name.isidentifier()
    assert response.unit
    assert response.noun
    assert response.question.startswith("What ")
    assert response.question.endswith("?")
    told = response.definition.format(cap="CAP", first_steps="STEPS")
    assert told.endswith(".")
    assert "{" not in told


@pytest.mark.parametrize("response", RESPONSES.values(), ids=list(RESPONSES))
@pytest.mark.parametrize("record", [made_record(**columns) for columns in RECORDS.values()], ids=list(RECORDS))
def test_a_response_is_one_finite_number_of_any_member(response, record):
    value = response.measure(record, SETTINGS)
    assert type(value) is float
    assert np.isfinite(value)


@pytest.mark.parametrize("response", RESPONSES.values(), ids=list(RESPONSES))
def test_a_response_is_finite_and_ends_at_its_cap_whatever_was_recorded(response):
    values = [response.measure(anything(seed), SETTINGS) for seed in range(40)]
    assert np.isfinite(values).all()
    if "{cap}" in response.definition:
        assert np.abs(values).max() <= SETTINGS.cap


@pytest.mark.parametrize("response", RESPONSES.values(), ids=list(RESPONSES))
def test_a_loss_in_another_unit_changes_no_response(response):
    # a loss of 1024 times the size has gradients of 1024 times the size: every response is of ratios
    scaled = {name: 1024 * np.array(HEALTHY[name]) for name in ("signal", "norms", "loss", "baseline")}
    plain, other = made_record(**HEALTHY), made_record(**HEALTHY | scaled)
    assert response.measure(other, SETTINGS) == pytest.approx(response.measure(plain, SETTINGS), abs=1e-12)


@pytest.mark.parametrize("name", RESPONSES)
def test_a_response_is_stored_ranked_and_hunted_by_its_name(name):
    row = member_row(made_record(**HEALTHY), SETTINGS)
    members = pd.DataFrame({**row, "trial": trial, "phase": SCREEN, "act": "tanh"} for trial in range(3))
    assert Analysis(responses=(name,)).responses == (name,)
    assert rank(members, [Factor("act", ("tanh", "relu"))], name).response == name
    check_responses([name])
    less, more = ([{**row, name: value}] for value in (0.25, 0.5))
    healthiest, worst = Objective(name, "healthiest"), Objective(name, "worst")
    better = healthiest.sign * healthiest.mean(less) < healthiest.sign * healthiest.mean(more)
    assert better == (RESPONSES[name].harm > 0)
    assert worst.sign == -healthiest.sign


def test_a_time_to_divergence_can_be_ranked_and_is_no_number_of_a_member():
    assert set(RANKED) - set(RESPONSES) == {TIME}
    with pytest.raises(ValueError, match="objective must be some of"):
        check_responses([TIME])


@pytest.mark.parametrize(
    ("norms", "expected"),
    [
        ([3.0], 0.0),
        ([3.0, 3.0, 3.0], 0.0),
        ([1.0, 10.0, 1.0, 10.0], 1.0),
        ([1.0, 10.0, 100.0, 1000.0], 1.0),
        ([1.0, 1.0, 1e9, 1.0, 1.0, 1.0], 0.0),
        ([1.0, 2.0, 1.0, 2.0, np.inf], np.log10(2.0)),
        ([0.0, 0.0, 0.0], 0.0),
        ([0.0, 1.0, 0.0, 1.0], SETTINGS.cap),
    ],
    ids=["one step", "constant", "up and down", "rising", "one spike", "diverged at last", "dead", "in and out of 0"],
)
def test_noise_is_the_median_size_of_the_norms_steps_in_decades(norms, expected):
    bad = len(norms) - 1 if np.inf in norms else None
    record = made_record(np.ones((len(norms), 2)), norms=norms, first_bad_step=bad)
    assert RESPONSES["noise"].measure(record, SETTINGS) == pytest.approx(expected)


def test_noise_of_independent_lognormal_norms_is_that_of_a_difference_of_two():
    # log10 of the norm ~ N(t / 1000, 0.3): differences ~ N(0.001, 0.3 sqrt 2), whose median size is 0.6745 as much
    steps = np.arange(20_000)
    norms = 10.0 ** (np.random.default_rng(3).normal(steps / 1000, 0.3))
    found = RESPONSES["noise"].measure(made_record(np.ones((len(steps), 1)), norms=norms), SETTINGS)
    assert found == pytest.approx(0.6745 * 0.3 * np.sqrt(2.0), rel=0.03)


def test_a_member_that_diverged_before_two_steps_could_be_compared_is_as_noisy_as_can_be():
    record = made_record(np.ones((2, 2)), norms=[1.0, np.inf], first_bad_step=1)
    assert RESPONSES["noise"].measure(record, SETTINGS) == SETTINGS.cap


@pytest.mark.parametrize("ratio", [0.1, 0.5, 1.0, 2.0])
def test_a_geometric_decay_on_the_way_back_is_recovered(ratio):
    profile = 0.3 * ratio ** np.arange(8)[::-1]  # places from input to output: the signal travels from the last one
    found = measure(made_record([profile, profile]))
    decades = 7 * np.log10(ratio)
    assert found["rate"] == pytest.approx(np.log10(ratio))
    assert found["gain"] == pytest.approx(decades)
    assert found["gain_init"] == pytest.approx(decades)
    assert found["vanishing"] == pytest.approx(max(0.0, -decades))
    assert found["exploding"] == pytest.approx(max(0.0, decades))


def test_the_rate_is_the_least_squares_slope_of_the_median_step():
    signal = np.exp(np.random.default_rng(0).normal(size=(5, 9)))
    slopes = [np.polyfit(np.arange(9)[::-1], np.log10(row), 1)[0] for row in signal]
    assert measure(made_record(signal))["rate"] == pytest.approx(np.median(slopes))


def test_gain_is_a_median_and_vanishing_follows_it():
    found = measure(made_record([[1e-1, 1.0], [1e-4, 1.0], [1e2, 1.0], [1e-4, 1.0], [1e-5, 1.0]]))
    assert (found["gain"], found["gain_init"]) == pytest.approx((-4.0, -1.0))
    assert found["vanishing"] == pytest.approx(4.0)


def exploding(gains, growth=0.0):
    """Of a network with these gains [step], whose signal at the last place is 1 and whose norm grew by so much."""
    signal = np.stack([10.0 ** np.array(gains, float), np.ones(len(gains))], axis=1)
    return measure(made_record(signal, norms=10.0 ** (np.zeros(len(gains)) + growth)))["exploding"]


def test_what_explodes_at_the_first_step_or_for_ten_has_exploded_and_what_one_batch_does_has_not():
    assert exploding([4.0, *[-6.0] * 29]) == pytest.approx(4.0)
    assert exploding([*[0.0] * 20, *[2.5] * 10]) == pytest.approx(2.5)
    assert exploding([*[0.5] * 20, 6.0, *[0.5] * 9]) == pytest.approx(0.5)
    assert exploding([0.5, 3.0, 3.0]) == pytest.approx(3.0)  # fewer than ten steps: the median of all


def test_a_single_step_off_a_cliff_counts_in_the_norm():
    spike = np.eye(30)[20] * 4.0
    assert exploding([0.0] * 30, growth=spike) == pytest.approx(4.0)
    assert exploding([*[-3.0] * 30], growth=spike) == pytest.approx(4.0)  # a start that has vanished hides nothing


def test_a_slow_growth_of_many_decades_has_exploded():
    assert exploding([0.0] * 61, growth=np.linspace(0.0, 6.0, 61)) == pytest.approx(6.0, abs=0.5)


def test_a_norm_that_grows_as_a_vanished_signal_arrives_again_has_not_exploded():
    recovery = np.minimum(np.linspace(0.0, 9.0, 61), 4.0)
    assert exploding(recovery - 4.0, growth=recovery) == pytest.approx(0.0, abs=0.01)
    # what it grows beyond what it had lost is growth; gained by the signal in no step, it is the norm's alone
    beyond = exploding(recovery - 4.0, growth=recovery + np.linspace(0.0, 2.5, 61))
    assert beyond == pytest.approx(2.5, abs=0.4)


def test_what_grows_at_the_last_place_was_never_lost_on_the_way_back():
    """A recurrent network at 20 decades of loss is driven at its end: 6 decades more, while the gain recovers by 15."""
    last = 10.0 ** np.linspace(0.0, 6.0, 31)
    gains = np.linspace(-20.0, -5.0, 31)
    record = made_record(np.stack([last * 10.0**gains, last], axis=1), norms=last)
    assert measure(record)["exploding"] == pytest.approx(6.0, abs=1.0)


def test_one_place_has_neither_gain_nor_rate():
    found = measure(made_record([[0.2], [0.4]]))
    assert found["gain"] == found["rate"] == 0.0


def test_capped_responses_stop_at_the_cap_and_gain_does_not():
    found = measure(made_record([[1e-200, 1.0]]), cap=7.0)
    assert found["vanishing"] == 7.0
    assert found["gain"] == pytest.approx(-200.0)


@pytest.mark.parametrize("last", [1.0, 1e-300, 0.0], ids=["alive", "tiny", "dead"])
def test_nothing_arriving_at_the_first_place_is_a_vanishing_at_the_cap(last):
    found = measure(made_record([[0.0, 0.0, last]] * 3))
    assert found["vanishing"] == SETTINGS.cap
    assert found["exploding"] == 0.0
    assert found["gain"] == found["gain_init"] == FLOOR
    assert found["rate"] == pytest.approx(FLOOR / 2)


def looked_at(record, steps, signal):
    """The record with what float64 saw of the signal [look, place] at these steps."""
    places = record.series["signal"].places
    looks = Series(places, np.array(steps), np.array(signal, dtype=float))
    return replace(record, series={**record.series, "signal_float64": looks})


def test_where_float32_reads_zero_the_last_look_in_float64_says_how_small_it_is():
    record = made_record([[0.0, 0.0, 1.0]] * 3 + [[1e-30, 1e-15, 1.0]] * 2)
    found = measure(looked_at(record, [0, 2], [[1e-60, 1e-30, 1.0], [1e-50, 1e-25, 1.0]]))
    assert found["gain_init"] == pytest.approx(-60.0)
    assert found["gain"] == pytest.approx(-50.0)  # the median of -60, -60, -50, -30, -30
    assert found["rate"] == pytest.approx(-25.0)


def test_what_is_zero_in_float64_too_is_a_true_zero():
    found = measure(looked_at(made_record([[0.0, 0.5, 1.0]] * 3), [0, 2], [[0.0, 0.5, 1.0]] * 2))
    assert found["gain"] == found["gain_init"] == FLOOR


def test_the_first_gain_is_that_of_float64_where_float32_overflowed():
    record = looked_at(made_record([[np.inf, 1.0]], norms=[np.inf], first_bad_step=0), [0], [[1e45, 1.0]])
    assert measure(record)["gain_init"] == pytest.approx(45.0)
    assert measure(record)["exploding"] == SETTINGS.cap


@pytest.mark.parametrize("bad", [np.inf, np.nan])
def test_the_bad_step_sets_exploding_to_the_cap_and_leaves_the_medians_alone(bad):
    healthy = [[1e-2, 1e-1, 1.0]] * 2
    found = measure(made_record([*healthy, [bad, bad, 1.0]], norms=[1.0, 1.0, bad], first_bad_step=2))
    assert found["exploding"] == SETTINGS.cap
    assert (found["gain"], found["rate"], found["vanishing"]) == pytest.approx((-2.0, -1.0, 2.0))


def test_a_member_that_was_never_finite_sits_at_the_ceiling():
    record = made_record(
        [[np.nan] * 3], norms=[np.inf], coefficients=[np.nan], loss=[np.inf], baseline=1.0, first_bad_step=0
    )
    found = measure(record)
    assert found["gain"] == found["gain_init"] == CEILING
    assert found["rate"] == pytest.approx(CEILING / 2)
    assert (found["exploding"], found["vanishing"], found["learned"]) == (SETTINGS.cap, 0.0, -1.0)


def test_norm_growth_is_measured_against_the_median_of_the_first_steps():
    norms = [1.0, 100.0, 100.0, 1e4, 1.0]
    assert measure(made_record([[1.0, 1.0]] * 5, norms=norms), first_steps=3)["exploding"] == pytest.approx(2.0)
    assert measure(made_record([[1.0, 1.0]] * 5, norms=norms), first_steps=1)["exploding"] == pytest.approx(4.0)


def test_a_norm_that_falls_from_its_first_step_on_has_not_grown():
    """A linear regression that descends by half a decade per step is four and a half above its median at the start."""
    falling = 10.0 ** (-0.5 * np.arange(20))
    assert measure(made_record([[1.0, 1.0]] * 20, norms=falling))["exploding"] == 0.0
    falling[4] = 1e3  # a step off a cliff, three decades above the start
    assert measure(made_record([[1.0, 1.0]] * 20, norms=falling))["exploding"] == pytest.approx(3.0)


def test_a_norm_of_zero_is_no_reference_for_growth():
    assert measure(made_record([[1.0, 1.0]] * 3, norms=[0.0, 0.0, 5.0]), first_steps=2)["exploding"] == 0.0
    late = measure(made_record([[1.0, 1.0]] * 4, norms=[0.0, 0.0, 5.0, 500.0]), first_steps=3)
    assert late["exploding"] == pytest.approx(2.0)


def test_clipped_is_the_share_of_steps_on_which_clipping_engaged():
    assert measure(made_record([[1.0]] * 4, coefficients=[1.0, 0.5, 1.0, 1.0]))["clipped"] == 0.25


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
def test_the_drop_of_the_loss_is_in_decades_and_a_diverged_member_has_none(loss, first_bad_step, expected):
    record = made_record([[1.0]] * len(loss), loss=loss, first_bad_step=first_bad_step)
    assert measure(record)["loss_drop"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("loss", "first_bad_step", "expected"),
    [
        ([38.0, 2.0, 2.0], None, 0.0),
        ([2.0, 1.0, 0.5], None, 0.75),
        ([2.0, 0.0], None, 1.0),
        ([2.0, 3.0], None, -0.5),
        ([2.0, 50.0], None, -1.0),
        ([38.0, *[0.5] * 18, 0.1, 20.0], None, -1.0),
        ([38.0, *[0.5] * 28, 0.1, 20.0], None, 0.75),
        ([2.0, 0.5, np.nan], 2, 0.0),
        ([2.0, 3.0, np.inf], 2, -0.5),
        ([np.inf], 0, -1.0),
        ([1.0], None, 0.0),
    ],
    ids=[
        *("fell to the baseline", "learned", "learned all", "worse than the baseline", "lost all"),
        *("two steps are late: their median", "three steps are late: their median"),
        *("learned and diverged", "rose and diverged", "never finite", "nothing trained"),
    ],
)
def test_learned_is_the_share_of_the_way_from_the_baseline_to_nothing(loss, first_bad_step, expected):
    record = made_record([[1.0]] * len(loss), loss=loss, baseline=2.0, first_bad_step=first_bad_step)
    assert measure(record)["learned"] == pytest.approx(expected)


def test_nothing_is_learned_of_a_task_without_a_baseline():
    assert measure(made_record([[1.0]] * 2, loss=[5.0, 1.0]))["learned"] == 0.0


def test_the_reference_of_two_huge_norms_does_not_overflow():
    assert measure(made_record([[1.0, 1.0]] * 2, norms=[1e308, 1.5e308]))["exploding"] == pytest.approx(
        np.log10(1.5 / 1.25)
    )


FORGETS = np.outer([1.0, 2.0, 4.0], 10.0 ** np.arange(-6.0, 1.0, 2.0))  # [look, place]: 6 decades at every look
NEARBY = np.full((8, 4), 0.5)


def followed_back(looks, far=FORGETS, signal=NEARBY, **fields):
    """A member with an answer at each of its four time steps, whose last one was followed back at these steps."""
    places = [f"time_{place:03d}" for place in range(1, 5)]
    seen = {"far_signal": dict(zip(places, far.T, strict=True))}
    return made_record(signal, places=places, looks=looks, seen=seen, **fields)


def test_where_every_step_has_an_answer_responses_are_of_the_last_one_alone():
    plain, far = measure(made_record(NEARBY)), measure(followed_back((0, 1, 7)))
    assert (plain["gain"], plain["rate"], plain["vanishing"]) == (0, 0, 0)  # also of studies stored before
    assert far == plain | {"vanishing": 6, "gain": -6, "gain_init": -6, "rate": pytest.approx(-2)}
    assert member_row(followed_back((0, 1, 7)), SETTINGS)["verdict"] == "vanishing"


def test_a_look_at_the_last_answer_holds_until_the_next():
    """Of 8 steps, 2 are like the first look, 5 like the second and 1 like the third: the median step is the second."""
    gains = (-1.0, -4.0, -9.0)
    far = np.array([[10.0**gain, 1.0, 1.0, 1.0] for gain in gains])
    found = measure(followed_back((0, 2, 7), far))
    assert (found["gain_init"], found["gain"], found["vanishing"]) == (-1, -4, 4)


def test_what_explodes_may_do_so_from_the_last_answer_or_from_all_together():
    grows = FORGETS[:, ::-1]
    assert measure(followed_back((0, 1, 7), grows))["exploding"] == 6
    assert measure(followed_back((0, 1, 7), signal=np.tile([1e3, 1, 1, 1], (8, 1))))["exploding"] == 3
    ended = followed_back((0, 1, 7), signal=NEARBY, first_bad_step=7)
    assert measure(ended)["exploding"] == SETTINGS.cap


def test_a_last_answer_of_which_nothing_comes_back_is_at_the_floor():
    assert measure(followed_back((0, 1, 7), np.zeros((3, 4))))["gain"] == FLOOR
    assert measure(followed_back((0, 1, 7), np.full((3, 4), np.nan)))["gain"] == CEILING
