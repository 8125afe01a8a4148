"""Curvature, and the sizes of weights and data, against the whole Hessian and algebra."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from support.cohorts import cohort, parts
from support.probed import EXACT, SIGNAL, first_batch, mlp, tensors_of, twin_output

from gradstudy.factors import init
from gradstudy.factors.activation import Identity
from gradstudy.factors.model.mlp import Mlp
from gradstudy.tasks.adding import Adding
from gradstudy.tasks.digits import Digits
from gradstudy.training.close_look import CloseLook, data_scale, sharpness
from gradstudy.training.engine import train

WHOLE = replace(SIGNAL, batch_size=64)
"""One batch has all the rows that curvature is taken over."""


def largest_eigenvalue(loss, weights):
    """Of the whole Hessian of this loss of weights by name, by differentiating twice."""
    shapes = {name: tensor.shape for name, tensor in weights.items()}

    def of_flat(flat):
        pieces = flat.split([shape.numel() for shape in shapes.values()])
        return loss({name: piece.view(shapes[name]) for name, piece in zip(shapes, pieces, strict=True)})

    flat = torch.cat([tensor.detach().flatten() for tensor in weights.values()])
    return torch.linalg.eigvalsh(torch.autograd.functional.hessian(of_flat, flat))[-1].item()


def test_sharpness_is_the_largest_eigenvalue_of_the_hessian_at_the_start_and_at_the_end():
    trial = mlp(task=WHOLE)
    start = train(cohort(trial, steps=0, **EXACT))
    trained = cohort(trial, steps=20, **EXACT)
    end = train(trained)
    look = CloseLook([trained], [end[0].weights])
    inputs, targets = first_batch(trial)
    for found, record in ((look.sharpness, start[0]), (look.last_sharpness, end[0])):
        truth = largest_eigenvalue(lambda w: (twin_output(w, inputs) * targets).sum(1).mean(), tensors_of(record))
        assert found[0] == pytest.approx(truth, rel=0.02)
        assert found[0] <= truth * (1 + 1e-6)  # Lanczos' values lie inside the spectrum
    assert look.steps == 20
    assert look.parts is trial


def test_a_members_sharpness_is_its_own():
    everyone = cohort(mlp(task=WHOLE), mlp(task=WHOLE, init=init.Lecun(gain=3.0)))
    together = sharpness(everyone)
    alone = [sharpness(replace(everyone, members=(member,))) for member in everyone.members]
    assert together == pytest.approx(np.concatenate(alone), rel=1e-6)


def test_a_recurrent_network_whose_backward_pass_is_its_own_has_the_curvature_of_a_plain_loop():
    trial = parts(task=Adding(length=8, batch_size=64))
    inputs, targets = first_batch(trial)

    def loss(named):
        state = torch.zeros(64, 7, dtype=torch.float64)
        bias = named["recurrent.bias_ih_l0"] + named["recurrent.bias_hh_l0"]
        for x in inputs.unbind(1):
            moved = x @ named["recurrent.weight_ih_l0"].T + state @ named["recurrent.weight_hh_l0"].T
            state = torch.tanh(moved + bias)
        return (state @ named["readout.weight"].T + named["readout.bias"] - targets).square().mean()

    start = train(cohort(trial, steps=0, **EXACT))[0]
    truth = largest_eigenvalue(loss, tensors_of(start))
    assert sharpness(cohort(trial, steps=0, seeds=1))[0] == pytest.approx(truth, rel=0.02)


def test_a_sharpness_that_is_not_finite_is_unknown():
    """A linear map of 100^200, whose square is beyond float64."""
    linear = mlp(model=Mlp(width=6, depth=200), init=init.Lecun(gain=100.0), activation=Identity(), task=Digits())
    assert np.isnan(sharpness(cohort(linear, seeds=1))).all()


@dataclass(frozen=True)
class Rows:
    """Always the same inputs and targets."""

    inputs: np.ndarray
    targets: np.ndarray

    def batch(self, stream):
        return self.inputs, self.targets


def test_the_size_of_data_is_a_root_mean_square():
    """Features 3 and 5 (mean 4, deviation 1), a constant 0, and 0 and 200."""
    rows = Rows(np.array([[3.0, 0.0, 0.0], [5.0, 0.0, 200.0]]), np.array([[6.0], [8.0]]))
    scale = data_scale(rows, study_seed=0)
    assert scale.inputs == pytest.approx(np.sqrt((9 + 25 + 40000) / 6))
    assert scale.largest == 200.0
    assert scale.features == pytest.approx([np.sqrt(17), np.sqrt(20000)])
    assert scale.offset == pytest.approx(2.5)  # means of 4 and 100 over deviations of 1 and 100
    assert scale.target == pytest.approx(np.sqrt(50))
    assert data_scale(Digits(), study_seed=0).target is None


def test_weights_have_the_length_of_their_rows_and_copies_are_seen():
    constant = CloseLook([cohort(mlp(init=init.Constant(value=0.5), model=Mlp(width=6, depth=2)))], []).weights
    assert [weight.are_copies for weight in constant if weight.name.startswith("layer")] == [True, True]
    assert constant[1].length == pytest.approx(0.5 * np.sqrt(6))
    orthogonal = CloseLook([cohort(mlp(init=init.Orthogonal(gain=2.0), model=Mlp(width=6, depth=2)))], []).weights
    assert orthogonal[1].length == pytest.approx(2.0)
    assert not any(weight.are_copies for weight in orthogonal)
