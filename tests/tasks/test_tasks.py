"""Tasks: what their papers say of them."""

import numpy as np
import pytest
import torch

from gradstudy.tasks.adding import Adding
from gradstudy.tasks.copy_memory import CopyMemory
from gradstudy.tasks.digits import Digits
from gradstudy.tasks.line import Line
from gradstudy.tasks.sequential_digits import SequentialDigits
from gradstudy.tasks.task import cross_entropy
from gradstudy.tasks.teacher import Teacher
from gradstudy.tasks.temporal_order import TemporalOrder
from gradstudy.training.start.streams import numpy_stream


def drawn(task, count=4000):
    return task.draw(numpy_stream(0, 0, "data"), count)


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


def test_the_line_is_found_again_by_least_squares_up_to_its_noise():
    """Standard errors of slope and intercept are .01 for 100 points and a noise of .1; the residual is the noise."""
    x, y = Line().batch(numpy_stream(0, 0, "data"))
    (slope, intercept), residual, *_ = np.polyfit(x[:, 0], y[:, 0], 1, full=True)
    assert slope == pytest.approx(3, abs=0.04)
    assert intercept == pytest.approx(2, abs=0.04)
    assert np.sqrt(residual[0] / 98) == pytest.approx(0.1, rel=0.25)


def test_every_seed_and_every_noise_has_the_points_of_the_line():
    (x, y), (same_x, exact) = Line().batch(numpy_stream(0, 0, "data")), Line(noise=0).batch(numpy_stream(0, 1, "data"))
    np.testing.assert_array_equal(x, same_x)
    np.testing.assert_allclose(exact, 3 * x + 2)
    assert np.abs(y - exact).max() < 0.4
    assert len(Line().held_out(numpy_stream(0, 0, "held out"))[0]) == 20


def test_a_teacher_gives_standardised_outputs_and_noise_beside_them():
    clean, noisy = (
        Teacher(outputs=3, noise=noise, batch_size=2000).batch(numpy_stream(0, 0, "data"))[1] for noise in (0, 0.5)
    )
    np.testing.assert_allclose(clean.mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(clean.std(0), 1)
    assert (noisy - clean).std() == pytest.approx(0.5, rel=0.05)


def test_a_teacher_without_width_to_speak_of_is_a_tanh_of_a_projection():
    """One layer of one unit: all targets are an increasing function of one linear map of the inputs."""
    task = Teacher(features=3, teacher_width=1, teacher_depth=1, batch_size=2000)
    inputs, targets = task.batch(numpy_stream(0, 0, "data"))
    ordered = np.argsort(targets[:, 0])
    normal = np.linalg.lstsq(np.c_[inputs, np.ones(2000)], targets[:, 0], rcond=None)[0][:3]
    projected = inputs @ normal
    assert abs(np.corrcoef(projected[ordered].argsort(), np.arange(2000))[0, 1]) > 0.98


def test_digits_are_the_sequential_digits_as_features_or_as_images():
    sequences, labels = SequentialDigits().held_out(None)
    for image in (False, True):
        inputs, same = Digits(image=image).held_out(numpy_stream(0, 0, "held out"))
        assert inputs.shape[1:] == Digits(image=image).shape.inputs
        np.testing.assert_array_equal(inputs.reshape(360, 64), sequences[:, :, 0])
        np.testing.assert_array_equal(same, labels)


@pytest.mark.parametrize("length", [10, 57, 100])
@pytest.mark.parametrize("triggers", [True, False])
def test_temporal_order_is_as_hochreiter_and_schmidhuber_and_pascanu_state_it(length, triggers):
    inputs, classes = drawn(TemporalOrder(length=length, triggers=triggers))
    assert (inputs.sum(2) == 1).all()
    symbols, tenth, half = inputs.argmax(2), length // 10, length // 2
    relevant = symbols < 2
    assert (relevant[:, tenth : 2 * tenth].sum(1) == 1).all()
    assert (relevant[:, half : half + tenth].sum(1) == 1).all()
    assert (relevant.sum(1) == 2).all()
    first, second = (symbols[relevant].reshape(-1, 2)[:, which] for which in (0, 1))
    np.testing.assert_array_equal(classes, 2 * first + second)
    np.testing.assert_allclose(np.bincount(classes) / len(classes), 1 / 4, atol=0.03)
    assert ((symbols == 6).sum(1) == triggers).all()
    assert (symbols[:, 0] == 6).all() == (symbols[:, -1] == 7).all() == triggers
    assert set(np.unique(symbols[~relevant])) == {2, 3, 4, 5} | ({6, 7} if triggers else set())


def test_copy_memory_is_as_arjovsky_shah_and_bengio_state_it():
    inputs, answers = drawn(CopyMemory(length=30))
    heard = inputs.argmax(2)
    assert inputs.shape[1:] == CopyMemory(length=30).shape.inputs == (50, 10)
    assert (inputs.sum(2) == 1).all()
    assert set(np.unique(heard[:, :10])) == set(range(8))
    assert (heard[:, 10:39] == 8).all()  # T - 1 blanks
    assert (heard[:, 39] == 9).all()
    assert (heard[:, 40:] == 8).all()
    assert (answers[:, :40] == 8).all()  # T + 10 blanks
    np.testing.assert_array_equal(answers[:, 40:], heard[:, :10])


@pytest.mark.parametrize(("length", "baseline"), [(100, 0.173287), (500, 0.039989)])
def test_remembering_nothing_costs_ten_logarithms_of_eight_over_the_steps(length, baseline):
    """Ground truth G46: certain of the blanks, uniform over the eight symbols."""
    task = CopyMemory(length=length)
    _, answers = drawn(task, 4)
    output = torch.zeros(1, 4, length + 20, 10, dtype=torch.float64)
    output[:, :, : length + 10, 8] = 1000
    output[:, :, length + 10 :, 8:] = -1000
    assert task.loss(output, torch.from_numpy(answers)[None]).item() == pytest.approx(baseline, abs=5e-7)


@pytest.mark.parametrize("shape", [(3, 4, 5), (3, 4, 6, 5)])
def test_the_cross_entropy_of_each_member_is_that_of_pytorch(shape):
    output, target = torch.randn(shape, dtype=torch.float64), torch.randint(5, shape[:-1])
    ours = cross_entropy(output, target)
    for member, loss in enumerate(ours):
        theirs = torch.nn.functional.cross_entropy(output[member].flatten(0, -2), target[member].flatten())
        assert loss.item() == pytest.approx(theirs.item(), rel=1e-12)
