"""Windows of a series: what stands in them, what is held out, and that networks learn from them."""

import numpy as np
import pandas as pd
import pytest
from support.cohorts import cohort, parts

from gradstudy.factors import lr, optimizer
from gradstudy.factors.model.lstm import Lstm
from gradstudy.factors.model.mlp import Mlp
from gradstudy.factors.model.rnn import Rnn
from gradstudy.factors.model.transformer import Transformer
from gradstudy.tasks.table import Table
from gradstudy.training.engine import train
from gradstudy.training.start.streams import numpy_stream

COUNT = 100
T = np.arange(COUNT)
SERIES = pd.DataFrame({"day": pd.date_range("2024-01-01", periods=COUNT), "x": 100.0 + 2 * T, "z": T % 7, "y": 0.5 + T})
RAW = {"standardize": False, "standardize_target": False, "batch_size": 10**6}


@pytest.fixture
def read(tmp_path):
    def make(frame=SERIES, target="y", **options):
        frame.to_csv(tmp_path / "series.csv", index=False)
        return Table(path=str(tmp_path / "series.csv"), target=target, **options)

    return make


def both(task):
    """Inputs and targets to train on, and held out."""
    return *task.batch(numpy_stream(0, 0, "data")), *task.held_out(numpy_stream(0, 0, "held out"))


@pytest.mark.parametrize("ahead", [0, 1, 5])
@pytest.mark.parametrize("window", [1, 4])
def test_a_window_holds_the_rows_before_its_target(read, window, ahead):
    task = read(window=window, ahead=ahead, **RAW)
    inputs, targets, held_out, answers = both(task)
    features = ["x", "z", *(["y"] if ahead else [])]  # what the target was before is an input if it lies ahead
    assert task.shape.inputs == inputs.shape[1:] == held_out.shape[1:] == (window, len(features))
    rows = SERIES[features].to_numpy(float)
    first = window + ahead - 1
    assert targets[:, 0].tolist() == [0.5 + t for t in range(first, 80)]
    assert answers[:, 0].tolist() == [0.5 + t for t in range(80 + first, 100)]
    for windows, told in ((inputs, targets), (held_out, answers)):
        for one, answer in zip(windows, told[:, 0], strict=True):
            end = int(answer - 0.5) - ahead
            np.testing.assert_array_equal(one, rows[end - window + 1 : end + 1])


def test_rows_are_put_into_the_order_of_their_dates_or_of_the_column_that_is_named(read):
    mixed = SERIES.sample(frac=1, random_state=0)
    for order in ({}, {"order": "day"}):
        for one, other in zip(both(read(window=4, **RAW)), both(read(mixed, window=4, **order, **RAW)), strict=True):
            np.testing.assert_array_equal(one, other)
    assert both(read(mixed.drop(columns="day"), window=4, order="x", **RAW))[0].shape == (77, 4, 1)


def test_series_are_told_apart_and_none_reaches_into_another(read):
    two = pd.concat([SERIES.assign(who="a"), SERIES.assign(who="b", x=-SERIES["x"], y=-SERIES["y"])]).sort_values("day")
    task = read(two, window=4, series="who", **RAW)
    inputs, targets, held_out, answers = both(task)
    assert len(inputs) == 2 * 77
    assert len(held_out) == 2 * 17
    for windows, told in ((inputs, targets), (held_out, answers)):
        np.testing.assert_array_equal(np.sign(windows[..., 0]), np.sign(told) * np.ones((1, 4)))
        np.testing.assert_array_equal(np.abs(windows[:, -1, 0]) / 2 - 49.5, np.abs(told[:, 0]))
    assert "2 series told apart by 'who'" in task.about["rows"]


def test_the_same_time_twice_asks_what_tells_series_apart(read):
    with pytest.raises(ValueError, match=r"order 'day' has the same value in 101 rows.*task\.series=COLUMN"):
        read(pd.concat([SERIES, SERIES.assign(y=0.1)]), window=4)


