"""Tasks: what their papers say of them."""

import numpy as np
import pytest

from gradstudy.tasks.adding import Adding
from gradstudy.tasks.sequential_digits import SequentialDigits
from gradstudy.training.streams import numpy_stream


def drawn(task, count=4000):
    return task._draw(numpy_stream(0, 0, "data"), count)


def test_the_original_adding_problem_is_as_hochreiter_and_schmidhuber_state_it():
    inputs, targets = drawn(Adding(length=50))
    values, markers = inputs[..., 0], inputs[..., 1]
    marked = markers == 1
    assert (marked.sum(1) == 2).all()
    assert not marked[:, 24:].any()  # both among the first T/2 - 1
    assert marked[:, :10].any(1).all()  # one among the first ten
    assert set(np.unique(markers)) == {-1, 0, 1}
    assert (markers[:, -1] == -1).all()
    assert (markers[~marked[:, 0], 0] == -1).all()
    assert (values[marked[:, 0], 0] == 0).all()
    np.testing.assert_allclose(targets[:, 0], 0.5 + (values * marked).sum(1) / 4)
    assert np.abs(values).max() <= 1


def test_each_mark_falls_uniformly():
    """The second mark: 1/23 minus the first's place, summed over the first's ten places, for any place past ten."""
    markers = drawn(Adding(length=50), 40000)[0][..., 1] == 1
    share = markers[:, 10:24].mean(0)
    np.testing.assert_allclose(share, 1 / 23, rtol=0.1)


def test_the_unit_interval_version_has_a_baseline_of_one_sixth():
    """Ground truth G45 (Le, Jaitly & Hinton 2015): always answering 1 has MSE = Var(U + U) = 1/6."""
    inputs, targets = drawn(Adding(length=50, unit_interval=True), 40000)
    values, marked = inputs[..., 0], inputs[..., 1] == 1
    assert (marked[:, :25].sum(1) == 1).all()
    assert (marked[:, 25:].sum(1) == 1).all()
    np.testing.assert_allclose(targets[:, 0], (values * marked).sum(1))
    assert np.square(targets - 1).mean() == pytest.approx(1 / 6, rel=0.03)


def test_the_shortest_sequence_is_drawn_too():
    inputs, _ = drawn(Adding(length=8))
    assert ((inputs[..., 1] == 1).sum(1) == 2).all()


def test_sequential_digits_are_the_bundled_images_in_reading_order_split_once():
    from sklearn.datasets import load_digits

    task, (pixels, labels) = SequentialDigits(batch_size=500), load_digits(return_X_y=True)
    batch, targets = task.batch(numpy_stream(0, 0, "data"))
    held_out, held_out_labels = task.held_out(numpy_stream(0, 1, "held out"))
    known = {
        (*image, label)
        for image, label in zip(pixels.astype(int).tolist(), labels.tolist(), strict=False)
        for image in [tuple(image)]
    }

    def as_keys(images, of):
        return {(*map(int, image[:, 0] * 16), int(label)) for image, label in zip(images, of, strict=True)}

    train, test = as_keys(batch, targets), as_keys(held_out, held_out_labels)
    assert train <= known
    assert test <= known
    assert not train & test
    assert len(held_out) == 360
    assert np.bincount(held_out_labels).min() >= 34
    assert task.shape.inputs[0] == batch.shape[1] == 64
