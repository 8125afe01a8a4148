"""A wheel carries conf and studies, and does the main job from a folder that is no checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def build(folder):
    """pip fetches the pinned hatchling for it."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return next(folder.glob("gradstudy-*.whl"))


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The wheel's content, unpacked as an installation would lay it."""
    folder = tmp_path_factory.mktemp("wheel")
    with zipfile.ZipFile(build(folder)) as wheel:
        wheel.extractall(folder / "site")
    return folder / "site"


def run(arguments, site, folder):
    environment = {**os.environ, "PYTHONPATH": str(site)}
    environment.pop("MLFLOW_TRACKING_URI", None)
    command = [sys.executable, "-P", "-m", "gradstudy", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment, check=False)


def test_the_wheel_carries_every_option_and_study_and_nothing_else(installed):
    for name in ("conf", "studies"):
        shipped = {path.relative_to(ROOT / name) for path in (ROOT / name).rglob("*.yaml")}
        carried = {
            path.relative_to(installed / "gradstudy" / name)
            for path in (installed / "gradstudy" / name).rglob("*.yaml")
        }
        assert carried == shipped
    assert sorted(path.name for path in installed.iterdir() if path.suffix != ".dist-info") == ["gradstudy"]


def test_a_study_runs_from_the_wheel_in_another_folder(installed, tmp_path):
    tiny = ["budget.trials=8", "budget.seeds=1", "budget.steps=2", "task.length=8", "model.width=4"]
    done = run(["+study=rnn_clip", *tiny], installed, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "8/8 trials" in done.stdout
    assert "What makes gradients explode?" in done.stdout


def test_a_persons_own_study_is_found_from_the_wheel(installed, tmp_path):
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies" / "mine.yaml").write_text("question: Mine?\nspace: {init.gain: 'interval(0.5, 1)'}\n")
    listed = run([], installed, tmp_path).stdout
    assert "Mine?" in listed
    assert "rnn_clip" in listed
