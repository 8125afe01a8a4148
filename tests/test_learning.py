"""A network that learns nothing is not called healthy: raw breast_cancer, a table as people bring it."""

import pytest
from sklearn.datasets import load_breast_cancer

import gradstudy
from gradstudy.report.findings import findings_of
from gradstudy.report.html.page import report_page
from gradstudy.report.mlflow.displays import study_note

MAJORITY = 357 / 569
"""Of the tumours that are benign."""
NETWORK = ["model=mlp", "model.depth=3", "model.width=16", "task=table", "task.target=target", "budget.steps=60"]


@pytest.fixture(scope="module")
def csv(tmp_path_factory):
    path = tmp_path_factory.mktemp("tables") / "cancer.csv"
    load_breast_cancer(as_frame=True).frame.to_csv(path, index=False)
    return f"task.path={path}"


def measured(csv, *overrides):
    return gradstudy.measure([*NETWORK, csv, *overrides], seeds=2)


def accuracies(measurement, quantity="held_out_accuracy"):
    return [record.series[quantity].values[-1, 0] for record in measurement.records]


def test_a_saturated_network_at_the_majority_class_is_stuck_though_its_gradients_are_healthy(csv):
    """SGD on raw features up to 4254: tanh saturates at once, and what the first layer gets does not vanish."""
    found = measured(csv, "task.standardize=false", "activation=tanh", "optimizer=sgd", "lr.value=0.01")
    assert accuracies(found, "baseline_accuracy") == pytest.approx([MAJORITY] * 2, abs=0.002)
    assert accuracies(found) == pytest.approx([MAJORITY] * 2, abs=0.02)
    assert set(found.members["outcome"]) == {"stuck"}
    assert (found.members["learned"].abs() < 0.1).all()


def test_the_scale_of_features_does_not_decide_what_is_learned_but_the_drop_of_the_loss(csv):
    """The raw loss starts far above the baseline, so that it drops the more without anything being learned."""
    adam = ["optimizer=adam", "lr.value=0.003", "activation=relu"]
    raw, standard = measured(csv, "task.standardize=false", *adam), measured(csv, *adam)
    assert set(standard.members["outcome"]) == {"learned"}
    assert standard.members["learned"].min() > raw.members["learned"].max()
    assert min(accuracies(standard)) > 0.85


@pytest.fixture(scope="module")
def run(csv, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("study"))
        return gradstudy.run_study(
            [
                *("name=cancer", *NETWORK, csv, "confirm.cures=0", "execution=inline"),
                *("+space.task.standardize=choice(true,false)", "+space.activation=choice(relu,tanh)"),
                *("+space.optimizer=choice(sgd,adam)", "budget.trials=8", "budget.seeds=2"),
            ]
        )


def test_no_page_says_healthy_alone_of_who_learned_nothing(run):
    members = run.members
    healthy = members[members["verdict"] == "healthy"]
    stuck, learned = (int((healthy["outcome"] == outcome).sum()) for outcome in ("stuck", "learned"))
    assert min(stuck, learned) > 0
    findings = findings_of(run)
    for page in (report_page(findings), study_note(findings)):
        text = " ".join(page.split())
        assert f"{learned} {'is' if learned == 1 else 'are'} healthy and learned; {stuck}" in text
        assert f"healthy {learned} (" in text
        assert f"healthy but stuck {stuck} (" in text
        assert f"healthy {len(healthy)} (" not in text
    assert f"{stuck} healthy but stuck" in run._repr_html_()


def test_the_healthiest_are_among_those_that_learned(run):
    best = run.best(8)
    learned = run.trials.query("outcome == 'learned' and verdict == 'healthy'")
    assert set(best["outcome"]) == {"learned"}
    assert set(best["trial"]) <= set(learned["trial"])
    assert "learned" in [one.response for one in run.objectives]
