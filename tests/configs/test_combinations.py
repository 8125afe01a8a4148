"""Options put together one by one equal one whole composition, also where an option chooses for other groups."""

import random

import pytest

from gradstudy.configs.combinations import Combinations
from gradstudy.configs.composition import hydra_ready
from gradstudy.configs.sources import shipped
from gradstudy.parts import STUDIED

FIXED = "lr.value=0.3"


def options(group):
    return sorted(path.stem for path in (shipped("conf") / group).glob("*.yaml"))


@pytest.fixture(scope="module")
def combinations():
    with hydra_ready():
        known = Combinations([FIXED])
        known.learn({group: options(group) for group in STUDIED})
        yield known


def whole(choices):
    """What the same choices compose to as overrides, with nothing put together."""
    return Combinations([FIXED, *(f"{group}={option}" for group, option in choices.items())]).base


def test_an_option_that_was_composed_with_others_equals_its_own_composition(combinations):
    for group in STUDIED:
        option = random.Random(group).choice(options(group))
        assert combinations({group: option}) == whole({group: option})


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
