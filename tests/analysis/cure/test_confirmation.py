"""Planted truths: what is tried, what is confirmed, and what the counts say."""

import numpy as np
import pandas as pd
import pytest

from gradstudy.analysis.cure.confirmation import Confirmation
from gradstudy.analysis.cure.cure import NoConfirmation, Purpose
from gradstudy.analysis.prescription.experience import Experience, stored_start
from gradstudy.analysis.settings import Analysis
from gradstudy.records import DUMMY, Factor

SETTINGS = Analysis(draws=64)
ACTIVATION = Factor("activation", ("sigmoid", "tanh", "relu"))
INIT = Factor("init", ("small", "right", "large"))
RATE = Factor("lr.value", low=1e-4, high=1.0, log=True)


def sigmoid_vanishes(levels):
    return 6.0 * (levels["activation"] == "sigmoid") + 1.0 * (levels["init"] == "small"), 0.3


def high_rates_explode(levels):
    """Above a rate of .1."""
    return 0.3, 4.0 + 2.0 * np.log10(levels["lr.value"])


def both_needed(levels):
    return 1.0 + 4.0 * (levels["activation"] == "sigmoid") + 4.0 * (levels["init"] == "small"), 0.3


class World:
    """Networks that follow a rule, with a little noise: its rows are those of a driver.

    The outcome of all may be given; then nothing is learned.
    """

    def __init__(self, rule, *factors, count=120, outcome=None):
        self.rule, self.factors, self.random = rule, factors, np.random.default_rng(0)
        self.outcome = outcome
        drawn = [self._draw(number) for number in range(count)]
        self.members = pd.DataFrame(drawn).explode("rows", ignore_index=True)
        self.members = pd.concat([self.members.drop(columns="rows"), pd.json_normalize(self.members["rows"])], axis=1)

    def _draw(self, number):
        levels = {
            factor.name: factor.at(self.random.random())
            if factor.is_number
            else factor.levels[self.random.integers(len(factor.levels))]
            for factor in self.factors
        }
        return {"trial": number, **levels, "dummy": self.random.random(), "rows": self.rows(levels, range(3))}

    def rows(self, levels, seeds):
        return [self._row(self.rule(levels), seed) for seed in seeds]

    def _row(self, measured, seed):
        vanishing, exploding = np.clip(np.array(measured) + self.random.normal(0.0, 0.2, 2), 0.0, 10.0)
        verdict = "exploding" if exploding >= 2.0 else "vanishing" if vanishing >= 3.0 else "healthy"
        well = verdict == "healthy"
        outcome = self.outcome or ("learned" if well else "stuck")
        learned = 0.8 if outcome == "learned" else 0.01
        found = {"vanishing": vanishing, "exploding": exploding, "learned": learned}
        return {"seed": seed, **found, "verdict": verdict, "outcome": outcome}

    def confirm(self, trial, *, cures=3, seeds=8):
        factors = [*self.factors, DUMMY]
        experience = Experience(self.members, factors, SETTINGS)
        confirmation = Confirmation(experience, stored_start(self.members, factors, trial), cures=cures, seeds=seeds)
        while asks := confirmation.asks():
            for ask in asks:
                confirmation.tell(ask, self.rows(ask.levels, ask.seeds))
        return confirmation.found

    def first(self, **levels):
        chosen = self.members
        for name, level in levels.items():
            chosen = chosen[chosen[name] == level]
        return int(chosen["trial"].iloc[0])


def test_the_one_change_that_is_needed_is_confirmed_with_counts_before_and_after():
    world = World(sigmoid_vanishes, ACTIVATION, INIT)
    found = world.confirm(world.first(activation="sigmoid", init="right"))
    assert found.confirmed
    assert list(found.changes) == ["activation"]
    assert (found.before.well, found.before.seeds) == (0, 8)
    assert (found.after.well, found.after.seeds, found.after.purpose) == (8, 8, Purpose.CONFIRMING)
    assert (
        "8 of 8 fresh seeds well (95 % interval 68 to 100 %), and it learns .80 of the way instead of .01" in found.note
    )


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (
            "stuck",
            "seeds healthy (95 % interval 68 to 100 %), but it still learns nothing (.01 of the way instead of .01);",
        ),
        ("untrained", "seeds well (95 % interval 68 to 100 %); before: 0 of 8."),
    ],
)
def test_a_cure_where_nothing_learns_or_can_be_learned_is_told_without_a_word_of_learning_well(outcome, said):
    world = World(sigmoid_vanishes, ACTIVATION, INIT, outcome=outcome)
    found = world.confirm(world.first(activation="sigmoid", init="right"))
    assert found.confirmed
    assert found.gradients_alone == (outcome == "stuck")
    assert said in found.note


