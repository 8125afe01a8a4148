"""Overrides of a configuration that no launch has made: what was fixed stays, what varies is replaced."""

from gradstudy.configs.changed import changed_overrides

FACTORS = ["activation", "clipping", "clipping.max_norm", "lr.value", "dummy"]
BASE = ["model=mlp", "model.depth=12", "+clipping.note=1", "budget.steps=9", "activation=tanh", "clipping=none"]


def test_what_the_launch_fixed_stays_and_what_varies_is_replaced():
    levels = {"activation": "relu", "clipping": "none", "lr.value": 0.01}
    made = changed_overrides(levels, FACTORS, BASE, {})
    fixed = ("model=mlp", "model.depth=12", "+clipping.note=1", "budget.steps=9")
    assert made == (*fixed, "activation=relu", "clipping=none", "lr.value=0.01")


def test_what_is_fixed_inside_a_changed_group_comes_from_a_trial_with_the_new_option():
    donor = ["model=mlp", "model.depth=3", "clipping.eps=0.5", "clipping=norm", "clipping.max_norm=7.0"]
    levels = {"activation": "tanh", "clipping": "norm", "clipping.max_norm": 0.25}
    made = changed_overrides(levels, FACTORS, BASE, {"clipping": donor})
    fixed = {"model=mlp", "model.depth=12", "budget.steps=9", "clipping.eps=0.5"}
    assert set(made) == fixed | {"activation=tanh", "clipping=norm", "clipping.max_norm=0.25"}
