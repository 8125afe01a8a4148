"""The conf folder is the registry: every option of every group makes its part, and every study composes."""

import re
from pathlib import Path

import pytest

from gradstudy.configs.composition import Composer, hydra_ready
from gradstudy.configs.instantiate import make_part
from gradstudy.configs.launch import MACHINERY
from gradstudy.configs.sources import shipped
from gradstudy.configs.studies import find_studies
from gradstudy.errors import InputError
from gradstudy.parts import STUDIED, Part
from gradstudy.preparation import prepare

ROOT = Path(__file__).parent.parent.parent
OPTIONS = [
    (group.name, option.stem)
    for group in sorted(shipped("conf").iterdir())
    if group.is_dir()
    for option in sorted(group.glob("*.yaml"))
]
LEFT_TO_THE_USER = [
    (group, option) for group, option in OPTIONS if "???" in (shipped("conf") / group / f"{option}.yaml").read_text()
]


@pytest.fixture(scope="module")
def hydra():
    with hydra_ready():
        yield


@pytest.mark.parametrize(("group", "option"), [pair for pair in OPTIONS if pair not in LEFT_TO_THE_USER])
def test_every_option_makes_its_part(hydra, group, option, monkeypatch):
    if (group, option) == ("task", "openml"):  # tests reach no network
        monkeypatch.setattr("gradstudy.tasks.openml._fetched", lambda *asked: None)
    composer = Composer([f"{group}={option}"])
    part = getattr(composer.launch, group) if group in MACHINERY else make_part(group, composer.fixed()[group])
    assert isinstance(part, Part)


@pytest.mark.parametrize(("group", "option"), LEFT_TO_THE_USER)
def test_an_option_without_a_default_asks_for_what_only_the_user_can_say(hydra, group, option):
    with pytest.raises(InputError, match=rf"add {group}\.\w+=\.\.\."):
        Composer([f"{group}={option}"]).parts({})


def test_every_folder_of_conf_is_a_known_group():
    assert {group for group, _ in OPTIONS} == {*STUDIED, *MACHINERY}


@pytest.mark.parametrize("study", sorted(find_studies()))
def test_every_study_says_what_it_asks_and_all_its_trials_fit(hydra, workplace, study):
    prepared = prepare([f"+study={study}"], "")
    launch, composer = prepared.launch, prepared.composer
    assert launch.question.endswith("?")
    assert launch.source
    assert launch.name == study
    assert composer.factors
    assert not composer.asleep
    assert len(prepared.preview) == launch.budget.trials
    assert not list(workplace.iterdir())


def test_every_level_that_the_user_guide_names_is_there():
    rows = [
        line.split("|")[1:3]
        for line in (ROOT / "docs/pages/own_study.md").read_text().splitlines()
        if line.startswith("| ")
    ]
    listed = {group.strip(): re.sub(r"\(.*?\)", "", levels) for group, levels in rows if group.strip() in STUDIED}
    assert set(listed) == set(STUDIED)
    for group, levels in listed.items():
        named = {
            entry.split()[0] for entry in re.split(r"[,;]", levels) if entry.strip() and "each before" not in entry
        }
        assert named <= {option for known, option in OPTIONS if known == group}, group
