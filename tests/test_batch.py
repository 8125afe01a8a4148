"""What is added to what was measured."""

from types import SimpleNamespace

import numpy as np
import pytest

from gradstudy import batch
from gradstudy.configs.composition import Composer, hydra_ready
from gradstudy.decades import CEILING, FLOOR
from gradstudy.prediction import predicted


def parts_of(*overrides):
    with hydra_ready():
        return Composer(["model=mlp", "task=random_signal", *overrides]).parts({})


def test_a_prediction_is_that_of_the_trials_parts_and_none_where_theory_says_nothing():
    spoken, silent = parts_of("init=lecun"), parts_of("init=identity", "task.features=64", "model.width=64")
    assert batch._predicted(spoken, 3) == predicted(spoken, 3).gain_init
    assert batch._predicted(silent, 3) is None


@pytest.mark.parametrize(
    ("said", "kept"), [(-3.5, -3.5), (-np.inf, FLOOR), (-400.0, FLOOR), (np.inf, CEILING), (np.nan, None)]
)
def test_a_prediction_ends_where_measurements_end(monkeypatch, said, kept):
    monkeypatch.setattr(batch, "predicted", lambda parts, seed: SimpleNamespace(gain_init=np.float64(said)))
    found = batch._predicted({}, 0)
    assert found == kept
    assert kept is None or type(found) is float
