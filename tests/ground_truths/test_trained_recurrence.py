"""The adding problem over sixty steps (G45): who stays at its baseline, and who solves it?"""

import numpy as np
import pytest

import gradstudy

ADDING = ["task=adding", "task.unit_interval=true", "task.length=60", "task.batch_size=64", "model.width=64"]
TRAINED = ["optimizer=adam", "clipping=norm", "clipping.max_norm=1", "budget.steps=1500", "device=cpu"]
BASELINE = 1 / 6
"""Always answering 1: the variance of the sum of two numbers from U[0, 1]."""


def losses(*overrides):
    """Mean of the loss over the last hundred steps, [seed]."""
    records = gradstudy.measure([*ADDING, *TRAINED, *overrides], seeds=2).records
    return np.array([record.series["loss"].values[-100:].mean() for record in records])


@pytest.mark.slow
def test_a_tanh_network_stays_at_the_baseline_of_the_adding_problem():
    found = losses("model=rnn", "activation=tanh", "lr.value=0.002")
    assert (found > 0.15).all()
    assert (found < 1.1 * BASELINE).all()


@pytest.mark.slow
def test_an_lstm_with_a_forget_bias_of_1_solves_the_adding_problem():
    """Hochreiter & Schmidhuber 1997; Jozefowicz, Zaremba & Sutskever 2015."""
    assert (losses("model=lstm", "model.forget_bias=1", "lr.value=0.005") < 0.03).all()
