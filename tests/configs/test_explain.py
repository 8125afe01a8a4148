"""What a person is told of a key that no chosen option has."""

from gradstudy.configs.explain import explain
from gradstudy.configs.shipped_keys import options_with


def told(key):
    return explain(ValueError(f"Could not override '{key}'."), None)


def test_a_studied_key_can_be_varied_and_one_of_the_machinery_only_chosen():
    assert "belongs to clipping=" in told("clipping.max_norm")
    assert "+space.clipping.max_norm=" in told("clipping.max_norm")
    assert "search=gp, " in told("search.pruner")
    assert "space." not in told("search.pruner")


def test_an_option_has_the_keys_of_the_option_it_begins_with():
    assert options_with("search.hunt") == ["search=screen_then_hunt"]
    assert {"search=tpe", "search=gp", "search=screen_then_hunt"} < set(options_with("search.goal"))
    assert "search=screen" not in options_with("search.goal")
