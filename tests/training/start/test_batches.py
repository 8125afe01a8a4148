"""Batches: the same numbers however many of them are sent to a device together."""

from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest
import torch

from gradstudy.tasks.adding import Adding
from gradstudy.tasks.digits import Digits
from gradstudy.tasks.table import Table
from gradstudy.training.start.batches import MOST_KEPT, Batches, kept_batches
from gradstudy.training.start.streams import numpy_stream

CPU, STREAMS = torch.device("cpu"), [(0, 0), (0, 1), (0, 0)]


def batches(task, ahead=None, steps=None):
    return Batches([task] * len(STREAMS), STREAMS, CPU, torch.float64, "data", ahead=ahead, steps=steps)


@pytest.mark.parametrize("task", [Adding(length=8, batch_size=3), Digits(batch_size=3)])
def test_batches_that_are_sent_together_are_those_of_the_streams_one_by_one(task):
    together = batches(task, ahead=3)
    streams = [numpy_stream(*stream, "data") for stream in sorted(set(STREAMS))]
    for _ in range(7):
        drawn = [task.batch(stream) for stream in streams]
        inputs, targets = together.next()
        for slot, (_, seed) in enumerate(STREAMS):
            assert torch.equal(inputs[slot], torch.from_numpy(drawn[seed][0]).double())
            assert torch.equal(targets[slot].double(), torch.from_numpy(drawn[seed][1]).double())


def test_those_that_are_left_go_on_with_what_was_sent_for_all():
    whole, left = batches(Adding(length=8, batch_size=3)), batches(Adding(length=8, batch_size=3), ahead=4)
    for _ in range(2):
        whole.next(), left.next()
    left.keep([1, 2])
    for _ in range(5):
        for some, every in zip(left.next(), whole.next(), strict=True):
            assert torch.equal(some, every[1:])


@pytest.mark.parametrize("first", [2, 9])
def test_a_cohort_is_given_what_was_drawn_for_the_one_before_it(monkeypatch, first):
    """Also where that one trained for fewer steps; what was drawn is not drawn again."""
    task, drawn = Adding(length=8, batch_size=3), []
    draw = Adding.draw
    monkeypatch.setattr(Adding, "draw", lambda *given: drawn.append(1) or draw(*given))
    kept_batches.cache_clear()
    before, behind, alone = batches(task, steps=first), batches(task, steps=5), batches(task)
    for _ in range(first):
        before.next()
    assert len(drawn) == 2 * first
    for _ in range(5):
        for some, every in zip(behind.next(), alone.next(), strict=True):
            assert torch.equal(some, every)
    assert len(drawn) == 2 * (max(first, 5) + 5)


def test_what_is_too_large_is_not_kept():
    task = Adding(length=8, batch_size=3)
    kept_batches.cache_clear()
    for _ in range(2):
        batches(task, steps=MOST_KEPT)
    assert kept_batches.cache_info().currsize == 0


def test_a_table_that_has_changed_is_another_one(workplace):
    def first_batch(offset):
        rows = pd.DataFrame({"x": np.arange(40.0) + offset, "y": np.arange(40.0)})
        rows.to_csv("mine.csv", index=False)
        inputs, _ = batches(Table(path="mine.csv", target="y", batch_size=3, standardize=False), steps=2).next()
        return inputs

    kept_batches.cache_clear()
    torch.testing.assert_close(first_batch(100.0), first_batch(0.0) + 100.0, rtol=0, atol=1e-4)


@pytest.mark.parametrize("error", [MemoryError, KeyboardInterrupt])
def test_a_draw_that_is_broken_off_leaves_nothing_behind(monkeypatch, error):
    task = Adding(length=8, batch_size=3)
    alone = batches(task)
    kept_batches.cache_clear()
    broken = batches(task, steps=5)
    broken.next()
    with monkeypatch.context() as patch:
        patch.setattr(Adding, "draw", Mock(side_effect=error))
        with pytest.raises(error):
            broken.next()
    again = batches(task, steps=5)
    for _ in range(5):
        for some, every in zip(again.next(), alone.next(), strict=True):
            assert torch.equal(some, every)
