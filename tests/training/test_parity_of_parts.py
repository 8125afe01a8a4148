"""Parity of everything that can be configured: every pair of options that can stand together is tried for it.

In a row two calm trials stand beside two that are to diverge, one by its rate and one by its weights, and a member of
each must be bit-for-bit the same in another order with others missing, and the first one alone.
"""

from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest
from support.cohorts import cohort
from support.covering import covering, pairs
from support.enrolled import CROSSED, changed, flags, homes, nudged, options, rows
from support.parity import assert_parity, assert_same_member, trained

from gradstudy.layer_parts import network_of
from gradstudy.parts import STUDIED
from gradstudy.quantities import standard_quantities
from gradstudy.records import Member
from gradstudy.training.start.batches import Batches

STEPS = 4
HUGE = 1e30
CALM, FAST, NUDGED, LARGE = range(4)


@pytest.fixture(autouse=True)
def small_held_out_set(monkeypatch):
    """A hundred batches of three, as the held-out sets make, would cost more than the training."""
    whole = Batches.held_out
    monkeypatch.setattr(Batches, "held_out", lambda self: [next(iter(whole(self)))])


def company(parts):
    """Four trials of one structure: as it is, at a giant rate, with other coefficients, and with giant weights."""
    fast = {**parts, "lr": changed(parts["lr"], {"value": HUGE})}
    large = {**parts, "init": changed(parts["init"], {"gain": HUGE})}
    other = {group: nudged(part) for group, part in parts.items()}
    seeds = 1 if parts["optimizer"].member_by_member else 2  # what trains alone takes as many times as long
    return cohort(parts, fast, other, large, seeds=seeds, steps=STEPS, keep_weights=True)


@pytest.mark.parametrize("enrolled", [*rows(), *flags()], ids=str)
def test_a_member_is_the_same_alone_and_in_a_permuted_subset_beside_diverging_neighbours(enrolled):
    whole = company(enrolled.parts)
    records = assert_parity(whole, [0], [7, 2, 5, 0, 4])
    assert all(record.first_bad_step is None for record in records if record.trial in (CALM, NUDGED))
    network = network_of(enrolled.parts)
    assert set(records[0].series) == set(standard_quantities(network, enrolled.parts, STEPS))  # as the door says
    parameters = [parameter.name for parameter in network.parameters]
    fast = [record.weights for record in records if record.trial == FAST]
    assert all(np.isfinite(weights[name]).all() for weights in fast for name in parameters)  # frozen while finite


def test_a_neighbour_diverges_in_most_of_these_rows():
    """Not in all: bounded networks need not. Every fifth row is tried, with a seed of each neighbour."""
    diverged = []
    for enrolled in rows()[::5]:
        whole = company(enrolled.parts)
        neighbours = tuple(member for member in whole.members if member.trial in (FAST, LARGE) and member.seed == 0)
        records = trained(replace(whole, members=neighbours))
        diverged.append(any(record.first_bad_step is not None for record in records))
    assert np.mean(diverged) > 2 / 3


def test_every_option_of_every_studied_group_stands_in_a_row():
    assert {level for enrolled in rows() for level in enrolled.row.items()} == {
        (group, option) for group in STUDIED for option in options(group)
    }


def test_every_pair_of_crossed_options_that_fits_anywhere_stands_in_a_row():
    levels = {group: options(group) for group in CROSSED}
    possible = _possible_pairs(levels, lambda row: bool(homes(row)))
    assert {
        pair for enrolled in rows() for pair in pairs({group: enrolled.row[group] for group in CROSSED})
    } == possible


@pytest.mark.parametrize("model", options("model"))
def test_changing_the_rate_or_the_seed_of_one_member_changes_that_member_only(model):
    parts = next(enrolled.parts for enrolled in rows() if enrolled.row["model"] == model)
    trials = dict.fromkeys(range(3), parts)
    whole = replace(company(parts), members=tuple(Member(trial, 0) for trial in trials), parts=trials)
    faster = replace(whole, parts={**trials, 1: {**parts, "lr": nudged(parts["lr"])}})
    reseeded = replace(whole, members=(Member(0, 0), Member(1, 5), Member(2, 0)))
    before = trained(whole)
    for after in (trained(faster), trained(reseeded)):
        for slot in (0, 2):
            assert_same_member(before[slot], after[slot])
        assert any(not np.array_equal(before[1].weights[name], weights) for name, weights in after[1].weights.items())


TOY = {
    "model": ["mlp", "cnn", "rnn"],
    "norm": ["none", "image"],
    "skip": ["none", "plain", "gated"],
    "clip": ["a", "b"],
}


def _toy_fits(row):
    return (row["norm"] != "image" or row["model"] == "cnn") and (row["model"], row["skip"]) != ("rnn", "gated")


def test_a_covering_array_holds_every_possible_pair_in_rows_that_fit_and_in_few_of_them():
    found = covering(TOY, _toy_fits)
    assert all(_toy_fits(row) for row in found)
    assert {pair for row in found for pair in pairs(row)} == _possible_pairs(TOY, _toy_fits)
    assert len(found) < sum(_toy_fits(dict(zip(TOY, row, strict=True))) for row in product(*TOY.values())) / 2


def _possible_pairs(levels, fits):
    """By trying every row."""
    every = (dict(zip(levels, row, strict=True)) for row in product(*levels.values()))
    return {frozenset(pair) for row in every if fits(row) for pair in combinations(row.items(), 2)}
