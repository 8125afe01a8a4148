"""Parts check themselves once: types, ranges, which fields may differ inside a cohort, and what is left unchecked."""

from dataclasses import dataclass
from fractions import Fraction

import pytest
import torch

from gradstudy.configs.instantiate import make_part
from gradstudy.errors import InputError
from gradstudy.parts import Part, is_coefficient, number, unchecked
from gradstudy.training.cohort import stack, structure


@dataclass(frozen=True)
class Example(Part):
    rate: float = number(0.5, above=0.0, at_most=1.0)
    betas: tuple[float, float] = number((0.9, 0.99), below=1.0)
    width: int = number(4, at_least=1)
    deep: bool = False
    name: str = "x"


def test_whole_numbers_become_floats_and_lists_become_tuples():
    made = Example(rate=1, betas=[0, 0.5], width=3.0)
    assert (made.rate, made.betas, made.width) == (1.0, (0.0, 0.5), 3)
    assert [type(value) for value in (made.rate, made.betas[0], made.width)] == [float, float, int]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rate": 0}, "rate must be above 0.0, got 0.0"),
        ({"rate": 1.5}, "rate must be at most 1.0, got 1.5"),
        ({"rate": float("nan")}, "rate must be finite, got nan"),
        ({"rate": "much"}, "rate must be a number, got 'much'"),
        ({"rate": True}, "rate must be a number, got True"),
        ({"rate": None}, "rate must be a number, got None"),
        ({"betas": [0.9]}, "betas must be a list of 2 numbers"),
        ({"betas": [0.9, 1.0]}, "betas must be below 1.0, got 1.0"),
        ({"betas": 0.9}, "betas must be a list of 2 numbers"),
        ({"width": 2.5}, "width must be a whole number, got 2.5"),
        ({"width": 0}, "width must be at least 1, got 0"),
        ({"deep": 1}, "deep must be true or false, got 1"),
        ({"name": 3}, "name must be a word, got 3"),
    ],
)
def test_a_wrong_value_is_refused_with_what_was_required_and_what_came(settings, message):
    with pytest.raises(ValueError) as refusal:
        Example(**settings)
    assert message in str(refusal.value)


def test_floats_are_coefficients_and_everything_else_is_structure():
    assert [is_coefficient(hint) for hint in (float, float | None, tuple[float, float])] == [True] * 3
    assert [is_coefficient(hint) for hint in (int, bool, str, tuple[int, int])] == [False] * 4


@dataclass(frozen=True)
class Holder(Part, group="holder"):
    rate: float = 0.5
    held: object = unchecked()


ALLOW = (__name__, "fractions")


def test_an_unchecked_field_holds_what_was_made_of_a_nested_target():
    nested = {"_target_": "fractions.Fraction", "numerator": 3, "denominator": 4}
    made = make_part("holder", {"_target_": f"{__name__}.Holder", "rate": 1, "held": [nested]}, ALLOW)
    assert made == Holder(1.0, [Fraction(3, 4)])
    assert make_part("holder", {"_target_": f"{__name__}.Holder"}, ALLOW).held is None


def test_what_cannot_be_made_of_a_nested_target_is_told_in_words():
    nested = {"_target_": "fractions.Fraction", "numerator": 3, "denominator": 0}
    with pytest.raises(InputError, match=r"^holder.held: .*Fraction\(3, 0\)"):
        make_part("holder", {"_target_": f"{__name__}.Holder", "held": nested}, ALLOW)


@pytest.mark.parametrize("held", [torch.nn.Linear(2, 2), torch.ones(2), Fraction(1, 2), [1, 2], {"a": 1}])
def test_what_is_held_is_structure_and_the_same_for_all_members_that_share_it(held):
    parts = [Holder(0.1, held), Holder(0.2, held)]
    assert structure(parts[0]) == structure(parts[1]) != structure(Holder(0.1, object()))
    stacked = stack(parts, torch.device("cpu"))
    assert stacked.held is held
    assert stacked.rate.tolist() == [0.1, 0.2]
