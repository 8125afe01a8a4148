"""The best region of a screen: what it holds, and a hunt that stays inside it."""

import optuna
import pytest
from support.hunted import FACTORS, driven, harm, made, option

from gradstudy.records import Factor
from gradstudy.search.hunt.told import Told, best_region, inside
from gradstudy.search.objective import Objective
from gradstudy.search.storage import open_storage

HEALTHIEST = (Objective("vanishing", "healthiest"),)
SPACE = (
    Factor("gain", low=0.0, high=1.0),
    Factor("rate", low=1e-4, high=1.0, log=True),
    Factor("width", low=10, high=50, integer=True),
    Factor("norm", ("none", "batch", "layer")),
)


def told(value, **levels):
    return Told(levels, (value,), (value,))


def named(region):
    return {factor.name: factor for factor in region}


def test_a_region_spans_the_best_quarter_and_a_twentieth_of_the_range_on_either_side():
    """Of 8 trials the best 2; .05 of a range of 1, of 4 decades and of 40."""
    trials = [
        told(0.0, gain=0.4, rate=1e-2, width=20, norm="layer"),
        told(1.0, gain=0.5, rate=1e-1, width=21, norm="none"),
        *(told(2.0 + n, gain=0.1 * n, rate=1e-4, width=50, norm="batch") for n in range(6)),
    ]
    region = named(best_region(SPACE, trials, HEALTHIEST))
    assert (region["gain"].low, region["gain"].high) == pytest.approx((0.35, 0.55))
    assert (region["rate"].low, region["rate"].high) == pytest.approx((10**-2.2, 10**-0.8), rel=1e-5)
    assert (region["width"].low, region["width"].high) == (18, 23)
    assert region["norm"].levels == ("none", "layer")
    assert [inside(region.values(), trial.levels) for trial in trials] == [True, True, *[False] * 6]


def test_a_region_ends_where_the_space_ends_and_keeps_what_lives_in_none_of_its_trials():
    trials = [told(0.0, gain=0.99, norm="none"), *(told(1.0, gain=0.5, norm="batch", rate=0.1) for _ in range(3))]
    region = named(best_region(SPACE, trials, HEALTHIEST))
    assert (region["gain"].low, region["gain"].high) == pytest.approx((0.94, 1.0))
    assert region["rate"] == SPACE[1]
    assert region["norm"].levels == ("none",)


def test_trials_as_good_as_the_last_of_the_best_quarter_count_too():
    trials = [told(0.0, gain=0.1 * n, norm="none") for n in range(1, 7)] + [told(5.0, gain=0.95, norm="none")] * 2
    gain = named(best_region(SPACE, trials, HEALTHIEST))["gain"]
    assert (gain.low, gain.high) == pytest.approx((0.05, 0.65))


def test_the_worst_are_sought_where_the_worst_are():
    trials = [told(float(n), gain=0.1 * n, norm="none") for n in range(8)]
    gain = named(best_region(SPACE, trials, (Objective("vanishing", "worst"),)))["gain"]
    assert (gain.low, gain.high) == pytest.approx((0.55, 0.75))


def test_a_hunt_behind_a_screen_stays_in_the_region_and_knows_its_trials(tmp_path):
    way = option("screen_then_hunt", objective="vanishing", batch=5)
    done = driven(made(way, trials=40), tmp_path, 40)
    screen, hunt = ([done[number][0] for number in numbers] for numbers in (range(20), range(20, 40)))
    assert {trial.phase for trial in screen} == {"screen"}
    assert all(0.0 <= trial.levels.pop("dummy") <= 1.0 for trial in screen)
    region = best_region(FACTORS, [told(harm(t.levels), **t.levels) for t in screen], HEALTHIEST)
    assert all(inside(region, trial.levels) for trial in hunt)
    known = [trial for trial in screen if inside(region, trial.levels)]
    stored = optuna.load_study(study_name="study-hunt", storage=open_storage("", tmp_path)).trials
    assert [trial.params for trial in stored] == [trial.levels for trial in known + hunt]
    assert 5 <= len(known) < 20
    assert sum(harm(t.levels) for t in hunt) / 20 < sum(harm(t.levels) for t in screen) / 20 - 0.5
