"""What of a trial becomes metrics: medians over the finite seeds, and counts of the others."""

from dataclasses import replace
from statistics import median

import numpy as np
import pytest
from support.made_records import made_record, made_series
from support.made_trials import PLACES, make_result

from gradstudy.records import MemberRecord, Trial, TrialResult
from gradstudy.tracking.trial_metrics import study_cost, trial_cost, trial_metrics


def metrics(result, points=50):
    found = {}
    for key, step, value in trial_metrics(result, points):
        assert (key, step) not in found
        found[key, step] = value
    return found


def losses(*by_seed):
    """A trial whose loss is given, one list per seed; everything else is 1."""
    records = tuple(made_record([[1.0]] * len(own), seed=seed, loss=own) for seed, own in enumerate(by_seed))
    rows = tuple(
        {"trial": 0, "seed": seed, "gain": 1.0, "verdict": "healthy", "outcome": "stuck"}
        for seed in range(len(by_seed))
    )
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
    assert len(places) == 6
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


def probed(*by_seed):
    """A trial whose members have, beside what every record has, these quantities: {name: values [step, place]}."""
    plain = losses(*([1.0, 1.0] for _ in by_seed))
    records = []
    for record, own in zip(plain.records, by_seed, strict=True):
        seen = {
            name: made_series(values, range(len(values[0])), 3 * np.arange(len(values))) for name, values in own.items()
        }
        records.append(replace(record, series={**record.series, **seen}))
    return replace(plain, records=tuple(records))


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [
        ("held_out_loss", {"loss/held_out": 3.5}),
        ("held_out_accuracy", {"accuracy/held_out": 3.5}),
        ("activation_rms", {"activation/rms_first": 2.5, "activation/rms_last": 8.0}),
        ("dead_units", {"units/dead": 3.5}),
        ("saturated_units", {"units/saturated": 3.5}),
        ("skip_share", {"share/skip": 3.5}),
        ("gradient_cosine", {"gradient/cosine": 3.5}),
        ("update_ratio", {"update/ratio": 3.5}),
        ("adam_eps_share", {"update/adam_eps_share": 3.5}),
        ("jacobian", {"jacobian/largest": 2.5, "jacobian/smallest": 8.0}),
        ("jacobian_correlation", {"jacobian/correlation": 3.5}),
        ("noise_scale", {"noise/scale": 3.5}),
        ("sample_correlation", {"samples/correlation_last": 8.0}),
        ("gradient", {}),
    ],
)
def test_what_a_probe_saw_is_a_median_over_seeds_and_places_or_that_of_one_end(quantity, expected):
    """First places 1 and 4, middle places 2 and 3, last places 9 and 7 in two seeds."""
    found = metrics(probed({quantity: [[1, 2, 9]]}, {quantity: [[4, 3, 7]]}))
    usual = metrics(probed({}, {}))
    assert {key: value for (key, _), value in found.items() if (key, 0) not in usual} == expected


def test_a_place_that_is_not_finite_does_not_enter_the_median():
    found = metrics(probed({"update_ratio": [[np.inf, 1.0, 2.0]]}, {"update_ratio": [[np.nan, np.nan, 9.0]]}))
    assert found["update/ratio", 0] == 2.0


def test_what_a_member_did_not_live_to_see_is_shown_of_the_others():
    cosines = {"gradient_cosine": [[0.5], [0.25], [0.125]]}
    found = metrics(probed({}, cosines, {"gradient_cosine": [[0.75]]}))
    assert [found["gradient/cosine", step] for step in (0, 3, 6)] == [0.625, 0.25, 0.125]


def test_probes_too_have_at_most_so_many_points():
    assert [step for key, step in metrics(probed({"noise_scale": [[1.0]] * 9}), 2) if key == "noise/scale"] == [0, 24]


def test_what_theory_says_is_shown_beside_what_was_measured_and_nothing_where_it_is_silent():
    assert metrics(make_result(2))["response/gain_init_theory", 0] == 2 / 7
    assert ("response/gain_init_theory", 0) not in metrics(make_result(3))


def test_what_the_instrument_cost_is_the_median_over_members():
    found = metrics(make_result(4))
    assert found["cost/recorder_share", 0] == 0.02
    assert found["cost/probes_share", 0] == 0.5


def test_records_without_a_clock_have_no_cost():
    assert not [key for key, _ in metrics(losses([1.0])) if key.startswith("cost/")]


def test_a_trial_has_tens_of_keys():
    every = ("dead_units", "update_ratio", "jacobian", "noise_scale", "activation_rms", "held_out_loss", "skip_share")
    many = probed({quantity: np.ones((5, 60)) for quantity in every})
    assert len({key for key, _ in metrics(many)}) < 40


def test_a_trial_has_the_median_of_the_members_that_were_timed():
    shares = (
        {"seconds": 7.0, "recorder": 0.5, "probes": 0.25, "another": 1.0},
        {"recorder": 0.125},
        {"recorder": 0.25},
        {},
    )
    records = [MemberRecord(0, seed, {}, cost=cost) for seed, cost in enumerate(shares)]
    assert trial_cost(records) == {
        "cost/cohort_seconds": 7.0,
        "cost/recorder_share": 0.25,
        "cost/probes_share": 0.25,
    }
    assert trial_cost(records[3:]) == {}


def test_a_study_has_the_median_of_its_trials_and_passes_by_those_of_older_versions():
    trials = [{"cost/probes_share": 0.5, "loss/train": 7.0}, {"loss/train": 7.0}, {"cost/probes_share": 0.25}]
    assert study_cost(trials) == {"cost/probes_share": 0.375}
    assert study_cost(trials[1:2]) == {}


def test_the_signal_of_the_last_answer_alone_has_curves_of_its_own():
    seen = {"far_signal": {"time_001": [1e-9, 1e-8], "time_002": [1.0, 2.0]}}
    record = made_record(np.ones((4, 2)), places=["time_001", "time_002"], looks=(0, 3), seen=seen)
    found = metrics(
        TrialResult(Trial(0, {}, ()), (record,), ({"gain": 1.0, "verdict": "healthy", "outcome": "learned"},))
    )
    assert [found["far_signal/time_001", step] for step in (0, 3)] == [1e-9, 1e-8]
    assert found["signal/time_001", 3] == 1.0
