"""Options put together one by one equal one whole composition, also where an option chooses for other groups."""

import random

import pytest

from gradstudy.configs import combinations as combinations_module
from gradstudy.configs.combinations import Combinations
from gradstudy.configs.composition import Composer, hydra_ready
from gradstudy.configs.overrides import as_override
from gradstudy.configs.sources import shipped
from gradstudy.configs.studies import find_studies
from gradstudy.parts import STUDIED

LAUNCHES = {
    "a number": ["lr.value=0.3"],
    "a study": ["+study=everything", "seed=3"],
    "all kinds of overrides": [
        "model=resnet",
        "++init.gain=2",
        "++clipping.max_norm=1",
        "task.batch_size=7",
        "optimizer=adam",
    ],
}


def options(group):
    return sorted(path.stem for path in (shipped("conf") / group).glob("*.yaml"))


@pytest.fixture(scope="module")
def combinations():
    with hydra_ready():
        known = Combinations(LAUNCHES["a number"])
        known.learn({group: options(group) for group in STUDIED})
        yield known


@pytest.fixture
def hydra():
    with hydra_ready():
        yield


def whole(choices, overrides=LAUNCHES["a number"]):
    """What the same choices compose to as overrides, with nothing put together."""
    return Combinations([*overrides, *(f"{group}={option}" for group, option in choices.items())]).base


@pytest.mark.parametrize("launch", LAUNCHES)
def test_an_option_of_any_group_equals_its_own_composition(hydra, launch):
    known = Combinations(LAUNCHES[launch])
    known.learn({group: options(group) for group in STUDIED})
    for group in random.Random(launch).sample(STUDIED, 4):
        option = random.Random(group + launch).choice(options(group))
        assert known({group: option}) == whole({group: option}, LAUNCHES[launch])


@pytest.mark.parametrize(
    ("launch", "changed"),
    [("a number", {"lr"}), ("a study", {"task"}), ("all kinds of overrides", {"model", "init", "clipping", "task"})],
)
def test_only_options_of_groups_that_a_launch_changes_are_composed(hydra, monkeypatch, launch, changed):
    known = Combinations(LAUNCHES[launch])
    assert known.base
    monkeypatch.setattr(combinations_module, "compose", None)
    for group in set(STUDIED) - changed:
        assert all(known({group: option}) for option in {*options(group)} - {"resnet", "transformer"})
    for group in changed:
        with pytest.raises(TypeError):
            known({group: next(option for option in options(group) if option != known.base.names[group])})


@pytest.mark.parametrize("draw", range(6))
def test_a_combination_of_any_options_equals_a_whole_composition(combinations, draw):
    dice = random.Random(draw)
    choices = {group: dice.choice(options(group)) for group in dice.sample(STUDIED, 4)}
    assert combinations(choices) == whole(choices)


@pytest.mark.parametrize("model", options("model"))
@pytest.mark.parametrize("group", ["normalization", "residual"])
def test_what_a_model_chooses_for_other_groups_gives_way_to_a_choice(combinations, model, group):
    choices = {"model": model, group: "none"}
    assert combinations(choices).names[group] == "none"
    assert combinations(choices) == whole(choices)


def test_a_residual_network_and_a_transformer_bring_what_they_are_named_for(combinations):
    assert combinations({"model": "resnet"}).names["residual"] == "additive"
    transformer = combinations({"model": "transformer"}).names
    assert (transformer["residual"], transformer["normalization"]) == ("additive", "layer")
    assert combinations({"model": "mlp"}).names["residual"] == "none"


@pytest.mark.parametrize("name", find_studies())
def test_trials_of_every_shipped_study_are_what_hydra_composes_of_their_choices_and_of_their_overrides(hydra, name):
    study, dice = Composer([f"+study={name}"]), random.Random(name)
    for number in range(2):
        choices = {factor.name: dice.choice(factor.levels) for factor in study.factors if factor.name in study.groups}
        lives = [factor for factor in study.factors if factor.name in study.active(choices) and not factor.levels]
        levels = choices | {factor.name: factor.low for factor in lives}
        composed = Combinations([*study.overrides, *(as_override(*choice) for choice in choices.items())]).base
        assert study._combined(choices) == composed
        alone = Composer(["mode=trial", *study.trial(number, levels).overrides])
        assert study.parts(levels) == alone.parts({})
