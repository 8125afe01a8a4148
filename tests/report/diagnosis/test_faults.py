"""Faults that people had, from public threads, as small configurations: what is suspected, by name and in its order."""

import numpy as np
import pytest

import gradstudy
from gradstudy.report.diagnosis.suspects.ranked import ranked_suspects
from gradstudy.report.diagnosis.suspects.suspect import case_of

DYING = ["activation=relu", "model.width=[128,64,32]", "model.depth=3"]
SMALL = ["model=mlp", "task=digits", "model.depth=2", "budget.steps=100"]


def suspects(*overrides, seeds=2):
    return [one.name for one in ranked_suspects(case_of(gradstudy.measure([*SMALL, *overrides], seeds=seeds)))]


@pytest.fixture(scope="module")
def line(tmp_path_factory):
    """x = 0 ... 199 and y = 2 x."""
    path = tmp_path_factory.mktemp("table") / "line.csv"
    path.write_text("x,y\n" + "".join(f"{x},{2 * x}\n" for x in range(200)))
    return ["task=table", f"task.path={path}", "task.target=y", "task.standardize=false", "task.batch_size=1"]


def test_a_rate_beyond_what_the_power_of_the_inputs_bears(line):
    """keras#3040: one linear unit. Inputs of mean square 13 000 make a curvature of thousands: beyond 2 at 1e-3."""
    linear = ["model.width=1", "model.depth=1", "activation=identity", "lr.value=0.001", *line]
    measured = gradstudy.measure([*SMALL, *linear], seeds=4)
    found = ranked_suspects(case_of(measured))
    assert [one.name for one in found] == ["learning rate", "size of the inputs"]
    assert found[1].space == {"task.standardize": "choice(false,true)"}
    assert np.median(measured.look.sharpness) * 0.001 > 2
    assert found[0].said.startswith("0.001 times the largest curvature of the loss at step 0, ")
    assert "activation" not in " ".join(one.said for one in found)


@pytest.mark.parametrize(
    ("overrides", "first"),
    [
        (["activation=relu", "lr.value=10"], "learning rate"),
        (["model.depth=1", "activation=identity", "init=normal", "init.std=1", "lr.value=3"], "learning rate"),
        (["model=rnn", "activation=relu", "task=copy_memory", "task.length=5", "lr.value=20"], "learning rate"),
        ([*DYING, "optimizer=adam", "lr.value=0.1"], "learning rate"),
        (["activation=relu", "normalization=batch", "task.batch_size=1"], "batch size"),
        (["activation=relu", "normalization=batch", "task.batch_size=2", "model.depth=4"], "batch size"),
        (["activation=relu", "lr.value=1e-6"], "learning rate"),
        (["activation=tanh", "task.scale=255"], "size of the inputs"),
        (["init=constant", "init.value=0.5", "model.depth=4"], "init"),
        (["activation=sigmoid", "model.depth=12", "budget.steps=20"], "activation and init"),
        (["activation=relu", "init=normal", "init.std=1", "model.depth=6", "budget.steps=20"], "init"),
    ],
)  # fmt: skip
def test_the_first_suspect_is_what_the_fault_was(overrides, first):
    assert suspects(*overrides, seeds=4)[0] == first


@pytest.mark.parametrize(
    "overrides",
    [
        ["activation=relu", "init=kaiming_normal", "lr.value=0.1"],
        ["activation=tanh", "optimizer=adam", "lr.value=0.003"],
        ["activation=relu", "normalization=batch", "lr.value=0.1"],
        ["activation=relu", "optimizer=adam", "lr.value=0.003", "model.depth=4"],
        ["activation=selu", "init=lecun", "model.depth=8", "optimizer=adam", "lr.value=0.001"],
        ["model=rnn", "init=orthogonal", "task=adding", "task.length=10", "optimizer=adam", "lr.value=0.003"],
    ],
)
def test_a_network_that_learns_has_no_suspects(overrides):
    assert suspects(*overrides, seeds=4) == []


def test_looking_closer_waits_for_something_wrong(monkeypatch):
    """A healthy network pays for no curvature."""
    measured = gradstudy.measure([*SMALL, "init=kaiming_normal", "activation=relu", "lr.value=0.1"], seeds=1)
    monkeypatch.setattr("gradstudy.training.close_look.sharpness", lambda *_: pytest.fail("nobody asked"))
    gradstudy.diagnose(measured)
