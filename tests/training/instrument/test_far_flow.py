"""What single answers send back, against tasks that ask for nothing else: a second, obvious implementation."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from support.cohorts import CELLS, cohort, parts
from support.parity import assert_parity
from support.probed import first_batch

from gradstudy.factors import init, lr, regularization, residual
from gradstudy.factors.model.transformer import Transformer
from gradstudy.factors.normalization.features import BatchNorm
from gradstudy.tasks.copy_memory import CopyMemory
from gradstudy.tasks.random_signal import RandomSignal
from gradstudy.tasks.task import cross_entropy, mean_squared_error
from gradstudy.training.engine import train

LENGTH, ANSWERS = 12, (4, 8, 12)


@dataclass(frozen=True)
class Followed(RandomSignal):
    """A number, or a class, for every time step: of all of them, or of `only` one (counted from 1), in equal shares."""

    features: int = 3
    outputs: int = 4
    batch_size: int = 5
    length: int = LENGTH
    classes: bool = False
    only: int = 0

    @property
    def shape(self):
        return replace(super().shape, each_step=True)

    def draw(self, stream, count):
        inputs, size = self.scale * stream.standard_normal((count, *self.shape.inputs)), (count, self.length)
        if self.classes:
            return inputs, stream.integers(self.outputs, size=size)
        return inputs, stream.standard_normal((*size, self.outputs))

    def loss(self, output, target):
        measure = cross_entropy if self.classes else mean_squared_error
        if not self.only:
            return measure(output, target)
        asked = slice(self.only - 1, self.only)
        return measure(output[:, :, asked], target[:, :, asked]) / self.length


def followed(task, **changes):
    trial = parts(task=task, init=init.Lecun(gain=0.8), **changes)
    return train(cohort(trial, steps=4, dtype="float64"))


@pytest.mark.parametrize("classes", [False, True])
@pytest.mark.parametrize(
    "changes",
    [
        *({"model": cell(width=6, depth=2)} for cell in CELLS.values()),
        {"model": CELLS["rnn"](width=6), "regularization": regularization.Dropout(0.3)},
        {"model": CELLS["rnn"](width=6), "normalization": BatchNorm()},
        {"model": CELLS["rnn"](width=6, depth=3), "residual": residual.Scaled()},
    ],
    ids=[*CELLS, "dropout", "batch norm", "skips"],
)
def test_the_flow_from_one_answer_is_that_of_a_task_which_asks_for_nothing_else(changes, classes):
    """At step 0: further on the networks have learned different things."""
    task = Followed(classes=classes)
    alone = {time: followed(replace(task, only=time), **changes) for time in ANSWERS}
    for index, record in enumerate(followed(task, **changes)):
        quantities = [name for name in ("signal", "cell_signal") if name in record.series]
        for quantity in quantities:
            own = {time: records[index].series[f"{quantity}_float64"].values[0] for time, records in alone.items()}
            far = record.series[f"far_{quantity}"]
            assert far.places == record.series[quantity].places
            assert far.steps.tolist() == [0, 1, 3]
            np.testing.assert_allclose(far.values[0], own[LENGTH], rtol=1e-9)
            shares = np.full((len(ANSWERS), LENGTH - 1), np.nan)
            for row, (time, signal) in enumerate(own.items()):
                shares[row, : time - 1] = signal[: time - 1][::-1] / signal[time - 1]
            found = record.series[f"{quantity}_by_distance"]
            assert (found.places[0], found.places[-1]) == ("distance_001", f"distance_{LENGTH - 1:03d}")
            np.testing.assert_allclose(found.values[0], np.nanmedian(shares, axis=0), rtol=1e-9)


def by_hand(cell, weights, inputs):
    """The states [time][kind] and the outputs [time] of one of PyTorch's own cells, a time step after the other."""
    own = getattr(torch.nn, f"{cell.upper()}Cell")(inputs.shape[2], 6).double()
    readout = torch.nn.Linear(6, 4).double()
    for module, prefix, suffix in ((own, "recurrent", "_l0"), (readout, "readout", "")):
        module.load_state_dict({name: weights[f"{prefix}.{name}{suffix}"] for name in module.state_dict()})
    states, state = [], None
    for x in inputs.unbind(1):
        state = own(x, state)
        states.append(state if cell == "lstm" else (state,))
    return states, [readout(now[0]) for now in states]


