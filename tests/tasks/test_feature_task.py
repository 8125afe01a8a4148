"""Badly scaled features and their remedy: what algebra says of them."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from gradstudy.tasks.digits import Digits
from gradstudy.tasks.feature_task import multipliers
from gradstudy.tasks.line import Line
from gradstudy.tasks.teacher import Teacher
from gradstudy.training.start.streams import numpy_stream


def whole(task):
    """All rows to train on, in their own order."""
    return task.batch(numpy_stream(0, 0, "data"))


def rows(task, seed=0):
    return task.batch(numpy_stream(0, seed, "data"))


ALL = {"batch_size": 10**6}


@pytest.mark.parametrize("spread", [0.5, 4.0, 400.0])
def test_spread_separates_the_scales_of_features_by_decades_and_leaves_the_whole_as_large_as_it_was(spread):
    factors = multipliers((64,), spread)
    if spread < 300:
        decades = np.sort(np.log10(factors))
        assert decades[-1] - decades[0] == pytest.approx(spread)
        np.testing.assert_allclose(np.diff(decades), spread / 63)
        assert not np.array_equal(decades, np.log10(factors))  # in no order that a reader could guess
    assert np.square(factors).mean() == pytest.approx(1)


def test_a_single_feature_cannot_be_spread():
    np.testing.assert_array_equal(whole(Line(spread=3.0))[0], whole(Line())[0])


def test_scale_and_spread_multiply_every_row_of_both_splits_alike():
    plain, changed = Digits(**ALL), Digits(scale=3.0, spread=2.0, **ALL)
    factors = 3 * multipliers((64,), 2.0)
    np.testing.assert_allclose(whole(changed)[0], whole(plain)[0] * factors)
    stream = numpy_stream(0, 0, "held out")
    np.testing.assert_allclose(changed.held_out(stream)[0], plain.held_out(stream)[0] * factors)


def test_outliers_are_the_asked_share_of_entries_and_nothing_else_changes():
    plain, changed = whole(Teacher(**ALL))[0], whole(Teacher(outliers=0.1, outlier_scale=50.0, **ALL))[0]
    ratio = changed / plain
    hit = np.isclose(ratio, 50)
    assert hit.mean() == pytest.approx(0.1, abs=0.01)
    np.testing.assert_array_equal(changed[~hit], plain[~hit])


def test_more_outliers_keep_the_fewer_ones():
    plain, few, many = (whole(Teacher(outliers=share, **ALL))[0] for share in (0.0, 0.02, 0.3))
    assert ((few == plain) | (few == many)).all()


def test_trials_of_a_seed_train_on_the_same_rows_whatever_the_features_went_through():
    stream, changed_stream = numpy_stream(0, 0, "data"), numpy_stream(0, 0, "data")
    plain, changed = Digits(), Digits(scale=2.0, outliers=0.5, outlier_scale=1.0)
    for _ in range(3):
        inputs, labels = plain.batch(stream)
        ours, same = changed.batch(changed_stream)
        np.testing.assert_array_equal(ours, 2 * inputs)
        np.testing.assert_array_equal(same, labels)


@pytest.mark.parametrize("image", [False, True])
def test_standardising_undoes_scale_and_spread(image):
    """Each feature of the rows to train on has mean 0 and variance 1; pixels that are always empty stay 0."""
    inputs = whole(Digits(image=image, scale=1e3, spread=3.0, standardize=True, **ALL))[0]
    changing = whole(Digits(image=image, **ALL))[0].std(0) > 0
    assert inputs.shape[1:] == ((1, 8, 8) if image else (64,))
    np.testing.assert_allclose(inputs.mean(0), 0, atol=1e-10)
    np.testing.assert_allclose(inputs.var(0), changing.astype(float), atol=1e-10)


def test_standardising_counts_the_outliers_in():
    """Features of mean 2 and variance 9 show the mixed terms; 400 batches are many, for the law of large numbers."""

    class Shifted(Teacher):
        def data(self):
            data = super().data()
            return replace(data, inputs=2 + 3 * data.inputs)

    task = Shifted(features=2, points=1000, outliers=0.2, outlier_scale=5.0, standardize=True, **ALL)
    stream = numpy_stream(0, 0, "data")
    inputs = np.concatenate([task.batch(stream)[0] for _ in range(400)])
    np.testing.assert_allclose(inputs.mean(0), 0, atol=0.01)
    np.testing.assert_allclose(inputs.var(0), 1, atol=0.02)


def test_what_is_held_out_is_standardised_by_the_rows_to_train_on():
    held_out = Line(standardize=True, scale=7.0).held_out(numpy_stream(0, 0, "held out"))[0]
    (x, _), (plain, _) = whole(Line()), Line().held_out(numpy_stream(0, 0, "held out"))
    np.testing.assert_allclose(held_out, (plain - x.mean()) / x.std())


def test_scaling_to_nothing_gives_zeros_and_no_division_by_them():
    for standardize in (False, True):
        assert (whole(Digits(scale=0.0, standardize=standardize))[0] == 0).all()


def test_a_batch_has_no_row_twice_and_seeds_draw_different_ones():
    task = Teacher(batch_size=1999)
    assert len(np.unique(rows(task)[0], axis=0)) == 1999
    assert not np.array_equal(rows(task)[1], rows(task, seed=1)[1])


def test_a_batch_as_large_as_the_set_is_the_set():
    for size in (100, 1000):
        np.testing.assert_array_equal(whole(Line(batch_size=size))[0], rows(Line(batch_size=100), seed=7)[0])
    assert Line(batch_size=1000, points=30).smallest_batch == 6


def test_the_loss_follows_the_kind_of_target():
    output = torch.zeros(2, 5, 10)
    assert Digits().loss(output, torch.zeros(2, 5, dtype=torch.int64)).tolist() == pytest.approx([np.log(10)] * 2)
    assert Line().loss(output[..., :1], torch.full((2, 5, 1), 3.0)).tolist() == [9, 9]
