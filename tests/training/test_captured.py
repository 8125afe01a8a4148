"""A step that is recorded and replayed trains as the plain one does, bit for bit."""

import gc
import logging
import weakref
from dataclasses import dataclass, replace

import pytest
import torch
from support.cohorts import cohort, parts
from support.enrolled import rows
from support.parity import assert_same_member, trained
from support.recordings import Deaf, NoWaiting, Taped, Unable

from gradstudy.factors import lr, optimizer, regularization
from gradstudy.factors.model.mlp import Mlp
from gradstudy.kernels import compiled
from gradstudy.tasks.teacher import Teacher
from gradstudy.training import compaction, engine
from gradstudy.training.captured import Captured
from gradstudy.training.instrument import norms
from gradstudy.training.start.batches import Batches

STEPS = 7  # looks at steps 0, 1, 3 and 6; 2 warms up, 4 is recorded, 4 and 5 are replayed


@pytest.fixture(autouse=True)
def as_on_a_device(monkeypatch):
    """PyTorch's operations and not machine code, and no norm that looks at numbers before it goes on."""
    monkeypatch.setattr(compiled, "numba", None)
    monkeypatch.setattr(norms, "may_look", lambda tensor: False)
    whole = Batches.held_out
    monkeypatch.setattr(Batches, "held_out", lambda self: [next(iter(whole(self)))])


def replayed(whole, monkeypatch, recording):
    """The records of a cohort whose steps are recorded in this way."""
    with monkeypatch.context() as patch:
        patch.setattr(engine, "recording_on", lambda device: recording)
        return trained(whole)


def assert_replays(whole, monkeypatch):
    plain, recording = trained(whole), Taped()
    for one, other in zip(replayed(whole, monkeypatch, recording), plain, strict=True):
        assert_same_member(one, other)
    return recording


def fewest_rows():
    """Rows in which every option of every group stands."""
    seen, chosen = set(), []
    for enrolled in sorted(rows(), key=lambda one: one.row["optimizer"] == "lbfgs"):
        options = set(enrolled.row.items())
        if not options <= seen:
            chosen.append(enrolled)
            seen |= options
    return chosen


@pytest.mark.parametrize("enrolled", fewest_rows(), ids=str)
def test_whatever_can_be_configured_is_replayed_bit_for_bit_and_waits_for_nothing(enrolled, monkeypatch):
    whole = cohort(enrolled.parts, seeds=1, steps=STEPS, keep_weights=True)
    recording = assert_replays(whole, monkeypatch)
    assert (recording.warmed, recording.replayed) == ((1, 2) if enrolled.parts["optimizer"].by_entry else (0, 0))


NETWORK = {"model": Mlp(width=6, depth=3), "task": Teacher(), "regularization": regularization.Dropout(0.1)}


@dataclass(frozen=True)
class Late(lr.Constant):
    """A rate that is small for a dozen steps."""

    def at(self, step, steps):
        return torch.where(step < 12, 0.01, super().at(step, steps))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_members_diverge_and_are_left_behind_as_without(dtype, monkeypatch):
    monkeypatch.setattr(compaction, "FEWEST_STEPS", 1)
    fine = parts(**NETWORK, optimizer=optimizer.Adam()) | {"lr": lr.Cosine(0.01)}
    steep = parts(**NETWORK) | {"lr": Late(1e38 if dtype == "float32" else 1e300)}
    whole = cohort(fine, steep, steep, seeds=2, steps=30, keep_weights=True, dtype=dtype)
    recording = assert_replays(whole, monkeypatch)
    assert recording.warmed == 2  # the second time for those that are left
    assert {record.first_bad_step for record in trained(whole)} >= {None, 13}


class Forgetful:
    """Adds 1 to `kept` in place and to `rebound` in a tensor of its own, and to `counted` how often it was called."""

    def __init__(self):
        self.kept, self.rebound, self.counted, self.calls = *torch.zeros(3, 1).unbind(), 0

    def __call__(self, step, batch):
        self.calls += 1
        self.kept.add_(1)
        self.rebound = self.rebound + 1
        self.counted.add_(self.calls)


def test_tests_replay_as_a_graph_does_what_stays_on_the_host_or_leaves_its_place():
    step = Forgetful()
    captured = Captured(step, Taped())
    for number in range(5):
        captured(number, (torch.zeros(1), torch.zeros(1)))
    captured.check()
    assert step.calls == 2  # by itself, and when it was recorded
    assert (step.kept, step.rebound, step.counted) == (5, 2, 1 + 4 * 2)


def test_a_replay_that_does_nothing_is_an_error(monkeypatch):
    with pytest.raises(RuntimeError, match="3 steps were done, but the device counted 1"):
        replayed(cohort(parts(**NETWORK), steps=STEPS), monkeypatch, Deaf())


def test_where_a_step_cannot_be_recorded_it_is_done_without_and_said_why(monkeypatch, caplog):
    whole = cohort(parts(**NETWORK), steps=STEPS, keep_weights=True)
    with caplog.at_level(logging.WARNING):
        found = replayed(whole, monkeypatch, Unable())
    for one, other in zip(found, trained(whole), strict=True):
        assert_same_member(one, other)
    assert caplog.messages == [
        "Steps are not replayed as a graph of the device, and take longer: operation not permitted when stream is "
        "capturing"
    ]


def test_a_training_that_is_over_holds_on_to_no_memory(monkeypatch):
    """A cohort that did not fit is trained in halves, for which its own memory is needed."""
    seen = []
    whole = engine._Training.run
    monkeypatch.setattr(engine._Training, "run", lambda self: seen.append(weakref.ref(self)) or whole(self))
    collects = gc.isenabled()
    gc.disable()
    try:
        replayed(cohort(parts(**NETWORK), steps=STEPS), monkeypatch, Taped())
        assert [one() for one in seen] == [None]
    finally:
        if collects:
            gc.enable()


def test_nothing_is_recorded_where_it_is_not_wanted(monkeypatch):
    recording = Taped()
    replayed(replace(cohort(parts(**NETWORK), steps=STEPS), capture=False), monkeypatch, recording)
    assert (recording.warmed, recording.replayed) == (0, 0)


@pytest.mark.parametrize(
    "waits",
    [
        lambda x: float(x.sum()),
        lambda x: x[x > 0],
        lambda x: x.nonzero(),
        lambda x: bool((x > 0).any()),
        lambda x: x + torch.tensor([1.0]),
    ],
)
def test_what_waits_for_a_device_is_found(waits):
    with NoWaiting(), pytest.raises(AssertionError, match="waits for the device"):
        waits(torch.ones(3))
