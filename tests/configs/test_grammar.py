"""The sweep grammar: every form of Hydra's own becomes a factor, and everything else is told in one sentence."""

import pytest

from gradstudy.configs.grammar import parse_factor
from gradstudy.errors import InputError
from gradstudy.records import Factor

CHOICES = {
    "choice(tanh, relu)": ("tanh", "relu"),
    "tanh,relu,selu": ("tanh", "relu", "selu"),
    "  choice(tanh, relu)\n": ("tanh", "relu"),
    "choice('leaky relu', tanh)": ("leaky relu", "tanh"),
    "choice(1, 2.5)": (1, 2.5),
    "choice(1e-3, 0.1)": (0.001, 0.1),
    "choice(true, false)": (True, False),
    "str(choice(1, 2))": ("1", "2"),
    "float(choice(1, 2))": (1.0, 2.0),
    "shuffle(choice(a, b))": ("a", "b"),
    "sort(choice(3, 1, 2))": (1, 2, 3),
    "range(1, 9, step=2)": (1, 3, 5, 7),
    "range(3)": (0, 1, 2),
    "range(9, 1, step=-4)": (9, 5),
    "range(0.1, 0.4, 0.1)": (0.1, 0.2, 0.3),
    "range(0, 1, 0.25)": (0.0, 0.25, 0.5, 0.75),
}
RANGES = {
    "interval(1, 3)": Factor("x", low=1.0, high=3.0),
    "interval(-0.5, 0.5)": Factor("x", low=-0.5, high=0.5),
    "interval(start=1, end=3)": Factor("x", low=1.0, high=3.0),
    "int(interval(32, 512))": Factor("x", low=32.0, high=512.0, integer=True),
    "float(int(interval(1, 3)))": Factor("x", low=1.0, high=3.0),
    "tag(log, interval(1e-4, 1))": Factor("x", low=1e-4, high=1.0, log=True),
    "tag(log, int(interval(1, 64)))": Factor("x", low=1.0, high=64.0, log=True, integer=True),
    "int(tag(log, interval(1, 64)))": Factor("x", low=1.0, high=64.0, log=True, integer=True),
}
REFUSED = {
    "": "at least two levels are required",
    "tanh": "fix it: init.gain=tanh",
    "choice(null)": "null cannot be a level",
    "true": "fix it: init.gain=true",
    "range(1, 2)": "fix it: init.gain=1",
    "interval(2, 2)": "fix it: init.gain=2",
    "choice(a, b, a)": "got a twice",
    "choice(1, 1.0)": "got 1 twice",
    "choice(a, 1)": "got a (a word) and 1 (a number)",
    "choice(true, 1)": "got true (true or false) and 1 (a number)",
    "choice(null, 1)": "null cannot be a level",
    "choice(inf, 1)": "levels must be finite, got inf, 1",
    "choice(1.0, nan)": "levels must be finite",
    "choice([a], b)": "a level must be a word, a number, true or false, got list",
    "choice(a, b), c": "got ChoiceSweep",
    "interval(1, 2), interval(3, 4)": "got IntervalSweep",
    "interval(3, 1)": "got 3 and 1; swap them",
    "interval(1, inf)": "finite bounds, got 1 and inf",
    "interval(nan, 1)": "finite bounds",
    "interval(-1e308, 1e308)": "finite bounds",
    "int(interval(1, inf))": "cannot convert float infinity",
    "interval(1)": "missing a required argument",
    "interval(a, b)": "got 'interval(a, b)'",
    "str(interval(1, 2))": "cannot be cast to str",
    "tag(log, interval(0, 1))": "must begin above 0, got 0",
    "tag(log, interval(-1, 1))": "must begin above 0, got -1",
    "tag(lgo, interval(1, 2))": "got 'lgo'. Did you mean 'log'?",
    "tag(log, wide, interval(1, 2))": "the only tag is log",
    "tag(log, choice(1, 2))": "a tag belongs to an interval",
    "range(9, 1)": "is empty",
    "range(1, 9, 0)": "a step other than 0",
    "range(0, inf)": "finite ends",
    "range(0, 1e9)": "more than 1000 levels; write int(interval(0, 1000000000))",
    "glob(*)": "glob says nothing",
    "chioce(a, b)": "Did you mean 'choice'?",
    "tag(log, intervall(1, 2))": "Did you mean 'interval'?",
    "choice(a, b": "must be written as choice(a, b)",
    "choice(a, b) # both": "got 'choice(a, b) # both'.",
    "choice()": "empty choice",
    "[tanh, relu]": "write choice(tanh, relu)",
    "{low: 1}": "must be written as choice(a, b)",
}


@pytest.mark.parametrize(("text", "levels"), CHOICES.items())
def test_a_choice_keeps_its_levels_and_their_types(text, levels):
    factor = parse_factor("x", text)
    assert factor == Factor("x", levels=levels)
    assert [type(level) for level in factor.levels] == [type(level) for level in levels]


@pytest.mark.parametrize(("text", "factor"), RANGES.items())
def test_an_interval_keeps_its_bounds_scale_and_kind(text, factor):
    parsed = parse_factor("x", text)
    assert parsed == factor
    assert type(parsed.low) is type(parsed.high) is float


@pytest.mark.parametrize(("text", "told"), REFUSED.items())
def test_what_varies_nothing_or_is_no_grammar_is_told_in_one_line(text, told):
    with pytest.raises(InputError) as refusal:
        parse_factor("init.gain", text)
    message = str(refusal.value)
    assert message.startswith("space.init.gain: ")
    assert told in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (["tanh", "relu"], "got a list; write choice(tanh, relu)"),
        ([True, 0.5], "write choice(true, 0.5)"),
        (3, "fix it: lr.value=3"),
        (0.25, "fix it: lr.value=0.25"),
        (False, "fix it: lr.value=false"),
        ({"low": 1}, "got {'low': 1}"),
        (None, "got None"),
    ],
)
def test_what_yaml_did_not_read_as_text_is_told_how_to_write_it(value, told):
    with pytest.raises(InputError) as refusal:
        parse_factor("lr.value", value)
    assert str(refusal.value).startswith("space.lr.value: ")
    assert told in str(refusal.value)


def test_a_name_that_is_grammar_itself_does_not_disturb_the_levels():
    assert parse_factor("~odd name@x", "choice(a, b)") == Factor("~odd name@x", levels=("a", "b"))
