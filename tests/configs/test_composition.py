"""Composition: trials are overrides, conditions come from composition, and replacing options equals composing anew."""

from math import inf

import pytest
from hydra import compose
from omegaconf import OmegaConf

from gradstudy.configs.composition import Composer, hydra_ready
from gradstudy.configs.instantiate import make_part
from gradstudy.errors import InputError
from gradstudy.factors.activation import LeakyRelu, Relu
from gradstudy.parts import STUDIED


@pytest.fixture
def composer():
    with hydra_ready():
        yield Composer(["+study=rnn_clip", "task.length=12"])


def test_a_key_lives_exactly_where_the_chosen_option_has_it(composer):
    living = {choice: composer.active({"clipping": choice}) for choice in ("none", "norm", "value")}
    conditional = {"clipping.max_norm", "clipping.max_value"}
    assert {choice: conditional & set(found) for choice, found in living.items()} == {
        "none": set(),
        "norm": {"clipping.max_norm"},
        "value": {"clipping.max_value"},
    }
    assert all({"init.gain", "lr.value", "dummy"} <= set(found) for found in living.values())


def test_replaced_options_equal_a_whole_composition(composer):
    levels = {"activation": "relu", "init": "identity", "clipping": "norm", "optimizer": "rmsprop"}
    numbers = {"init.gain": 1.25, "clipping.max_norm": 0.3, "lr.value": 0.007}
    overrides = [f"{name}={level}" for name, level in {**levels, **numbers}.items()]
    whole = OmegaConf.to_container(compose("config", ["+study=rnn_clip", "task.length=12", *overrides]), resolve=True)
    expected = {group: make_part(group, whole[group]) for group in STUDIED}
    assert composer.parts({**levels, **numbers, "dummy": 0.5}) == expected


def test_the_overrides_of_a_trial_make_the_same_parts_without_the_study(composer):
    levels = {"activation": "relu", "init": "normal", "init.gain": 0.123456789, "optimizer": "adam", "clipping": "none"}
    trial = composer.trial(3, {**levels, "lr.value": 1e-05, "dummy": 0.1})
    assert "dummy" not in " ".join(trial.overrides)
    assert trial.overrides[0] == "task.length=12"
    alone = Composer(trial.overrides)
    assert alone.parts({}) == composer.parts(trial.levels)


def test_what_the_study_file_fixed_is_among_the_overrides_of_its_trials(workplace):
    (workplace / "studies").mkdir()
    (workplace / "studies" / "own.yaml").write_text(
        "defaults: [{override /model: lstm}]\nseed: 3\nmodel: {width: 8}\noptimizer: {nesterov: false}\n"
        "space: {init: 'choice(default, normal)', lr.value: 'interval(0.1, 1)'}\nbudget: {steps: 7}\n"
    )
    with hydra_ready():
        study = Composer(["+study=own", "init.gain=1.5"])
        trial = study.trial(0, {"init": "normal", "lr.value": 0.3})
        alone = Composer(trial.overrides)
        assert alone.parts({}) == study.parts(trial.levels)
    assert (alone.launch.seed, alone.launch.budget.steps) == (3, 7)
    assert trial.overrides[0] == "model=lstm"


@pytest.mark.parametrize(
    "overrides", [["clipping=none"], ["~space.clipping"], ["space.clipping=choice(none,value)", "task.length=9"]]
)
def test_an_entry_that_lives_under_no_choice_left_is_asleep(overrides):
    with hydra_ready():
        composer = Composer(["+study=rnn_clip", *overrides])
        names = {factor.name for factor in composer.factors}
    assert "clipping.max_norm" not in names
    assert ("clipping.max_value" in names) == ("space.clipping" in overrides[0] and "~" not in overrides[0])


def test_an_option_that_changes_another_group_is_composed_whole(tmp_path):
    """A person's option may override a second group; then replacing one group would be wrong, and is not done."""
    (tmp_path / "optimizer").mkdir()
    (tmp_path / "optimizer" / "leads.yaml").write_text(
        "# @package _global_\noptimizer: {_target_: gradstudy.factors.optimizer.Sgd}\ninit: {gain: 3.0}\n"
    )
    space = ["+space.optimizer=choice(sgd,leads)", "+space.lr.value=interval(0.1,1)"]
    with hydra_ready():
        composer = Composer([f"hydra.searchpath=[file://{tmp_path}]", *space])
        assert composer.parts({"optimizer": "leads", "lr.value": 0.5})["init"].gain == 3.0
        assert composer.parts({"optimizer": "sgd", "lr.value": 0.5})["init"].gain == 1.0


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