def test_two_changes_are_kept_where_neither_alone_is_enough_and_what_came_without_each_is_said():
    world = World(both_needed, ACTIVATION, INIT)
    found = world.confirm(world.first(activation="sigmoid", init="small"))
    assert found.confirmed
    assert set(found.changes) == {"activation", "init"} == set(found.needed)
    assert not any(one.all_well for one in found.needed.values())


def test_nothing_is_confirmed_where_nothing_helps_and_the_best_that_was_tried_is_said():
    world = World(lambda levels: (6.0 - (levels["init"] == "right"), 0.3), ACTIVATION, INIT)
    found = world.confirm(0)
    assert not found.confirmed
    assert found.reason is NoConfirmation.NONE_WELL
    assert found.after.well == 0
    assert "No cure is confirmed: nothing that was tried is well on every seed. The best that was tried" in found.note


def test_a_number_is_moved_back_as_far_as_it_stays_well_inside():
    world = World(high_rates_explode, RATE, ACTIVATION)
    found = world.confirm(int(world.members.loc[world.members["lr.value"].idxmax(), "trial"]))
    assert found.confirmed
    assert list(found.changes) == ["lr.value"]
    proposed = next(one for one in found.tried if one.purpose is Purpose.PROPOSED and list(one.changes) == ["lr.value"])
    assert proposed.levels["lr.value"] < found.levels["lr.value"] < 0.1


@pytest.mark.parametrize("cures", [1, 2])
def test_no_more_is_proposed_than_was_asked_for(cures):
    world = World(both_needed, ACTIVATION, INIT)
    found = world.confirm(world.first(activation="sigmoid", init="small"), cures=cures)
    assert sum(one.purpose is Purpose.PROPOSED for one in found.tried) <= cures


def lent_only(levels):
    """Well only where five factors have one level each: no three changes lead there from where none has."""
    right = sum(levels[name] == "x" for name in "abcde")
    return (0.5 if right == 5 else 6.0), 0.3


def test_all_levels_of_a_stored_trial_are_lent_where_no_three_changes_help_and_the_needless_ones_taken_back():
    factors = [Factor(name, ("x", "y")) for name in "abcdef"]
    world = World(lent_only, *factors)
    found = world.confirm(world.first(a="y", b="y", c="y", d="x", e="y"))
    assert found.confirmed
    assert set(found.changes) == set("abce") == set(found.needed)


def test_healthy_gradients_alone_are_confirmed_only_where_nothing_learns_and_said_to_be_no_more():
    """Who does not vanish never learns, but where the budget was enough for others: those with a tiny rate."""
    world = World(sigmoid_vanishes, ACTIVATION, INIT)
    world.members.loc[world.members["trial"] == 3, ["learned", "outcome", "verdict"]] = [0.8, "learned", "healthy"]
    stuck = world.members["trial"] != 3
    world.members.loc[stuck, ["learned", "outcome"]] = [0.01, "stuck"]
    world._row = lambda measured, seed: {
        **World._row(world, measured, seed), "learned": 0.01, "outcome": "stuck"
    }  # fmt: skip
    found = world.confirm(world.first(activation="sigmoid", init="right"))
    assert found.confirmed
    assert found.gradients_alone
    assert (found.after.well, found.after.healthy) == (0, 8)
    assert (
        "8 of 8 fresh seeds healthy (95 % interval 68 to 100 %), but it still learns nothing (.01 of the way"
        in found.note
    )


def test_a_number_that_is_only_rounded_is_no_change():
    world = World(lambda levels: (9.0 - levels["lr.value"], 0.3), ACTIVATION, RATE, count=40)  # nobody is well
    best = int(world.members.groupby("trial")["vanishing"].max().idxmin())
    for found in (world.confirm(best), world.confirm(0)):
        moved = [one.changes["lr.value"] for one in found.tried if "lr.value" in one.changes]
        assert all(f"{before:.2g}" != f"{after:.2g}" for before, after in moved)


def test_the_next_best_is_made_smaller_too_before_it_is_tested():
    """What is put to the test first fails it, whatever it is, and has to: no change of the other is untested."""
    world = World(both_needed, ACTIVATION, INIT, RATE)
    failing = world.first(activation="sigmoid", init="small")
    told, unlucky = world.rows, []

    def rows(levels, seeds):
        if seeds[0] >= 4 and levels["activation"] != "sigmoid" and not unlucky:
            unlucky.append(levels["activation"])
        return told({**levels, "init": "small"} if levels["activation"] in unlucky else levels, seeds)

    world.rows = rows
    found = world.confirm(failing)
    assert unlucky
    assert found.confirmed
    assert set(found.changes) == {"activation", "init"} == set(found.needed)
