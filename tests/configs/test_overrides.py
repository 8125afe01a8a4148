"""Overrides: space entries survive Hydra whatever is in them, levels come back as they went, a trial's are changed."""

import pytest
from omegaconf import OmegaConf

from gradstudy.configs.composition import Composer, hydra_ready
from gradstudy.configs.overrides import as_override, changed_trial, keys, quote_space
from gradstudy.records import Trial


def space_of(*overrides):
    with hydra_ready():
        return dict(Composer(["+study=rnn_clip", *overrides]).launch.space)


@pytest.mark.parametrize(
    ("override", "name", "text"),
    [
        ("space.activation=choice(tanh,identity)", "activation", "choice(tanh,identity)"),
        ("space.init.gain=interval(0.5,1)", "init.gain", "interval(0.5,1)"),
        ("space.lr.value=tag(log, interval(1e-3, 1e-1))", "lr.value", "tag(log, interval(1e-3, 1e-1))"),
        ("+space.model.width=choice(4, 8)", "model.width", "choice(4, 8)"),
        ("++space.activation='choice(relu,tanh)'", "activation", "choice(relu,tanh)"),
        ('space.activation="choice(relu,tanh)"', "activation", "choice(relu,tanh)"),
        ("space={activation: 'choice(relu,tanh)'}", "activation", "choice(relu,tanh)"),
    ],
)
def test_an_entry_is_changed_or_added_from_the_command_line(override, name, text):
    space = space_of(override)
    assert space[name] == text
    assert "optimizer" in space


def test_an_entry_is_removed_from_the_command_line():
    assert "init.gain" not in space_of("~space.init.gain")
    assert "init" in space_of("~space.init.gain")


def test_a_factor_that_is_fixed_no_longer_varies():
    with hydra_ready():
        composer = Composer(["+study=rnn_clip", "activation=relu", "init.gain=1.5"])
        names = [factor.name for factor in composer.factors]
        assert "activation" not in names
        assert "init.gain" not in names
        parts = composer.parts({})
    assert type(parts["activation"]).__name__ == "Relu"
    assert parts["init"].gain == 1.5


def test_other_overrides_pass_unchanged():
    given = ["+study=rnn_clip", "budget.trials=3", "spaceship=1", "-m"]
    assert quote_space(given) == given


def test_quoting_twice_changes_nothing_more():
    once = quote_space(["space.init.gain=interval(0.5,1)", "~space.optimizer"])
    assert quote_space(once) == once


WORDS = ["tanh", "with space", "a'b\"c", "1e-3", "x,y", "$", "äö"]
NUMBERS = [0.1, 1e-05, 123456789.123, 3, True, False]
NESTED = [None, [0.9, 0.99], ["a", "x,y"], {"_target_": "fractions.Fraction", "numerator": 3, "of": {"x": [True]}}]


@pytest.mark.parametrize("level", [*WORDS, *NUMBERS, *NESTED])
def test_a_level_or_any_plain_value_comes_back_through_hydra_as_it_went(level):
    with hydra_ready():
        from hydra import compose

        config = compose("config", [as_override("name", level)])
    found = OmegaConf.to_container(config)["name"]
    assert (found, type(found)) == (level, type(level))


def test_keys_are_what_is_set():
    assert keys(["+study=a", "lr.value=0.1", "~space", "++space={a: 1}"]) == ["study", "lr.value", "space", "space"]


FACTORS = ["activation", "clipping", "clipping.max_norm", "lr.value", "dummy"]
BASE = Trial(
    3,
    {"activation": "tanh", "clipping": "none", "dummy": 0.5},
    ("model=mlp", "model.depth=12", "+clipping.note=1", "budget.steps=9", "activation=tanh", "clipping=none"),
)


def test_what_the_launch_fixed_stays_and_what_varies_is_replaced():
    levels = {"activation": "relu", "clipping": "none", "lr.value": 0.01}
    made = changed_trial(BASE, levels, FACTORS, lambda group, option: ["model.depth=3", "activation.slope=0.2"])
    fixed = ("model=mlp", "model.depth=12", "+clipping.note=1", "budget.steps=9", "activation.slope=0.2")
    assert made == Trial(3, levels, (*fixed, "activation=relu", "clipping=none", "lr.value=0.01"))


def test_what_is_fixed_inside_a_changed_group_comes_from_a_trial_with_the_new_option():
    donors = {
        ("clipping", "norm"): ["model=mlp", "model.depth=3", "clipping.eps=0.5", "clipping=norm", "clipping.max_norm=7"]
    }
    levels = {"activation": "tanh", "clipping": "norm", "clipping.max_norm": 0.25}
    made = changed_trial(BASE, levels, FACTORS, lambda group, option: donors[group, option])
    fixed = {"model=mlp", "model.depth=12", "budget.steps=9", "clipping.eps=0.5"}
    assert set(made.overrides) == fixed | {"activation=tanh", "clipping=norm", "clipping.max_norm=0.25"}
