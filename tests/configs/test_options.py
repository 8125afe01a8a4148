"""The conf folder is the registry: every option of every group makes its part, and every study composes."""

import pytest

from gradstudy.configs.composition import Composer, hydra_ready
from gradstudy.configs.folders import shipped
from gradstudy.configs.launch import MACHINERY, STUDIED
from gradstudy.configs.studies import find_studies
from gradstudy.parts import Part

OPTIONS = [
    (group.name, option.stem)
    for group in sorted(shipped("conf").iterdir())
    if group.is_dir()
    for option in sorted(group.glob("*.yaml"))
]


@pytest.fixture(scope="module")
def hydra():
    with hydra_ready():
        yield


@pytest.mark.parametrize(("group", "option"), OPTIONS)
def test_every_option_makes_its_part(hydra, group, option):
    composer = Composer([f"{group}={option}"])
    part = composer.launch.machinery[group] if group in MACHINERY else composer.parts({})[group]
    assert isinstance(part, Part)


def test_every_folder_of_conf_is_a_known_group():
    assert {group for group, _ in OPTIONS} == {*STUDIED, *MACHINERY}


@pytest.mark.parametrize("study", sorted(find_studies()))
def test_every_study_composes_and_says_what_it_asks(hydra, study):
    composer = Composer([f"+study={study}"])
    assert composer.launch.question.endswith("?")
    assert composer.launch.source
    assert composer.factors
    assert composer.launch.name == study
