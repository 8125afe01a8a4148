"""Batches: the same numbers however many of them are sent to a device together."""

import pytest
import torch

from gradstudy.tasks.adding import Adding
from gradstudy.tasks.digits import Digits
from gradstudy.training.start.batches import MOST_KEPT, Batches, _kept
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
    _kept.cache_clear()
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
    _kept.cache_clear()
    for _ in range(2):
        batches(task, steps=MOST_KEPT)
    assert _kept.cache_info().currsize == 0


def test_a_table_that_has_changed_is_another_one(monkeypatch):
    task, seen = Digits(batch_size=3), []
    monkeypatch.setattr(Digits, "content", property(lambda _: str(len(seen))), raising=False)
    _kept.cache_clear()
    for _ in range(2):
        batches(task, steps=2)
        seen.append(1)
    assert _kept.cache_info().misses == 2
