"""Bit-for-bit comparison of members that were trained in different company."""

from dataclasses import replace

import numpy as np
import torch

from gradstudy.training.engine import train


def assert_same_member(one, other):
    assert (one.trial, one.seed) == (other.trial, other.seed)
    assert (one.first_bad_step, one.first_bad_tensor) == (other.first_bad_step, other.first_bad_tensor)
    assert (one.series.keys(), one.weights.keys()) == (other.series.keys(), other.weights.keys())
    for quantity, series in one.series.items():
        assert torch.equal(*(as_bits(s.values) for s in (series, other.series[quantity]))), quantity
    for name, weights in one.weights.items():
        assert torch.equal(*(as_bits(w) for w in (weights, other.weights[name]))), name


def as_bits(values):
    """Bits, because nan differs from itself; which of the nans it is says nothing, and differs between vector lanes."""
    values = np.where(np.isnan(values), np.array(np.nan, values.dtype), values)
    return torch.from_numpy(np.ascontiguousarray(values).view(np.uint8).copy())


def choose(whole, slots):
    return replace(whole, members=tuple(whole.members[slot] for slot in slots))


def is_stacked(whole):
    return not any(part.member_by_member for parts in whole.parts.values() for part in parts.values())


def trained(whole):
    """The records of a cohort, in its order; what cannot be stacked trains member by member, as `plan` has it."""
    if is_stacked(whole):
        return train(whole)
    return [record for slot in range(len(whole.members)) for record in train(choose(whole, [slot]))]


def assert_parity(whole, *choices):
    """Members of every choice of slots are as they are in the whole; returns the records of the whole.

    What cannot be stacked is always alone: of it the first choice says that it can be repeated.
    """
    records = trained(whole)
    for slots in choices if is_stacked(whole) else choices[:1]:
        for slot, record in zip(slots, trained(choose(whole, slots)), strict=True):
            assert_same_member(records[slot], record)
    return records
