"""Files are parsed once in a process, and again when they change; what a launch is compared with is composed once."""

import os

import pytest
from hydra import compose

from gradstudy.configs import sources
from gradstudy.configs.combinations import Combinations, Fixed
from gradstudy.configs.composition import hydra_ready
from gradstudy.configs.sources import Files, state_of_shipped


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "own.yaml").write_text("width: 3\n")
    return Files("mine", f"file://{tmp_path}")


def test_a_file_is_parsed_again_only_after_it_changed(folder, tmp_path, monkeypatch):
    assert folder.load_config("own").config == {"width": 3}
    monkeypatch.setattr("omegaconf.OmegaConf.load", lambda file: pytest.fail("the same file is parsed again"))
    assert folder.load_config("own").config == {"width": 3}
    monkeypatch.undo()
    (tmp_path / "own.yaml").write_text("width: 4\n")
    os.utime(tmp_path / "own.yaml", ns=(0, 1))  # as long as before, and another moment on the coarsest of disks
    assert folder.load_config("own").config == {"width": 4}


def test_what_hydra_does_to_what_it_is_given_stays_with_it(folder):
    folder.load_config("own").config.pop("width")
    assert folder.load_config("own").config == {"width": 3}


def test_launches_share_the_shipped_configuration_until_a_file_of_it_changes(monkeypatch):
    with hydra_ready():
        first, second, elsewhere = (
            Fixed(overrides, compose("config")).bare
            for overrides in (["seed=1"], ["seed=2"], ["hydra.verbose=false", "seed=2"])
        )
        assert first is second is not elsewhere
        monkeypatch.setattr("gradstudy.configs.combinations.state_of_shipped", lambda: "another state")
        assert Fixed(["seed=1"], compose("config")).bare is not first
        assert first({"activation": "relu"}) == Combinations([])({"activation": "relu"})


def test_where_hydra_looks_elsewhere_too_nothing_is_shared(monkeypatch, tmp_path):
    with hydra_ready():
        assert state_of_shipped() == state_of_shipped() is not None
        monkeypatch.setattr(sources, "shipped", lambda name: tmp_path)
        assert state_of_shipped() is None
