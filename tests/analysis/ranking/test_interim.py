import numpy as np
import pandas as pd
import pytest

from gradstudy.analysis.ranking.ranking import FEWEST_FOR_INTERIM, interim_look
from gradstudy.analysis.settings import DEFAULTS
from gradstudy.records import DUMMY, Factor

FACTORS = (Factor("activation", ("tanh", "relu")), Factor("lr.value", low=0.001, high=1.0, log=True), DUMMY)


def members(trials, effect=0.0, slope=0.0, seed=0):
    """Made screens: `effect` decades between the levels, `slope` decades over the range of lr, noise of one decade."""
    random = np.random.default_rng(seed)
    levels, place, noise = random.permuted(np.arange(trials) % 2), random.random(trials), random.normal(size=trials)
    return pd.DataFrame(
        {
            "trial": np.arange(trials),
            "seed": 0,
            "activation": np.array(["tanh", "relu"])[levels],
            "lr.value": 10 ** (3.0 * place - 3.0),
            "dummy": random.random(trials),
            "vanishing": effect * levels + slope * place + noise,
            "verdict": "healthy",
            "first_bad_step": pd.array([None] * trials, dtype="Int64"),
        }
    )


def seen(table):
    return interim_look(table, FACTORS, "vanishing", DEFAULTS).seen


def test_strong_causes_are_seen_the_surest_first():
    assert seen(members(64, effect=3.0)) == ("activation",)
    assert seen(members(64, slope=6.0, effect=3.0)) == ("lr.value", "activation")


def test_fewer_trials_than_can_be_told_apart_say_nothing():
    assert interim_look(members(FEWEST_FOR_INTERIM - 1, effect=9.0), FACTORS, "vanishing", DEFAULTS) is None
    assert (
        interim_look(members(FEWEST_FOR_INTERIM, effect=9.0), FACTORS, "vanishing", DEFAULTS).trials
        == FEWEST_FOR_INTERIM
    )


def test_trials_of_an_older_version_that_lack_the_response_are_not_looked_at():
    table = members(96, effect=3.0)
    older = table.assign(vanishing=table["vanishing"].where(table["trial"] >= 40))
    assert interim_look(table.drop(columns="vanishing"), FACTORS, "vanishing", DEFAULTS) is None
    assert interim_look(older, FACTORS, "vanishing", DEFAULTS).trials == 56
    assert seen(older) == seen(table.tail(56))


def test_a_response_that_never_moves_moves_with_nothing():
    assert seen(members(64).assign(vanishing=10.0)) == ()


@pytest.mark.slow
def test_ten_looks_at_growing_data_where_nothing_acts_seldom_name_a_factor():
    """Of 30 null screens one or two name a factor in a look at 5 %; ten looks at 5 % each would make that 4."""
    numbers = tuple(Factor(name) for name in ("a", "b", "c"))
    wrong = 0
    for seed in range(30):
        random = np.random.default_rng(seed)
        table = members(128).assign(vanishing=random.normal(size=128), a=random.random(128))
        table = table.assign(b=random.random(128), c=random.random(128))
        looks = (table[table["trial"] < 38 + 10 * look] for look in range(10))
        wrong += any(interim_look(one, numbers, "vanishing", DEFAULTS).seen for one in looks)
    assert wrong <= 2


@pytest.mark.parametrize("apart", [True, False])
def test_factors_assigned_hand_in_hand_are_told_from_those_that_were_not(apart):
    twin = Factor("optimizer", ("sgd", "adam"))
    table = members(64, effect=4.0)
    other = table["activation"].map({"tanh": "sgd", "relu": "adam"})
    table["optimizer"] = np.random.default_rng(1).permutation(other) if apart else other
    found = interim_look(table, (*FACTORS, twin), "vanishing", DEFAULTS)
    assert (found.seen, set(found.tied)) == ((("activation",), set()) if apart else ((), {"activation", "optimizer"}))
