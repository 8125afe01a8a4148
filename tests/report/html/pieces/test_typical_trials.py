"""Which trials stand for a study: found by hand in small tables."""

import pandas as pd

from gradstudy.analysis.prescription.prescription import Prescription
from gradstudy.report.html.pieces.typical_trials import spread_trials, trials_by_verdict, typical_trials


def members_of(*trials):
    """(gain, verdict of each seed) per trial, whose numbers start at 10."""
    rows = [
        {"trial": 10 + which, "seed": seed, "gain": gain, "verdict": verdict, "vanishing": 0.0, "exploding": 0.0}
        for which, (gain, *verdicts) in enumerate(trials)
        for seed, verdict in enumerate(verdicts)
    ]
    return pd.DataFrame(rows)


def test_trials_stand_under_their_verdict_in_the_order_of_their_gains():
    found = trials_by_verdict(
        members_of((0.5, "healthy", "healthy"), (-4.0, "vanishing", "healthy"), (0.1, "healthy", "healthy"))
    )
    assert {verdict: own.index.tolist() for verdict, own in found.items()} == {"healthy": [12, 10], "vanishing": [11]}


def test_typical_is_the_trial_nearest_to_the_median_gain():
    gains = (-9.0, -3.0, -5.0, -4.0, -5.5)
    found = trials_by_verdict(members_of(*((gain, "vanishing") for gain in gains)))
    assert typical_trials(found, ()) == {"vanishing": 12}


def test_typical_of_a_failing_verdict_is_where_its_prescription_starts():
    found = trials_by_verdict(
        members_of((-9.0, "vanishing"), (-4.0, "vanishing"), (-3.0, "vanishing"), (0.0, "healthy"))
    )
    start = Prescription(trial=10, levels={}, verdict="vanishing")
    assert typical_trials(found, [start]) == {"healthy": 13, "vanishing": 10}


def test_the_others_are_spread_from_the_smallest_gain_to_the_largest_and_shared_among_the_verdicts():
    many = [(float(gain), "vanishing") for gain in range(9)] + [(0.0, "healthy"), (1.0, "healthy")]
    found = spread_trials(trials_by_verdict(members_of(*many)), 6)
    assert found == {"healthy": [19, 20], "vanishing": [10, 14, 18]}