def test_a_window_with_a_gap_is_left_out_or_filled(read):
    gap = SERIES.assign(x=np.where(T == 50, np.nan, SERIES["x"]))
    with pytest.raises(ValueError, match="'x' has 1 missing value of 100"):
        read(gap, window=4)
    dropped = both(read(gap, window=4, missing="drop", **RAW))
    assert dropped[1][:, 0].tolist() == [0.5 + t for t in range(3, 80) if not 50 <= t < 54]
    filled = both(read(gap, window=4, missing="median", **RAW))[0]
    assert filled.shape == (77, 4, 3)
    assert filled[47, 3].tolist() == [np.median(np.delete(100.0 + 2 * T[:80], 50)), 50 % 7, 1]


def test_a_feature_is_standardised_over_the_rows_to_train_on_at_every_time_step_alike(read):
    inputs, targets, held_out, _ = both(read(window=4, batch_size=10**6))
    x = 100.0 + 2 * T
    standard = (x - x[:80].mean()) / x[:80].std()
    np.testing.assert_allclose(inputs[:, :, 0], np.stack([standard[end - 3 : end + 1] for end in range(3, 80)]))
    np.testing.assert_allclose(held_out[:, :, 0], np.stack([standard[end - 3 : end + 1] for end in range(83, 100)]))
    np.testing.assert_allclose([targets.mean(), targets.std()], [0, 1], atol=1e-12)


def test_spread_separates_features_and_no_time_steps(read):
    plain, spread = both(read(window=4, **RAW))[0], both(read(window=4, spread=2.0, **RAW))[0]
    ratio = spread[plain[..., 1] > 0] / plain[plain[..., 1] > 0]
    np.testing.assert_allclose(ratio, np.ones((len(ratio), 1)) * ratio[0])
    assert abs(np.log10(ratio[0, 0] / ratio[0, 1])) == pytest.approx(2)


def test_classes_can_be_told_too_and_then_what_they_were_is_an_input(read):
    task = read(SERIES.assign(mood=np.resize(["up", "down", "down"], COUNT)), target="mood", window=4, ahead=1, **RAW)
    assert task.shape.inputs == (4, 5)
    assert task.shape.outputs == 2
    assert task.about["target"].startswith("mood, 2 classes: ")


def test_a_window_longer_than_what_is_held_out_is_refused(read):
    with pytest.raises(
        ValueError, match=r"window=21 with ahead=0 leaves 60 windows to train on and 0 to hold out.*at most 20"
    ):
        read(window=21)
    assert len(both(read(window=20))[2]) == 1


def test_a_series_alone_is_told_from_what_it_was(read):
    alone = SERIES[["day", "y"]]
    with pytest.raises(ValueError, match=r"no column beside the target 'y' to learn from.*task\.ahead=1"):
        read(alone, window=4)
    assert read(alone, window=4, ahead=1).shape.inputs == (4, 1)


def test_uneven_steps_are_told(read):
    assert "uneven" not in read(window=4).about["rows"]
    assert "its steps are uneven, from 1 day to 3 days" in read(SERIES.drop(index=[40, 41]), window=4).about["rows"]


@pytest.mark.parametrize(
    "model", [Rnn(width=8), Lstm(width=8), Transformer(width=8, heads=2, depth=1), Mlp(width=8, depth=1)]
)
def test_networks_that_read_in_time_learn_a_series(read, model):
    """A sine is a linear function of what it was at two moments."""
    task = read(pd.DataFrame({"y": np.sin(T / 3)}), window=8, ahead=1)
    trial = parts(model=model, task=task, optimizer=optimizer.Adam(), lr=lr.Constant(0.01))
    record = train(cohort(trial, steps=100, seeds=1))[0]
    losses = record.series["loss"].values[:, 0]
    assert losses[-1] < 0.2 * task.baseline.loss
    assert record.series["held_out_loss"].values[-1, 0] < 0.5
