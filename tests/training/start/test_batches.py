"""Batches: the same numbers however many of them are sent to a device together."""

import pytest
import torch

from gradstudy.tasks.adding import Adding
from gradstudy.tasks.digits import Digits
from gradstudy.training.start.batches import Batches
from gradstudy.training.start.streams import numpy_stream

CPU, STREAMS = torch.device("cpu"), [(0, 0), (0, 1), (0, 0)]


def batches(task, ahead=None):
    return Batches([task] * len(STREAMS), STREAMS, CPU, torch.float64, "data", ahead=ahead)


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
