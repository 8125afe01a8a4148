"""What the instrument cost: medians over what was timed."""

from gradstudy.records import MemberRecord
from gradstudy.tracking.trial_metrics import study_cost, trial_cost


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
