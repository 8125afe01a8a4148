"""Planted screens whose smallest cure is known, and what is said where there is none."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta

from gradstudy.analysis.prescription import candidates as moves
from gradstudy.analysis.prescription.experience import NOT_MEASURED, Experience, given_start, stored_start, trial_health
from gradstudy.analysis.prescription.neighbours import Support, binomial_interval, find_support, likeness
from gradstudy.analysis.prescription.prescription import Prescription, Prescriptions, prescribe
from gradstudy.analysis.settings import Analysis
from gradstudy.analysis.space.coordinates import CodedTrials
from gradstudy.errors import InputError
from gradstudy.records import DUMMY, Factor

SETTINGS = Analysis(draws=64)
ACTIVATION = Factor("activation", ("sigmoid", "tanh", "relu"))
INIT = Factor("init", ("small", "right", "large"))
RATE = Factor("lr.value", low=1e-4, high=1.0, log=True)
OPTIMIZER = Factor("optimizer", ("sgd", "adam"))
EPS = Factor("optimizer.eps", low=1e-8, high=1e-2, log=True)
NOISE = 0.2


@pytest.fixture
def planted(draw_trials):
    """Members of three seeds whose vanishing and exploding follow a rule of the trial, in decades."""

    def made(factors, rule, *, count=160, seed=0, asleep=()):
        trials = draw_trials([*factors, DUMMY], count, seed)
        for name, parent, level in asleep:
            trials.loc[trials[parent] != level, name] = np.nan
        return measured(trials, rule)

    return made


def measured(trials, rule, seeds=3):
    random = np.random.default_rng(1)
    rows = []
    for number, trial in enumerate(trials.to_dict("records")):
        vanishing, exploding = rule(trial)
        for seed in range(seeds):
            v, e = np.clip(np.array([vanishing, exploding]) + random.normal(0.0, NOISE, 2), 0.0, 10.0)
            failed = "exploding" if e >= 2.0 else "vanishing" if v >= 3.0 else "healthy"
            verdict = "diverged" if e == 10.0 else failed
            rows.append({**trial, "trial": number, "seed": seed, "vanishing": v, "exploding": e, "verdict": verdict})
    return pd.DataFrame(rows).assign(outcome="untrained", learned=np.nan)


def cured(members, factors, trial, settings=SETTINGS):
    experience = Experience(members, [*factors, DUMMY], settings)
    return prescribe(experience, stored_start(members, [*factors, DUMMY], trial))


def first(members, **levels):
    """The number of the first trial with these levels."""
    chosen = members
    for name, level in levels.items():
        chosen = chosen[chosen[name.replace("__", ".")] == level]
    return int(chosen["trial"].iloc[0])


def sigmoid_vanishes(trial):
    return (6.0 if trial["activation"] == "sigmoid" else 0.5), 0.3


def test_the_one_factor_that_makes_it_fail_is_changed_and_nothing_else(planted):
    factors = (ACTIVATION, INIT, RATE)
    members = planted(factors, sigmoid_vanishes)
    start = first(members, activation="sigmoid")
    found = cured(members, factors, start)
    assert list(found.changes) == ["activation"]
    assert found.changes["activation"][0] == "sigmoid"
    before, after = found.levels, found.cured
    assert {name: after[name] for name in ("init", "lr.value")} == {name: before[name] for name in ("init", "lr.value")}
    assert found.chance > 0.95
    assert found.support.matched == ("activation",)
    assert (found.trial, found.verdict, found.found) == (start, "vanishing", True)
    assert f"Trial {start} is vanishing: 3 of 3 seeds fail. Change activation from sigmoid to" in found.note


def test_the_trials_that_support_a_cure_are_those_with_its_level(planted):
    factors = (ACTIVATION, INIT)
    members = planted(factors, sigmoid_vanishes)
    found = cured(members, factors, first(members, activation="sigmoid"))
    level = found.cured["activation"]
    alike = members[members["activation"] == level].groupby("trial")["verdict"].agg(lambda v: (v == "healthy").all())
    assert (found.support.trials, found.support.healthy) == (len(alike), alike.sum())
    assert f"{alike.sum()} of {len(alike)} trials like it are well (95 % interval" in found.note


def test_two_factors_are_changed_where_neither_alone_is_enough(planted):
    def rule(trial):
        return 1.0 + 4.0 * (trial["activation"] == "sigmoid") + 4.0 * (trial["init"] == "small"), 0.3

    factors = (ACTIVATION, INIT, RATE)
    members = planted(factors, rule)
    found = cured(members, factors, first(members, activation="sigmoid", init="small"))
    assert set(found.changes) == {"activation", "init"}
    one = cured(members, factors, first(members, activation="sigmoid", init="right"))
    assert set(one.changes) == {"activation"}


def test_two_changes_that_do_nothing_alone_are_found_together(planted, monkeypatch):
    """Healthy only where the levels belong together: from (a1, b1), changing one of them changes nothing.

    c makes it better, but never healthy: a beam of one point follows it, were not the best change of every factor kept.
    """
    monkeypatch.setattr(moves, "BEAM", 1)
    factors = (Factor("a", ("a1", "a2", "a3")), Factor("b", ("b1", "b2", "b3")), Factor("c", ("c1", "c2")))

    def rule(trial):
        together = (trial["a"], trial["b"]) == ("a2", "b2")
        return (0.5 if together else 4.0 if trial["c"] == "c2" else 6.0), 0.3

    members = planted(factors, rule, count=200)
    found = cured(members, factors, first(members, a="a1", b="b1", c="c1"))
    assert found.changes == {"a": ("a1", "a2"), "b": ("b1", "b2")}


def test_trials_that_are_like_it_are_not_believed_where_the_surrogate_knows_better(planted):
    """Above x = .94 all fail, but most of the upper third does not: changing the activation alone would look well."""
    x = Factor("x")

    def rule(trial):
        steep = 0.5 + 2.5 / 0.09 * max(0.0, trial["x"] - 0.85)
        return 6.0 if trial["activation"] == "sigmoid" else steep, 0.3

    members = planted((ACTIVATION, x), rule, count=300)
    start = int(members.loc[members["x"].where(members["activation"] == "sigmoid").idxmax(), "trial"])
    found = cured(members, (ACTIVATION, x), start)
    assert found.levels["x"] > 0.97
    assert set(found.changes) == {"activation", "x"}
    assert found.cured["x"] < 0.94


def test_a_number_moves_to_where_it_is_healthy_and_stays_readable(planted):
    """Exploding grows by 2 decades per decade of the rate, and reaches the threshold of 2 at a rate of .1."""

    def rule(trial):
        return 0.3, 4.0 + 2.0 * np.log10(trial["lr.value"])

    members = planted((RATE, ACTIVATION), rule, count=80)
    worst = int(members.loc[members["lr.value"].idxmax(), "trial"])
    found = cured(members, (RATE, ACTIVATION), worst)
    assert list(found.changes) == ["lr.value"]
    before, after = found.changes["lr.value"]
    assert before == members["lr.value"].max()
    assert members["lr.value"].min() <= after < 0.1
    assert after == float(f"{after:.2g}")
    assert found.verdict == "exploding"


def test_a_group_brings_its_own_factor_along_at_a_healthy_value(planted):
    """adam cures where its eps is large: sgd has none."""

    def rule(trial):
        well = trial["optimizer"] == "adam" and trial["optimizer.eps"] > 1e-5
        return 0.3, 0.5 if well else 6.0

    factors = (OPTIMIZER, EPS, ACTIVATION)
    asleep = [("optimizer.eps", "optimizer", "adam")]
    members = planted(factors, rule, asleep=asleep)
    found = cured(members, factors, first(members, optimizer="sgd"))
    assert found.changes["optimizer"] == ("sgd", "adam")
    before, after = found.changes["optimizer.eps"]
    assert before is None
    assert 1e-5 < after <= 1e-2
    assert len(found.changes) == 2
    assert f"optimizer from sgd to adam (with optimizer.eps {after:.4g})" in found.note


def test_what_belongs_to_the_old_option_goes_with_it(planted):
    def rule(trial):
        return 0.3, 6.0 if trial["optimizer"] == "adam" else 0.5

    factors = (OPTIMIZER, EPS, ACTIVATION)
    members = planted(factors, rule, asleep=[("optimizer.eps", "optimizer", "adam")])
    found = cured(members, factors, first(members, optimizer="adam"))
    assert found.changes["optimizer"] == ("adam", "sgd")
    assert found.changes["optimizer.eps"][1] is None
    assert "optimizer.eps" not in found.cured


@pytest.mark.parametrize(
    ("factor", "code", "level"),
    [
        (RATE, 0.375, 0.0032),  # 1e-4 * 1e4 ** .375 = 10 ** -2.5 = .00316
        (Factor("x", low=0.5, high=2.0), 0.123456, 0.69),  # .5 + 1.5 * .123456 = .685184
        (Factor("x", low=0.0, high=300.0), 0.123456, 37.0),
        (Factor("x", low=0.0, high=1.0), 1.0, 1.0),
        (Factor("x", low=2, high=64, integer=True), 0.5, 33),
        (ACTIVATION, 2.0, "relu"),
    ],
)
def test_a_level_is_one_that_a_person_would_write(factor, code, level):
    found = moves.level_at(factor, np.float64(code))
    assert (found, type(found)) == (level, type(level))


def test_health_that_is_mere_luck_is_not_prescribed(planted):
    """A fifth of the trials is healthy whatever their levels: no change can be known to help."""
    luck = np.random.default_rng(3)

    def rule(trial):
        return (0.5 if luck.random() < 0.2 else 6.0), 0.3

    members = planted((ACTIVATION, INIT, RATE), rule)
    ill = int(members.loc[members["verdict"] == "vanishing", "trial"].iloc[0])
    found = cured(members, (ACTIVATION, INIT, RATE), ill)
    assert not found.found
    assert "Nothing can be prescribed" in found.note
    health = trial_health(members)
    assert health.loc[found.nearest, "healthy"]
    assert str(found.nearest) in found.note


def test_a_level_that_is_healthy_in_half_of_its_trials_is_not_prescribed(planted):
    """relu fails in every second trial for a reason that no factor shows."""
    coin = iter(np.tile([0, 1], 500))

    def rule(trial):
        return (6.0 if trial["activation"] != "relu" or next(coin) else 0.5), 0.3

    members = planted((ACTIVATION, INIT), rule)
    assert not cured(members, (ACTIVATION, INIT), first(members, activation="tanh")).found


def test_what_no_stored_trial_bears_out_is_only_a_guess(planted):
    """The levels that would cure together never met in a trial, though each of them is known to help."""

    def rule(trial):
        return 0.5 + 3.0 * (trial["activation"] == "sigmoid") + 3.0 * (trial["init"] == "small"), 0.3

    factors = (ACTIVATION, INIT)
    members = planted(factors, rule, count=200)
    well = (members["activation"] == "relu") & (members["init"] == "right")
    tanh_or_large = (members["activation"] == "tanh") | (members["init"] == "large")
    members = members[~well & ~tanh_or_large | (members["trial"] == members.loc[well, "trial"].iloc[0])]
    found = cured(members, factors, first(members, activation="sigmoid", init="small"))
    assert not found.found
    assert found.changes == {"activation": ("sigmoid", "relu"), "init": ("small", "right")}
    assert "Nothing is sure enough to be prescribed. A guess worth trying: change activation from sigmoid" in found.note
    assert found.support.trials == 1
    assert "a chance of" not in found.note, "nothing bears it out"


def test_where_no_trial_is_healthy_that_is_said(planted):
    members = planted((ACTIVATION, INIT), lambda trial: (6.0, 0.3))
    found = cured(members, (ACTIVATION, INIT), 0)
    assert not found.found
    assert found.nearest is None
    assert "none of the 160 trials is well on every seed" in found.note


def test_a_handful_of_trials_is_too_few_to_learn_from(planted):
    members = planted((ACTIVATION,), sigmoid_vanishes, count=6)
    found = cured(members, (ACTIVATION,), first(members, activation="sigmoid"))
    assert "6 trials are too few" in found.note
    assert found.nearest is not None


def test_a_healthy_trial_needs_nothing(planted):
    members = planted((ACTIVATION, INIT), sigmoid_vanishes)
    found = cured(members, (ACTIVATION, INIT), first(members, activation="relu"))
    assert (found.verdict, found.changes) == ("healthy", {})
    assert "there is nothing to cure" in found.note


def test_equal_trials_give_an_equal_prescription_to_the_bit(planted):
    members = planted((ACTIVATION, INIT, RATE), sigmoid_vanishes, count=60)
    start = first(members, activation="sigmoid")
    assert cured(members, (ACTIVATION, INIT, RATE), start) == cured(members, (ACTIVATION, INIT, RATE), start)


def test_a_trial_is_healthy_only_when_every_seed_is():
    verdicts = ["healthy", "healthy", "healthy", "diverged", "vanishing", "vanishing", "vanishing", "exploding"]
    members = pd.DataFrame(
        {
            "trial": [0, 0, 1, 1, 2, 2, 3, 3],
            "verdict": verdicts,
            "vanishing": [0.0, 1.0, 0.0, 0.0, 4.0, 3.0, 5.0, 0.0],
            "exploding": [0.0, 1.0, 0.0, 10.0, 0.0, 0.0, 0.0, 2.0],
        }
    ).assign(outcome="untrained", learned=np.nan)
    health = trial_health(members)
    assert health["healthy"].tolist() == [True, False, False, False]
    assert health["verdict"].tolist() == ["healthy", "diverged", "vanishing", "exploding"]
    assert health["failing"].tolist() == [0, 1, 2, 2]
    assert health["vanishing"].tolist() == [1.0, 0.0, 4.0, 5.0]


@pytest.mark.parametrize(("successes", "count"), [(14, 15), (5, 5), (0, 7), (3, 9)])
def test_the_interval_is_that_of_clopper_and_pearson(successes, count):
    """Clopper & Pearson 1934: quantiles of beta distributions, and for n of n the lower end is (alpha / 2)^(1 / n)."""
    low, high = binomial_interval(successes, count, 0.95)
    assert low == pytest.approx(beta.ppf(0.025, successes, count - successes + 1) if successes else 0.0)
    assert high == pytest.approx(beta.ppf(0.975, successes + 1, count - successes) if successes < count else 1.0)
    if successes == count:
        assert low == pytest.approx(0.025 ** (1 / count))


def test_numbers_agree_within_a_third_of_their_range_also_at_its_ends():
    screen = CodedTrials(
        (Factor("x"),), np.array([[0.0], [0.3], [0.34], [0.5], [0.66], [0.7], [1.0], [-1.0]]), np.zeros(8)
    )
    assert likeness(screen, np.array([0.02]), [0]).ravel().tolist() == [True, True] + [False] * 6
    assert likeness(screen, np.array([0.5]), [0]).ravel().tolist() == [False] * 2 + [True] * 3 + [False] * 3
    assert likeness(screen, np.array([-1.0]), [0]).ravel().tolist() == [False] * 7 + [True]


def support(healthy, trials):
    return Support(("a",), trials, healthy, *binomial_interval(healthy, trials, 0.95), 0.95)


def test_a_kind_is_widened_for_certainty_but_not_past_one_that_speaks_against_it():
    """5 of 5 have a lower end of .478, 6 of 6 of .541."""
    few, enough, against, wide = support(5, 5), support(6, 6), support(3, 6), support(30, 32)
    demands = {"usual": 0.9, "certain": False}
    assert find_support([few, enough], 0.8, **demands) is enough
    assert find_support([against, wide], 0.8, **demands) is None
    assert find_support([support(2, 4), wide], 0.8, **demands) is wide, "4 trials say nothing"
    assert find_support([few], 0.8, usual=0.4, certain=False) is few
    assert find_support([few], 0.8, **demands) is None
    assert find_support([support(3, 3)], 0.8, usual=0.9, certain=True).trials == 3


def test_the_typical_trial_is_the_one_most_like_the_others(planted):
    """Of the vanishing trials most are sigmoid: the typical one is, and its rate lies in the midst of theirs."""

    def rule(trial):
        ill = trial["activation"] == "sigmoid" or (trial["activation"] == "tanh" and trial["init"] == "small")
        return (6.0 if ill else 0.5), 0.3

    factors = [ACTIVATION, INIT, RATE, DUMMY]
    members = planted((ACTIVATION, INIT, RATE), rule)
    experience = Experience(members, factors, SETTINGS)
    trial = experience.typical("vanishing")
    assert members.loc[members["trial"] == trial, "activation"].iloc[0] == "sigmoid"
    assert experience.typical("diverged") is None


def test_levels_that_no_trial_has_are_cured_from_what_the_surrogate_knows(planted):
    factors = [ACTIVATION, RATE, DUMMY]
    members = planted((ACTIVATION, RATE), sigmoid_vanishes)
    experience = Experience(members, factors, SETTINGS)
    start = given_start(experience, members, {"activation": "sigmoid", "lr.value": 0.0123})
    found = prescribe(experience, start)
    assert (start.trial, start.verdict) == (None, NOT_MEASURED)
    assert list(found.changes) == ["activation"]
    assert found.cured["lr.value"] == 0.0123
    assert found.note.startswith("This configuration was not measured. Change activation from sigmoid")


def test_levels_may_be_given_as_they_are_typed(planted):
    depth = Factor("model.depth", (4, 8, 16))
    members = planted((depth, RATE), lambda trial: (6.0 if trial["model.depth"] == 16 else 0.5, 0.3), count=60)
    experience = Experience(members, [depth, RATE, DUMMY], SETTINGS)
    start = given_start(experience, members, {"model.depth": "16", "lr.value": "1e-3"})
    assert start.levels == {"model.depth": 16, "lr.value": 0.001}
    assert prescribe(experience, start).changes["model.depth"][0] == 16


def test_levels_of_a_stored_trial_are_that_trial(planted):
    factors = [ACTIVATION, RATE, DUMMY]
    members = planted((ACTIVATION, RATE), sigmoid_vanishes)
    experience = Experience(members, factors, SETTINGS)
    stored = stored_start(members, factors, 5)
    assert given_start(experience, members, stored.levels).trial == 5


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        ({"activaton": "relu"}, "activation, optimizer, optimizer.eps, got 'activaton'. Did you mean 'activation'?"),
        ({"activation": "rlu", "optimizer": "sgd"}, "sigmoid, tanh, relu, got 'rlu'. Did you mean 'relu'?"),
        ({"activation": "relu"}, "levels must say what optimizer is"),
        ({"activation": "relu", "optimizer": "adam"}, "levels must say what optimizer.eps is"),
        ({"activation": "relu", "optimizer": "adam", "optimizer.eps": 1.0}, "a number from 1e-08 to 0.01"),
        ({"activation": "relu", "optimizer": "adam", "optimizer.eps": "big"}, "got 'big'"),
        ({"activation": "relu", "optimizer": "sgd", "optimizer.eps": 1e-4}, "does not live with these levels"),
    ],
)
def test_levels_that_make_no_configuration_are_refused(planted, levels, message):
    factors = [ACTIVATION, OPTIMIZER, EPS, DUMMY]
    asleep = [("optimizer.eps", "optimizer", "adam")]
    members = planted((ACTIVATION, OPTIMIZER, EPS), sigmoid_vanishes, count=40, asleep=asleep)
    with pytest.raises(InputError) as refused:
        given_start(Experience(members, factors, SETTINGS), members, levels)
    assert message in str(refused.value)


def test_a_trial_that_is_not_stored_is_refused_and_so_is_an_empty_screen(planted):
    members = planted((ACTIVATION,), sigmoid_vanishes, count=10)
    with pytest.raises(InputError, match="from 0 to 9, got 700"):
        stored_start(members, [ACTIVATION, DUMMY], 700)
    with pytest.raises(InputError, match="run the study first"):
        Experience(members.iloc[:0], [ACTIVATION, DUMMY], SETTINGS)


def test_prescriptions_show_themselves_one_below_the_other_with_every_name_as_text():
    one = Prescription(
        trial=7,
        levels={},
        verdict="vanishing",
        changes={"<b>x</b>": ("sigmoid", 0.0123456), "optimizer.eps": (None, 0.001)},
        supported=True,
        command="python -m gradstudy 'x=<u>'",
    )
    page = Prescriptions((one, replace(one, trial=8)))._repr_html_()
    assert page.index("Change &lt;b&gt;x") < page.index("<hr>") < page.index("Trial 8")
    assert not re.findall("<[biu]>", page)
    for words in ("&lt;b&gt;x", "sigmoid", "0.0123", "none", "0.001", "x=&lt;u&gt;"):
        assert words in page
    assert "nothing to cure" in Prescriptions()._repr_html_()
