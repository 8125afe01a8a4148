from types import SimpleNamespace

import numpy as np
import pytest

from gradstudy.analysis.ranking.evidence import weigh
from gradstudy.analysis.settings import Analysis
from gradstudy.analysis.space.coordinates import INACTIVE, CodedTrials
from gradstudy.records import Factor

NAMES = ["x", "dummy"]


def judge(names, p, found, settings=None, *, values=None, lives=True, tied=()):
    """Of a screen of 40 trials whose values are spread evenly, unless given; `tied` columns repeat the first."""
    values = np.arange(40.0) if values is None else np.array(values, dtype=float)
    drawn = np.random.default_rng(0).random((len(values), len(names)))
    drawn[:, list(tied)] = drawn[:, [0]]
    points = np.where(lives, drawn.T, INACTIVE).T
    return weigh(p, CodedTrials(tuple(map(Factor, names)), points, values), found, settings or Analysis())


def shares(low, high, *, fit=0.9, p=None, dummy=(0.0, 0.03), names=("x", "dummy"), unexplained=0.0):
    """Draws that are uniform between these ends; the surrogate needs x where its share is certain."""
    draws = np.column_stack([np.linspace(*ends, 400) for ends in ((low, high), dummy)])[:, : len(names)]
    own = (1e-6 if low > 0.0 else 0.6) if p is None else p
    return SimpleNamespace(
        names=names,
        draws=draws,
        wide=draws,
        effects=draws,
        fit=fit,
        p=np.array([own, 1.0])[: len(names)],
        unexplained=np.array([unexplained, 0.0])[: len(names)],
    )


@pytest.mark.parametrize(
    ("low", "high", "p", "fit", "verdict"),
    [
        (0.2, 0.4, 0.001, 0.9, "evidence"),  # both speak
        (0.2, 0.4, 0.6, 0.9, "evidence"),  # an interaction: only a surrogate that fits sees it
        (0.2, 0.4, 0.6, 0.3, "no evidence"),  # one that does not fit proves nothing
        (0.0, 0.20, 0.001, 0.9, "evidence"),  # the test is valid by itself
        (0.0, 0.04, 0.001, 0.3, "evidence"),
        (0.0, 0.04, 0.001, -0.2, "evidence"),
        (0.0, 0.02, 0.001, 0.9, "no evidence"),  # but not against a surrogate that fits and has no use for it
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


def test_a_small_effect_that_both_see_is_evidence():
    assert judge(NAMES, np.array([0.001, 0.5]), shares(0.01, 0.04, p=1e-6)).verdicts[0] == "evidence"


@pytest.mark.parametrize(("unexplained", "verdict"), [(0.02, "evidence of no effect"), (0.03, "no evidence")])
def test_what_is_left_unexplained_may_be_anyones(unexplained, verdict):
    """The interval ends at .97 x .03 + .03 = .0591, or at .98 x .03 + .02 = .0494: on both sides of .05."""
    assert judge(NAMES, np.array([0.6, 0.5]), shares(0.0, 0.03, unexplained=unexplained)).verdicts[0] == verdict


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


@pytest.mark.parametrize(("fit", "p", "verdict"), [(0.9, 0.6, "evidence"), (0.3, 0.6, "no evidence")])
def test_without_a_dummy_both_witnesses_speak_all_the_same(fit, p, verdict):
    alone = shares(0.2, 0.4, names=("x",), fit=fit)
    assert judge(["x"], np.array([p]), alone, Analysis()).verdicts.tolist() == [verdict]
    assert judge(["x"], np.array([0.01]), alone, Analysis()).verdicts.tolist() == ["evidence"]


@pytest.mark.parametrize(
    ("given", "evidence"),
    [
        ({}, True),
        ({"p": 0.2}, False),  # the model does as well without it
        ({"p": 0.03}, False),  # .03 of two factors is .06 after false-discovery control
        ({"high": 0.04, "p": 1e-6, "dummy": (0.0, 0.001)}, False),  # negligible at best, which is not what was asked
        ({"dummy": (0.2, 0.31)}, False),  # on average no more than what chance gives the dummy
        ({"dummy": (0.1, 0.29)}, True),
    ],
)
def test_the_surrogate_speaks_for_what_it_needs_is_not_negligible_and_beats_the_dummy(given, evidence):
    ends = {"low": 0.0 if "high" in given else 0.2, "high": 0.4} | given
    assert judge(NAMES, np.array([0.6, 0.5]), shares(**ends)).evidence[0] == evidence


@pytest.mark.parametrize(
    ("fit", "share", "evidence"), [(0.9, 0.2, True), (0.3, 0.2, False), (0.9, 0.0, False)], ids=["both", "test", "none"]
)
def test_what_goes_hand_in_hand_with_a_cause_needs_both_witnesses(fit, share, evidence):
    """The first and the last of three factors are the same column: a significant test of one sees the other."""
    names = ["x", "dummy", "copy"]
    found = shares(share, 0.4, fit=fit)
    weighed = judge(names, np.array([0.001, 0.5, 0.001]), found, tied=[2])
    assert weighed.tied.tolist() == [True, False, True]
    assert weighed.evidence[0] == evidence
    assert judge(names, np.array([0.001, 0.5, 0.001]), found).evidence[0]  # alone, its test is enough


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