LEAKY = ["+space.activation=choice(relu,leaky_relu)", "+space.lr.value=interval(0.1,1)"]


@pytest.mark.parametrize(
    "fixed",
    ["activation.negative_slope=0.2", "+space.activation.negative_slope=choice(0.2)"],
    ids=["fixed", "a choice of one"],
)
def test_a_coefficient_of_one_level_of_a_varied_group_is_fixed_under_that_level(workplace, fixed):
    (workplace / "studies").mkdir()
    (workplace / "studies" / "own.yaml").write_text(
        "defaults: [{override /activation: leaky_relu}]\nactivation: {negative_slope: 0.7}\n"
        "space: {activation: 'choice(relu, leaky_relu)', lr.value: 'interval(0.1, 1)'}\n"
    )
    with hydra_ready():
        for overrides in ([*LEAKY, fixed], ["+study=own", fixed]):
            study = Composer(overrides)
            assert [factor.name for factor in study.factors] == ["activation", "lr.value"]
            assert study.parts({"activation": "leaky_relu", "lr.value": 0.5})["activation"] == LeakyRelu(0.2)
            assert study.parts({"activation": "relu", "lr.value": 0.5})["activation"] == Relu()
            trials = [study.trial(3, {"activation": level, "lr.value": 0.5}) for level in ("relu", "leaky_relu")]
            assert ["activation.negative_slope=0.2" in trial.overrides for trial in trials] == [False, True]
            for trial in trials:
                assert Composer(trial.overrides).parts({}) == study.parts(trial.levels)


def test_a_study_file_may_fix_a_coefficient_of_one_level(workplace):
    (workplace / "studies").mkdir()
    (workplace / "studies" / "own.yaml").write_text(
        "activation: {negative_slope: 0.7}\nspace: {activation: 'choice(relu, leaky_relu)'}\n"
    )
    with hydra_ready():
        study = Composer(["+study=own"])
        assert study.parts({"activation": "leaky_relu"})["activation"] == LeakyRelu(0.7)
        assert study.parts({"activation": "relu"})["activation"] == Relu()


def test_a_fixed_coefficient_does_not_reach_an_option_of_the_same_class_that_has_no_such_key():
    """Clipping none and norm are one class, whose threshold is infinite where its option does not say it."""
    with hydra_ready():
        study = Composer(["+space.clipping=choice(none,norm)", "clipping.max_norm=0.5"])
        assert study.parts({"clipping": "none"})["clipping"].max_norm == inf
        assert study.parts({"clipping": "norm"})["clipping"].max_norm == 0.5


def test_a_choice_of_one_option_is_that_option():
    with hydra_ready():
        study = Composer(["+space.activation=choice(relu)", "+space.lr.value=interval(0.1,1)"])
    assert [factor.name for factor in study.factors] == ["lr.value"]
    assert study.choices["activation"] == "relu"


@pytest.mark.parametrize(
    ("overrides", "hint"),
    [
        (["+space.activation=choice(relu,tanh)", "activation.negative_slope=0.2"], "activation=leaky_relu"),
        (["activation.negative_slope=0.2"], "activation=leaky_relu"),
        (["+space.activation=choice(relu,leaky_relu)", "activation.negative_slop=0.2"], "activation.negative_slope"),
        (["+space.lr.value=interval(0.1,1)", "lr.value=0.2"], "'lr.value' is both varied"),
    ],
)
def test_a_coefficient_that_no_level_has_or_that_is_varied_too_is_refused(overrides, hint):
    with hydra_ready(), pytest.raises(InputError, match=hint):
        Composer(overrides)


def test_what_a_study_varies_and_its_launch_fixes_is_known():
    with hydra_ready():
        study = Composer(["+study=rnn_clip", "lr.value=0.2", "clipping=none"])
    assert set(study.unvaried) == {"lr.value=0.2", "clipping=none"}
    assert not {"lr.value", "clipping"} & {factor.name for factor in study.factors}
