from types import SimpleNamespace

import numpy as np
import pytest

from gradstudy.analysis.evidence import weigh
from gradstudy.analysis.settings import Analysis
from gradstudy.analysis.space import INACTIVE, Screen
from gradstudy.records import Factor

NAMES = ["x", "dummy"]


def judge(names, p, found, settings=None, *, values=None, lives=True):
    """Of a screen of 40 trials whose values are spread evenly, unless given."""
    values = np.arange(40.0) if values is None else np.array(values, dtype=float)
    points = np.where(lives, np.random.default_rng(0).random((len(values), len(names))).T, INACTIVE).T
    return weigh(p, Screen(tuple(map(Factor, names)), points, values), found, settings or Analysis())


def shares(low, high, *, fit=0.9, dummy=(0.0, 0.03), names=("x", "dummy")):
    """Draws that are uniform between these ends."""
    draws = np.column_stack([np.linspace(*ends, 400) for ends in ((low, high), dummy)])[:, : len(names)]
    return SimpleNamespace(names=names, draws=draws, effects=draws, fit=fit)


@pytest.mark.parametrize(
    ("low", "high", "p", "fit", "verdict"),
    [
        (0.2, 0.4, 0.001, 0.9, "evidence"),  # both speak
        (0.2, 0.4, 0.6, 0.9, "evidence"),  # an interaction: only a surrogate that fits sees it
        (0.2, 0.4, 0.6, 0.3, "no evidence"),  # one that does not fit proves nothing
        (0.0, 0.02, 0.001, 0.9, "evidence"),  # the test is valid by itself
        (0.0, 0.04, 0.001, -0.2, "evidence"),
        (0.0, 0.04, 0.6, 0.9, "evidence of no effect"),
        (0.0, 0.04, 0.6, 0.3, "no evidence"),
        (0.0, 0.20, 0.6, 0.9, "no evidence"),  # it may be large
        (0.0, 0.04, np.nan, 0.9, "no evidence"),  # nothing was tested
    ],
)
def test_what_test_and_surrogate_say_together(low, high, p, fit, verdict):
    weighed = judge(NAMES, np.array([p, 0.5]), shares(low, high, fit=fit), Analysis())
    assert weighed.verdicts.tolist() == [verdict, "noise floor"]
    assert weighed.evidence.tolist() == [verdict == "evidence", False]


def test_a_cause_that_only_a_bad_surrogate_sees_is_unproven():
    for fit, unproven in ((0.3, True), (0.9, False), (-0.3, False)):
        assert judge(NAMES, np.array([0.6, 0.5]), shares(0.2, 0.4, fit=fit), Analysis()).unproven[0] == unproven


def test_the_dummy_is_never_a_cause_not_even_by_a_significant_test():
    assert (
        judge(NAMES, np.array([0.5, 0.001]), shares(0.0, 0.1, dummy=(0.2, 0.3)), Analysis()).verdicts[1]
        == "noise floor"
    )


def test_what_has_no_share_is_not_ranked_whatever_its_test_says():
    weighed = judge(["gone", *NAMES], np.array([0.001, 0.5, 0.5]), shares(0.0, 0.2), Analysis())
    assert weighed.verdicts.tolist() == ["not ranked", "no evidence", "noise floor"]
    assert not weighed.evidence.any()


def test_without_a_dummy_the_surrogate_cannot_speak():
    alone = shares(0.2, 0.4, names=("x",))
    assert judge(["x"], np.array([0.6]), alone, Analysis()).verdicts.tolist() == ["no evidence"]
    assert judge(["x"], np.array([0.01]), alone, Analysis()).verdicts.tolist() == ["evidence"]


def test_what_is_negligible_is_a_setting():
    settings = Analysis(negligible=0.3)
    assert judge(NAMES, np.array([0.6, 0.5]), shares(0.0, 0.2), settings).verdicts[0] == "evidence of no effect"


@pytest.mark.parametrize(
    ("values", "lives", "verdict"),
    [
        (np.arange(100) < 10, True, "evidence of no effect"),
        (np.arange(100) < 9, True, "no evidence"),  # as with a response that few trials have
        (np.arange(100) < 91, True, "no evidence"),  # or that few lack
        (np.arange(100) % 2, np.arange(100) < 20, "evidence of no effect"),
        (np.arange(100) % 2, np.arange(100) < 18, "no evidence"),  # 9 and 9 where it lives
    ],
)
def test_that_a_factor_does_nothing_takes_ten_trials_per_factor_on_the_rarer_side(values, lives, verdict):
    weighed = judge(NAMES, np.array([0.6, 0.5]), shares(0.0, 0.04), values=values, lives=lives)
    assert weighed.verdicts[0] == verdict
