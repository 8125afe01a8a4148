"""A configuration that no launch has made: what was fixed stays, what varies is replaced."""

from gradstudy.configs.changed import changed_trial
from gradstudy.records import Trial

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
