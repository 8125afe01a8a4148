"""A launch that is given a password tells nobody: not in what it prints, nor stores, nor says of what went wrong."""

import os
import shlex
from contextlib import chdir
from unittest.mock import patch
from urllib.parse import quote

import pytest
from support.command import in_process

import gradstudy
from gradstudy import masking
from gradstudy.configs.composition import Composer, hydra_ready
from gradstudy.errors import InputError
from gradstudy.study import _launched_again

SECRET = "s3cr3t/w0rd@x"
STORAGE = f"sqlite:///file:trials.db?uri=true&password={SECRET}"
SMALL = [
    *("name=small", "+space.activation=choice(tanh,relu)", "model=mlp", "task=line", "model.depth=2", "model.width=4"),
    *("budget.trials=8", "budget.seeds=1", "budget.steps=0", "execution=inline", "report=page.html"),
]


def tells(content: bytes) -> bool:
    return any(form.encode() in content for form in (SECRET, quote(SECRET), quote(SECRET, safe=""), "s3cr3t"))


def check_silent(folder, *output):
    """Neither the output nor any file holds the secret, in its content or in its name."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    told = [str(path) for path in files if tells(path.read_bytes()) or tells(str(path).encode())]
    assert not told
    assert not tells("".join(output).encode())
    return files


@pytest.fixture(autouse=True)
def own_environment(monkeypatch):
    monkeypatch.setattr(masking, "_known", set())
    with patch.dict(os.environ):
        yield


@pytest.fixture(scope="module")
def launched(tmp_path_factory):
    """The folder of a study that was launched with a secret, and what that printed."""
    folder = tmp_path_factory.mktemp("launched")
    return folder, in_process([*SMALL, f"search.storage={STORAGE}"], folder)


def test_whatever_a_launch_prints_and_stores_is_silent(launched):
    folder, done = launched
    assert done.code == 0, done
    files = check_silent(folder, done.page, done.message)
    assert {"mlflow.db", "trials.db", "page.html", "study.json", "members.parquet"} <= {path.name for path in files}
    assert "search.storage=${oc.env:GRADSTUDY_SEARCH_STORAGE}" in (folder / "page.html").read_text()


def test_the_command_that_is_printed_and_stored_works_where_its_variable_is_set(launched, monkeypatch):
    folder, _ = launched
    with chdir(folder):
        words = shlex.split(gradstudy.load_study("small").info.command)[3:]
    unset = in_process([*words, "mode=report"], folder)
    assert (unset.code, unset.page) == (2, "")
    assert "export GRADSTUDY_SEARCH_STORAGE=" in unset.message
    monkeypatch.setenv("GRADSTUDY_SEARCH_STORAGE", STORAGE)
    shown = in_process([*words, "mode=report"], folder)
    assert shown.code == 0
    assert "see this again" in shown.page
    check_silent(folder, shown.page, shown.message)


@pytest.mark.parametrize("mode", ["plan", "trial"])
def test_no_mode_tells(mode, tmp_path):
    storage = [f"search.storage={STORAGE}"] if mode == "plan" else [f"tracking.uri=postgresql://ann:{SECRET}@host/db"]
    done = in_process(
        [*(word for word in SMALL if mode == "trial" or "report" not in word), *storage, f"mode={mode}"], tmp_path
    )
    assert done.code == 0, done
    check_silent(tmp_path, done.page, done.message)


def test_cures_are_tried_without_the_secrets_of_the_launch(launched):
    """The stored command is composed again, in a process that may know nothing of them."""
    with chdir(launched[0]), hydra_ready():
        run = gradstudy.load_study("small")
        again = _launched_again(run)
        assert Composer(again).launch.tracking.uri == run.stored.uri
    assert not any(word.startswith("search.storage") for word in again)


@pytest.mark.parametrize(
    "words",
    [
        [f"search.storage=postgresql://ann:{SECRET}@127.0.0.1:9/db"],
        [f"tracking.uri=nonsense+pg://ann:{SECRET}@host"],
        [f"search.storag=postgresql://ann:{SECRET}@host/db"],
        [f"search.storage=postgresql://ann:{SECRET}=,{{x@host/db", "seed=("],
        [f"{{search.storage=postgresql://ann:{SECRET}@host/db"],
        [f"name=a/b?token={SECRET}"],
        [f"question=password={SECRET}", "mode=nonsense"],
    ],
)
def test_wrong_input_is_told_without_the_secret_that_it_holds(words, tmp_path):
    done = in_process([*SMALL, *words], tmp_path)
    assert done.code == 2, done
    assert done.message
    check_silent(tmp_path, done.page, done.message)


def test_what_hydra_prints_of_a_configuration_names_variables(tmp_path):
    done = in_process([*SMALL, f"search.storage={STORAGE}", "--cfg=job"], tmp_path)
    assert "storage: ${oc.env:GRADSTUDY_SEARCH_STORAGE}" in done.page
    check_silent(tmp_path, done.page, done.message)


def test_python_is_told_no_more_than_the_command_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as refused:
        gradstudy.run_study([*SMALL, f"search.storage=nonsense://ann:{SECRET}@host/db"])
    assert not tells(str(refused.value).encode())
    measured = gradstudy.measure([*SMALL, f"search.storage=postgresql://ann:{SECRET}@host/db"])
    assert measured.overrides[-1] == "search.storage=${oc.env:GRADSTUDY_SEARCH_STORAGE}"
    assert os.environ["GRADSTUDY_SEARCH_STORAGE"] == f"postgresql://ann:{SECRET}@host/db"
