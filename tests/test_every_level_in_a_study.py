"""Every level of every studied group runs in a study on real data: scikit-learn's digits, and the tasks themselves."""

import pytest
from support.enrolled import options

import gradstudy
from gradstudy.parts import STUDIED

IMAGES = ["task=digits", "task.image=true", "task.batch_size=4", "model.depth=2"]
BASES = {
    "pretraining": ["model=mlp", "task=digits", "task.batch_size=4", "model.depth=2", "activation=sigmoid"],
    "regularization": ["model=rnn", *IMAGES],  # variational dropout is for recurrent networks
}
IN_TIME = {"adding", "temporal_order", "copy_memory", "sequential_digits"}
SHORT = [
    "+space.lr.value=interval(0.001,0.01)",
    "budget.seeds=1",
    "budget.steps=2",
    "execution=inline",
    "confirm.cures=0",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One store for all of these studies."""
    return tmp_path_factory.mktemp("levels")


def run(group, levels, base, folder, monkeypatch):
    monkeypatch.chdir(folder)
    varied = f"+space.{group}=choice({','.join(sorted(levels))})"
    given = [f"name={group}-{len(levels)}", *base, varied, f"budget.trials={len(levels)}", *SHORT]
    return gradstudy.run_study(given)


@pytest.mark.parametrize("group", [group for group in STUDIED if group != "task"])
def test_every_level_of_a_group_runs_in_a_study_on_digits(group, folder, monkeypatch):
    base = BASES.get(group, [*([] if group == "model" else ["model=cnn"]), *IMAGES])
    study = run(group, options(group), base, folder, monkeypatch)
    assert set(study.members[group]) == set(options(group))
    assert study.members["verdict"].isin(["healthy", "vanishing", "exploding", "diverged"]).all()


@pytest.mark.parametrize("model", ["rnn", "mlp"])
def test_every_task_runs_in_a_study(model, folder, monkeypatch):
    tasks = IN_TIME if model == "rnn" else {*options("task")} - IN_TIME
    study = run("task", tasks, [f"model={model}"], folder, monkeypatch)
    assert set(study.members["task"]) == tasks