@pytest.mark.parametrize("cell", CELLS)
def test_what_comes_back_is_the_gradient_of_one_answer_loss_to_one_state(cell):
    """A second implementation: torch.autograd.grad of every followed answer's loss with respect to every state."""
    trial = parts(task=Followed(classes=True), model=CELLS[cell](width=6), init=init.Lecun(gain=0.8))
    record = train(cohort(trial, seeds=1, steps=0, dtype="float64", keep_weights=True))[0]
    inputs, targets = first_batch(trial)
    states, outputs = by_hand(cell, {name: torch.from_numpy(w) for name, w in record.weights.items()}, inputs)
    for kind, quantity in enumerate(("signal", "cell_signal")[: len(states[0])]):
        shares = np.full((len(ANSWERS), LENGTH - 1), np.nan)
        for row, time in enumerate(ANSWERS):
            loss = torch.nn.functional.cross_entropy(outputs[time - 1], targets[:, time - 1], reduction="sum") / LENGTH
            before = [state[kind] for state in states[:time]]
            sent = [g.square().mean().sqrt().item() for g in torch.autograd.grad(loss, before, retain_graph=True)]
            shares[row, : time - 1] = np.array(sent[-2::-1]) / sent[-1]
        np.testing.assert_allclose(record.series[f"far_{quantity}"].values[0], sent, rtol=1e-9)
        found = record.series[f"{quantity}_by_distance"].values[0]
        np.testing.assert_allclose(found, np.nanmedian(shares, axis=0), rtol=1e-9)


@pytest.mark.parametrize("bias", [0.0, 1.0, 5.0])
def test_an_lstm_without_weights_or_inputs_forgets_by_the_sigmoid_of_its_forget_bias(bias):
    """dc_T/dc_t = sigmoid(b)^(T - t), and no way leads from one h_t to the next (Jozefowicz et al. 2015)."""
    trial = parts(model=CELLS["lstm"](width=6, forget_bias=bias), task=Followed(scale=0.0), init=init.Constant(value=0))
    record = train(cohort(trial, seeds=1, steps=0, dtype="float64"))[0]
    kept = (1 + np.exp(-bias)) ** -np.arange(1.0, LENGTH)
    far = {name: record.series[name].values[0] for name in ("far_cell_signal", "far_signal")}
    np.testing.assert_allclose(far["far_cell_signal"][-2::-1] / far["far_cell_signal"][-1], kept, rtol=1e-12)
    np.testing.assert_allclose(record.series["cell_signal_by_distance"].values[0], kept, rtol=1e-12)
    assert (far["far_signal"][:-1] == 0).all()
    assert far["far_signal"][-1] > 0


@pytest.mark.parametrize("length", [1, 2])
def test_short_sequences_have_fewer_answers_to_follow(length):
    for record in followed(Followed(length=length)):
        assert record.series["far_signal"].values[0, -1] > 0
        assert ("signal_by_distance" in record.series) == (length > 1)


def test_networks_that_are_followed_back_do_not_notice_each_other():
    trials = [
        parts(model=CELLS["lstm"](width=5), task=CopyMemory(length=2), lr=lr.Constant(rate)) for rate in (0.1, 1e6)
    ]
    assert_parity(cohort(*trials, steps=5, keep_weights=True), [0], [3], [2, 1], [3, 2, 1, 0])


def test_where_places_are_no_time_steps_or_have_no_answer_each_there_is_nothing_to_follow():
    for trial in (parts(), parts(model=Transformer(width=8, heads=2), task=Followed())):
        assert not [name for name in train(cohort(trial, steps=1))[0].series if "far" in name or "distance" in name]
