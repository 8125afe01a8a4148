"""Does what is prescribed cure? A small study is run, and what it prescribes is run as mode=trial would."""

import shlex

import numpy as np
import pandas as pd
import pytest
from support.made_study import made_run
from support.made_trials import make_info

import gradstudy
from gradstudy.records import DUMMY, Factor, Trial

STUDY = [
    "name=cure",
    "model=mlp",
    "task=line",
    "model.depth=10",
    "model.width=16",
    "budget.trials=64",
    "budget.seeds=2",
    "budget.steps=60",
    "execution=inline",
    "confirm.cures=0",
    "lr.value=0.01",
    "+space.activation=choice(sigmoid,tanh,relu)",
    "+space.init=choice(default,xavier_normal,kaiming_normal)",
    "+space.init.gain=tag(log,interval(0.5,4.0))",
]
"""Steps enough that healthy networks learn: after a few, only lucky ones have, and nothing is sure enough."""
OTHER_SEEDS = "seed=4711"
"""Other weights and other data than those of the study."""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.chdir(tmp_path_factory.mktemp("cure"))
        yield gradstudy.run_study(STUDY)


@pytest.fixture(scope="module")
def prescriptions(run):
    return {prescription.verdict: prescription for prescription in run.prescribe()}


def measured(overrides):
    return gradstudy.measure([*overrides, OTHER_SEEDS], seeds=4).members


def all_well(overrides):
    found = measured(overrides)
    return set(found["verdict"]) == {"healthy"} and set(found["outcome"]) == {"learned"}


def test_the_budget_is_enough_for_some_and_too_short_for_others(run):
    learned = run.members["outcome"].eq("learned").groupby(run.members["trial"]).all()
    assert 0.2 < learned.mean() < 0.8


@pytest.mark.parametrize("failure", ["vanishing", "exploding", "diverged"])
def test_what_is_prescribed_cures_on_seeds_that_the_study_never_saw(run, prescriptions, failure):
    prescription = prescriptions[failure]
    assert prescription.found, prescription.note
    assert set(measured(run.overrides(prescription.trial))["verdict"]) == {failure}
    assert all_well(prescription.overrides)


def test_what_is_prescribed_to_healthy_gradients_that_are_stuck_makes_them_learn(run, prescriptions):
    prescription = prescriptions["stuck"]
    assert prescription.found, prescription.note
    assert set(measured(run.overrides(prescription.trial))["outcome"]) == {"stuck"}
    assert all_well(prescription.overrides)


@pytest.mark.parametrize("failure", ["vanishing", "exploding", "diverged"])
def test_only_what_is_prescribed_was_changed(run, prescriptions, failure):
    before, after = run.overrides(prescriptions[failure].trial), prescriptions[failure].overrides
    keys = {override.partition("=")[0] for override in set(before) ^ set(after)}
    assert keys == set(prescriptions[failure].changes)


def test_the_command_runs_the_same_configuration_in_mode_trial(prescriptions):
    prescription = prescriptions["vanishing"]
    words = shlex.split(prescription.command)
    assert words[:4] == ["python", "-m", "gradstudy", "mode=trial"]
    assert tuple(words[4:]) == prescription.overrides


def test_levels_are_prescribed_for_as_the_trial_that_has_them(run, prescriptions):
    known = prescriptions["vanishing"]
    assert run.prescribe(levels=known.levels) == known
    assert run.prescribe(trial=known.trial) == known


def test_levels_that_no_trial_has_get_overrides_that_run(run):
    levels = {"activation": "sigmoid", "init": "xavier_normal", "init.gain": 1.2345}
    prescription = run.prescribe(levels=levels)
    assert prescription.trial is None
    assert prescription.changes["activation"][0] == "sigmoid"
    assert "model.width=16" in prescription.overrides
    assert all_well(prescription.overrides)


def test_a_trial_and_levels_at_once_are_refused(run):
    with pytest.raises(gradstudy.InputError, match="got both"):
        run.prescribe(trial=0, levels={})


def stored(members, factors, phases):
    info = make_info("cure", factors=factors, phases=phases)

    def trial(number):
        level = members.loc[members["trial"] == number, "activation"].iloc[0]
        return Trial(number, {"activation": level}, ("model.depth=12", f"activation={level}"))

    return made_run(info, members, trial=trial)


@pytest.fixture
def sigmoids_and_others():
    """100 trials of two seeds; every sigmoid vanishes, and every other trial from number 60 on was hunted."""
    random = np.random.default_rng(0)
    trials = pd.DataFrame({"trial": range(100), "dummy": random.random(100)})
    trials["activation"] = random.choice(["sigmoid", "tanh", "relu"], 100)
    trials["phase"] = np.where((trials["trial"] >= 60) & (trials["activation"] != "sigmoid"), "hunt", "screen")
    trials["vanishing"] = np.where(trials["activation"] == "sigmoid", 6.0, 0.5) + random.normal(0, 0.1, 100)
    trials["verdict"] = np.where(trials["activation"] == "sigmoid", "vanishing", "healthy")
    return pd.concat([trials.assign(seed=seed, exploding=0.1) for seed in (0, 1)], ignore_index=True)


FACTORS = (Factor("activation", ("sigmoid", "tanh", "relu")), DUMMY)


def test_hunted_trials_are_cured_but_support_nothing(sigmoids_and_others):
    members = sigmoids_and_others
    ill = members["activation"] == "sigmoid"
    members.loc[ill & (members["trial"] >= 90), "phase"] = "hunt"
    hunted = int(members.loc[ill & (members["phase"] == "hunt"), "trial"].iloc[0])
    found = stored(members, FACTORS, ("screen", "hunt")).prescribe(trial=hunted)
    level = found.changes["activation"][1]
    screened = (members["activation"] == level) & (members["phase"] == "screen")
    assert found.support.trials == members.loc[screened, "trial"].nunique()
    assert found.overrides == ("model.depth=12", f"activation={level}")


def test_a_study_that_only_hunted_prescribes_nothing(sigmoids_and_others):
    members = sigmoids_and_others.assign(phase="hunt")
    with pytest.raises(gradstudy.InputError, match="search=screen"):
        stored(members, FACTORS, ("hunt",)).prescribe()
