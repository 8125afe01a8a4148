"""What of a trial becomes metrics: medians over the finite seeds, and counts of the others."""

from statistics import median

import numpy as np
import pytest
from made_trials import PLACES, make_result

from gradstudy.records import MemberRecord, Series, Trial, TrialResult
from gradstudy.tracking.trial_metrics import outcome, trial_metrics


def metrics(result, points=50):
    found = {}
    for key, step, value in trial_metrics(result, points):
        assert (key, step) not in found
        found[key, step] = value
    return found


def losses(*by_seed):
    """A trial whose loss is given, one list per seed; everything else is 1."""

    def series(values):
        return Series(("all",), np.arange(len(values)), np.array(values, float)[:, None])

    names = ("signal", "norm_before_clipping", "norm_after_clipping", "clip_coefficient")
    records = tuple(
        MemberRecord(0, seed, {"loss": series(own), **{name: series([1.0] * len(own)) for name in names}})
        for seed, own in enumerate(by_seed)
    )
    rows = tuple({"trial": 0, "seed": seed, "gain": 1.0, "verdict": "healthy"} for seed in range(len(by_seed)))
    return TrialResult(Trial(0, {}, ()), records, rows)


def test_a_response_is_the_median_of_its_seeds():
    result = make_result(3, verdicts=("healthy",) * 4)
    for name in ("vanishing", "exploding"):
        assert metrics(result)[f"response/{name}", 0] == median(row[name] for row in result.rows)


def test_a_curve_is_the_median_of_the_seeds_that_are_finite():
    found = metrics(losses([1, 2, 3], [5, np.inf, np.inf], [7, 8, np.nan]))
    assert [found["loss/train", step] for step in range(3)] == [5.0, 5.0, 3.0]


def test_a_member_that_ended_is_counted_and_no_longer_shown():
    found = metrics(losses([1, 2, 3, 4], [10, 20, np.inf]))
    assert found["loss/train", 3] == 4.0
    assert [found["members/nonfinite", step] for step in (0, 2, 3)] == [0, 1, 1]


def test_a_step_at_which_nobody_is_finite_has_a_count_and_no_value():
    found = metrics(losses([1, np.inf], [2, np.nan]))
    assert ("loss/train", 1) not in found
    assert found["members/nonfinite", 1] == 2


def test_two_huge_values_have_a_finite_median():
    assert metrics(losses([1.6e308], [1.7e308]))["loss/train", 0] == pytest.approx(1.65e308)


def test_only_finite_values_become_metrics():
    for number in range(20):
        result = make_result(number, verdicts=("diverged", "diverged"))
        assert all(np.isfinite(value) for *_, value in trial_metrics(result, 50))


def test_a_curve_has_at_most_so_many_points_from_the_first_step_to_the_last():
    result = make_result(1, verdicts=("healthy",), steps=1000)
    for points in (2, 7, 50):
        steps = [step for key, step in metrics(result, points) if key == "norm/before_clipping"]
        assert len(steps) == points
        assert (steps[0], steps[-1]) == (0, 999)


def test_the_signal_is_shown_at_a_few_places_from_the_input_to_the_output():
    result = make_result(1, verdicts=("healthy",))
    found = metrics(result)
    places = sorted({key.removeprefix("signal/") for key, _ in found if key.startswith("signal/")})
    assert len(places) == 12
    assert (places[0], places[-1]) == (PLACES[0], PLACES[-1])
    assert found[f"signal/{PLACES[-1]}", 19] == pytest.approx(
        result.records[0].series["signal"].values[19, -1], rel=1e-15
    )


def test_a_study_at_initialisation_only_has_one_point_per_curve():
    found = metrics(make_result(1, verdicts=("healthy", "healthy"), steps=1))
    assert {step for _, step in found} == {0}
    assert ("loss/train", 0) in found


def test_every_verdict_is_counted():
    found = metrics(make_result(1, verdicts=("healthy", "vanishing", "vanishing", "diverged")))
    counts = {verdict: found[f"members/{verdict}", 0] for verdict in ("healthy", "vanishing", "exploding", "diverged")}
    assert counts == {"healthy": 1, "vanishing": 2, "exploding": 0, "diverged": 1}


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (("healthy", "healthy", "diverged"), "healthy"),
        (("healthy", "diverged"), "diverged"),
        (("vanishing", "exploding"), "exploding"),
        (("healthy", "vanishing", "exploding", "vanishing"), "vanishing"),
    ],
)
def test_a_trial_has_the_commonest_verdict_and_the_worst_of_those(verdicts, expected):
    assert outcome(make_result(1, verdicts=verdicts)) == expected
