"""Options put together one by one equal one whole composition, also where an option chooses for other groups."""

import random

import pytest

from gradstudy.configs.combinations import Combinations
from gradstudy.configs.composition import Composer, hydra_ready
from gradstudy.configs.studies import shipped
from gradstudy.parts import STUDIED

KNOWN = Combinations(["lr.value=0.3"])
"""Composes only when it is asked, and then each option once for all tests."""


@pytest.fixture
def combinations():
    with hydra_ready():
        KNOWN.learn({group: options(group) for group in STUDIED})
        yield KNOWN


def test_an_option_that_was_composed_with_others_equals_its_own_composition(combinations):
    for group in STUDIED:
        option = random.Random(group).choice(options(group))
        assert combinations({group: option}) == combinations._compose({group: option})


def options(group):
    return sorted(path.stem for path in (shipped("conf") / group).glob("*.yaml"))


@pytest.mark.parametrize("draw", range(6))
def test_a_combination_of_any_options_equals_a_whole_composition(combinations, draw):
    dice = random.Random(draw)
    choices = {group: dice.choice(options(group)) for group in dice.sample(STUDIED, 4)}
    assert combinations(choices) == combinations._compose(choices)


@pytest.mark.parametrize("model", options("model"))
@pytest.mark.parametrize("group", ["normalization", "residual"])
def test_what_a_model_chooses_for_other_groups_gives_way_to_a_choice(combinations, model, group):
    choices = {"model": model, group: "none"}
    assert combinations(choices).names[group] == "none"
    assert combinations(choices) == combinations._compose(choices)


def test_a_residual_network_and_a_transformer_bring_what_they_are_named_for(combinations):
    assert combinations({"model": "resnet"}).names["residual"] == "additive"
    transformer = combinations({"model": "transformer"}).names
    assert (transformer["residual"], transformer["normalization"]) == ("additive", "layer")
    assert combinations({"model": "mlp"}).names["residual"] == "none"


@pytest.mark.parametrize("default", ["mlp", "resnet"])
def test_trials_of_a_study_that_varies_the_model_say_what_each_model_chose(workplace, default):
    (workplace / "studies").mkdir()
    (workplace / "studies" / "own.yaml").write_text(
        f"defaults: [{{override /model: {default}}}, {{override /task: random_signal}}]\n"
        "task: {side: 4}\nspace: {model: 'choice(mlp, resnet, cnn)'}\n"
    )
    with hydra_ready():
        study = Composer(["+study=own"])
        for model, residual in {"mlp": "none", "resnet": "additive", "cnn": "none"}.items():
            parts = study.parts({"model": model})
            assert Composer(study.trial(0, {"model": model}).overrides).parts({}) == parts
            assert parts["residual"] == Composer([f"residual={residual}", "model.depth=2"]).parts({})["residual"]
