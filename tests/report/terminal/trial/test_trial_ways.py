import json
import shlex

from gradstudy.report.terminal.trial.flow_page import trial_ways

CHOICES = {"activation": "sigmoid", "init": "lecun"}
OVERRIDES = ["model=mlp", "activation=sigmoid", "activation.slope=2", "init=lecun", "init.gain=1.5", "budget.steps=5"]


def ways(render, overrides):
    """The two ways, by what they are about, each on one line as a shell and Python read it."""
    page = render(trial_ways(overrides, CHOICES)).replace(" \\\n", " ")
    causes, notebook = page.split("in a notebook")
    return shlex.split(causes.removeprefix("what causes it")), notebook.strip()


def test_the_cause_is_asked_of_a_study_around_the_trial_that_varies_what_decides_most(render):
    command, _ = ways(render, OVERRIDES)
    assert command[:3] == ["python", "-m", "gradstudy"]
    assert command[3:6] == ["name=mine", "model=mlp", "budget.steps=5"]
    assert command[6:] == [
        "+space.activation=choice(sigmoid,relu,tanh)",
        "+space.init=choice(lecun,default,orthogonal)",
    ]


def test_a_trial_of_a_study_leads_back_to_the_study(render):
    assert ways(render, ["+study=rnn_clip", "activation=relu"])[0][3:] == ["+study=rnn_clip"]


def test_a_notebook_measures_the_same_overrides(render):
    _, notebook = ways(render, [*OVERRIDES, "space.x=choice('a \"b\"', c)"])
    call, _, given = notebook.partition("(")
    assert call == "gradstudy.measure"
    assert json.loads(given.removesuffix(")"))[-1] == "space.x=choice('a \"b\"', c)"
