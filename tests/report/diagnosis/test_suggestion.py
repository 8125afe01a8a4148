"""The study that would show what is the matter: it runs as printed, varies the suspects and keeps what was given."""

import pytest

import gradstudy
from gradstudy.configs.composition import Composer, hydra_ready
from gradstudy.report.diagnosis.suggestion import suggested_study
from gradstudy.report.diagnosis.suspects.ranked import ranked_suspects
from gradstudy.report.diagnosis.suspects.suspect import POSSIBLE, PROVEN, Suspect, case_of

CHOICES = {"activation": "sigmoid", "init": "lecun"}
GIVEN = ["model=mlp", "activation=sigmoid", "init=lecun", "init.gain=1.5", "lr.value=3", "budget.steps=5"]


def suspect(weight=POSSIBLE, **space):
    return Suspect("it", "is it", weight, {name.replace("__", "."): levels for name, levels in space.items()})


def test_suspects_are_varied_and_all_else_that_was_given_is_kept():
    study = suggested_study(GIVEN, CHOICES, [suspect(lr__value="interval(1,3)"), suspect(init="choice(lecun,default)")])
    kept = ["model=mlp", "activation=sigmoid", "init.gain=1.5", "budget.steps=5"]
    assert study == ["name=mine", *kept, "+space.lr.value=interval(1,3)", "+space.init=choice(lecun,default)"]


def test_where_two_suspects_vary_one_factor_the_more_telling_one_does():
    suspects = [suspect(PROVEN, init="choice(lecun,default)"), suspect(init="choice(lecun,sparse)", lr="choice(a,b)")]
    assert suggested_study([], CHOICES, suspects)[1:] == ["+space.init=choice(lecun,default)", "+space.lr=choice(a,b)"]


def test_without_suspects_what_decides_most_is_varied():
    assert suggested_study(["activation=sigmoid"], CHOICES)[1:] == [
        "+space.activation=choice(sigmoid,relu,tanh)",
        "+space.init=choice(lecun,default,orthogonal)",
    ]


def test_a_trial_of_a_study_leads_back_to_it_with_the_suspects_beside_its_own_factors():
    trial = ["+study=rnn_clip", "activation=relu", "mode=trial", "trial=7"]
    back = suggested_study(trial, CHOICES, [suspect(activation="choice(a,b)")], ["activation"])
    assert back == ["+study=rnn_clip"]
    further = suggested_study([*trial, "seed=3"], CHOICES, [suspect(lr="choice(a,b)")], ["activation"])
    assert further == ["name=mine", "+study=rnn_clip", "seed=3", "+space.lr=choice(a,b)"]


INLINE = ["execution=inline", "confirm.cures=0"]
BROKEN = [
    (["activation=relu", "model.depth=2", "lr.value=10"], "lr.value"),
    (["normalization=batch", "model.depth=2", "task.batch_size=1"], "task.batch_size"),
    (["activation=sigmoid", "model.depth=12", "lr.value=0.02"], "init"),
    (["init=constant", "init.value=0.5", "model.depth=3"], "init"),
]


def suggested_for(given):
    overrides = ["model=mlp", "task=digits", "budget.steps=20", *given]
    measured = gradstudy.measure(overrides, seeds=2)
    return overrides, suggested_study(overrides, measured.choices, ranked_suspects(case_of(measured)))


@pytest.mark.parametrize(("given", "factor"), BROKEN)
def test_what_is_suggested_for_a_broken_network_varies_a_suspect_and_keeps_the_rest(given, factor):
    overrides, study = suggested_for(given)
    with hydra_ready():
        composer = Composer(study)
        factors = {one.name for one in composer.factors}
        trial = composer.trial(0, {one.name: one.levels[0] if one.levels else one.low for one in composer.factors})
    assert factor in factors
    for override in overrides:
        assert override.partition("=")[0] in factors or override in trial.overrides


@pytest.mark.slow
def test_what_is_suggested_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    given, factor = BROKEN[0]
    run = gradstudy.run_study([*suggested_for(given)[1], "budget.trials=2", "budget.seeds=1", *INLINE])
    assert run.members[factor].nunique() == 2
