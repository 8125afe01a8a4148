"""The best trials: means over seeds, the front of several objectives, and what was stopped early left out."""

import numpy as np
import pandas as pd
import pytest

from gradstudy.analysis.responses.outcomes import well
from gradstudy.errors import InputError
from gradstudy.search.best import best_trials, costs, on_front
from gradstudy.search.objective import Objective, objectives_of

BOTH = objectives_of({"goal": "healthiest", "objective": ["vanishing", "exploding"]})


def members(*trials, seeds=2):
    """(vanishing, exploding, gain) per trial, spread over seeds that have this mean."""
    return pd.DataFrame(
        {
            "trial": trial,
            "seed": seed,
            "vanishing": vanishing + seed - (seeds - 1) / 2,
            "exploding": exploding,
            "gain": gain * (-1) ** seed,
            "verdict": "diverged" if vanishing > 5 and seed == 0 else "healthy",
            "outcome": "learned",
            "activation": ("tanh", "relu")[trial % 2],
        }
        for trial, (vanishing, exploding, gain) in enumerate(trials)
        for seed in range(seeds)
    )


def found(table, objectives, count=9, seeds=2):
    return best_trials(table, ["activation"], objectives, well=well(table), seeds=seeds, count=count)


def test_one_objective_orders_by_its_mean_over_seeds():
    best = found(members((3.0, 0, 0), (1.0, 0, 0), (2.0, 0, 0)), BOTH[:1], count=2)
    assert best.to_dict("list") == {
        "trial": [1, 2],
        "vanishing": [1.0, 2.0],
        "verdict": ["healthy", "healthy"],
        "outcome": ["learned", "learned"],
        "n_diverged": [0, 0],
        "activation": ["relu", "tanh"],
    }


def test_the_worst_are_the_largest_and_what_was_learned_counts_the_other_way():
    table = members((3.0, 0, 0), (1.0, 0, 0), (7.0, 0, 0))
    assert list(found(table, (Objective("vanishing", "worst"),))["trial"]) == [2, 0, 1]
    learned = table.assign(learned=table["vanishing"], verdict="healthy")
    assert list(found(learned, (Objective("learned", "healthiest"),))["trial"]) == [2, 0, 1]
    assert list(found(table, BOTH[:1])["n_diverged"]) == [0, 0, 1]


def test_of_equal_trials_the_healthier_come_first_or_last_where_the_worst_are_wanted():
    """A diverged network vanishes as little as a healthy one; equal ones keep the order of their numbers."""
    table = members((1.0, 0, 0), (1.0, 0, 0), (1.0, 0, 0)).assign(verdict=["diverged", "healthy", *["healthy"] * 4])
    assert list(found(table, BOTH[:1])["trial"]) == [1, 2, 0]
    assert list(found(table, (Objective("vanishing", "worst"),))["trial"]) == [0, 1, 2]


def test_who_learned_nothing_where_others_did_is_not_among_the_healthiest():
    table = members((0.1, 0, 0), (1.0, 0, 0), (2.0, 0, 0)).assign(outcome=["stuck", "learned", *["learned"] * 4])
    assert list(found(table, BOTH[:1])["trial"]) == [1, 2, 0]
    assert list(found(table, BOTH)["trial"]) == [1]
    assert list(found(table, BOTH)["outcome"]) == ["learned"]
    nobody = table.assign(outcome="stuck")  # a budget that was too short for anybody
    assert list(found(nobody, BOTH[:1])["trial"]) == [0, 1, 2]
    assert list(found(table, (Objective("vanishing", "worst"),))["trial"]) == [2, 1, 0]


def test_a_gain_is_healthy_near_zero_from_either_side():
    """Its mean over seeds would be 0 in every trial here: the size of each seed's counts."""
    best = found(members((0, 0, -3.0), (0, 0, 0.5), (0, 0, 2.0)), (Objective("gain", "healthiest"),))
    assert list(best["|gain|"]) == [0.5, 2.0, 3.0]


def test_several_objectives_list_what_no_trial_beats_the_most_balanced_first():
    """Of 0..4 both ways (2, 2) is half way from the best in both, (0, 4) and (4, 0) are all the way in one."""
    best = found(members((0, 4, 0), (3, 3, 0), (2, 2, 0), (4, 0, 0)), BOTH)
    assert list(best["trial"]) == [2, 0, 3]


def test_the_front_is_what_comparing_every_pair_leaves():
    values = np.random.default_rng(0).integers(0, 6, (40, 2)).astype(float)
    beaten = lambda a, b: all(b <= a) and any(b < a)  # noqa: E731
    expected = [not any(beaten(a, b) for b in values) for a in values]
    assert list(on_front(values, BOTH)) == expected
    assert 0 < sum(expected) < 40


def test_an_objective_that_never_varies_decides_nothing():
    assert list(costs(np.array([[1.0, 5.0], [3.0, 5.0], [2.0, 5.0]]), BOTH)) == [0.0, 1.0, 0.5]


def test_a_trial_that_was_stopped_early_is_not_among_the_best():
    table = members((1.0, 0, 0), (2.0, 0, 0))
    assert list(found(table.drop(0), BOTH[:1])["trial"]) == [1]
    assert found(table.drop([0, 2]), BOTH).empty


def test_a_list_of_none_is_refused():
    with pytest.raises(InputError, match="at least 1 trial, got 0"):
        found(members((1, 1, 1)), BOTH, count=0)
