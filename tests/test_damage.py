"""What a person sees whose stored files are damaged: the terminal, the page and Python say it, and all of them open."""

import os
from pathlib import Path

import pandas as pd
import pytest
from support.command import in_process

import gradstudy

TINY = [
    *("name=tiny", "model=mlp", "model.depth=2", "model.width=4", "task=random_signal", "execution=inline"),
    *("+space.activation=choice(tanh,relu)", "+space.lr.value=interval(0.001,0.1)", "confirm.cures=0"),
    *("budget.trials=3", "budget.seeds=1", "budget.steps=2"),
]
LOST = "trial_00001.parquet"


@pytest.fixture
def undisturbed(tmp_path, monkeypatch):
    """The members of a study that is stored where the test stands."""
    monkeypatch.chdir(tmp_path)
    return gradstudy.run_study(TINY).members


def cut(name):
    (path,) = Path().rglob(name)
    os.truncate(path, path.stat().st_size // 2)
    return str(path.absolute())


def told(page):
    """What a terminal shows, its lines joined."""
    return " ".join(page.split())


def test_what_cannot_be_read_is_left_out_and_said_everywhere_and_the_same_command_mends_it(undisturbed, capsys):
    damaged = [cut("members.parquet"), cut(LOST)]
    report = in_process([*TINY, "mode=report", "report=page.html"], Path())
    page = Path("page.html").read_text(encoding="utf-8")
    run = gradstudy.load_study("tiny")
    for said in (told(report.page), page, " ".join(run.damage), capsys.readouterr().out, run._repr_html_()):
        assert "Left out, as damaged or gone: 1 of 3 trials" in said
        assert all(Path(path).name in said for path in damaged)
        assert "own command, given again" in said
    assert report.code == 0
    assert run.members["trial"].tolist() == [0, 2]

    again = in_process(TINY, Path())
    assert again.code == 0
    assert LOST in again.page
    assert gradstudy.load_study("tiny").damage == ()
    pd.testing.assert_frame_equal(gradstudy.load_study("tiny").members, undisturbed, check_exact=True)


def test_what_a_study_is_need_not_be_read_to_report_it(undisturbed):
    cut("study.json")
    report = in_process([*TINY, "mode=report"], Path())
    assert report.code == 0
    assert "what they say is taken from other files" in told(report.page)
    assert "study.json" in report.page
    pd.testing.assert_frame_equal(gradstudy.load_study("tiny").members, undisturbed, check_exact=True)
