"""What is measured on request only, against autograd sample by sample."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from support.cohorts import cohort
from support.parity import assert_parity
from support.probed import EXACT, SIGNAL, first_batch, gradient, mlp, tensors_of, twin_output, values

from gradstudy.factors import activation, init, lr
from gradstudy.factors.model.mlp import Mlp
from gradstudy.factors.normalization.features import LayerNorm
from gradstudy.quantities import ON_REQUEST
from gradstudy.tasks.digits import Digits
from gradstudy.training.engine import train


def test_jacobian_has_the_singular_values_of_autograd_averaged_over_samples():
    trial = mlp()
    record = train(cohort(trial, steps=0, record=("jacobian",), **EXACT))[0]
    inputs, _ = first_batch(trial)
    weights = {name: tensor.detach() for name, tensor in tensors_of(record).items()}
    jacobian = torch.autograd.functional.jacobian
    jacobians = torch.stack([jacobian(lambda x: twin_output(weights, x), sample) for sample in inputs])
    expected = torch.linalg.svdvals(jacobians).mean(0)
    assert record.series["jacobian"].places == tuple(f"value_{index:03d}" for index in range(1, 6))
    np.testing.assert_allclose(record.series["jacobian"].values[0], expected.numpy(), rtol=1e-10)
    flat = jacobians.flatten(1)
    pairs = [(i, j) for i in range(len(flat)) for j in range(i)]
    cosines = [torch.cosine_similarity(flat[i], flat[j], dim=0).item() for i, j in pairs]
    assert values(record, "jacobian_correlation")[0] == pytest.approx(np.mean(cosines), rel=1e-10)


def test_a_jacobian_that_is_not_finite_is_a_result():
    trial = mlp(model=Mlp(width=6, depth=400), activation=activation.Identity(), init=init.Lecun(gain=100.0))
    record = train(cohort(trial, seeds=1, steps=0, record=("jacobian",)))[0]
    assert np.isnan(record.series["jacobian"].values).all()


def test_noise_scale_is_that_of_the_groups_of_a_batch():
    """Groups of one sample, so that the scatter is the sample covariance of per-sample gradients."""
    trial = mlp(task=replace(SIGNAL, batch_size=8))
    record = train(cohort(trial, steps=0, record=("noise_scale",), **EXACT))[0]
    inputs, targets = first_batch(trial)
    weights = tensors_of(record)
    rows = [(inputs[[index]], targets[[index]]) for index in range(len(inputs))]
    per_sample = [gradient(weights, *row).numpy() for row in rows]
    trace = np.var(per_sample, axis=0, ddof=1).sum()
    power = np.square(np.mean(per_sample, axis=0)).sum() - trace / 8
    expected = trace / power if power > 0 else np.inf
    assert values(record, "noise_scale")[0] == pytest.approx(expected, rel=1e-10)


def test_noise_scale_of_a_real_task_is_a_batch_size():
    record = train(cohort(mlp(task=Digits(batch_size=64)), seeds=1, steps=0, record=("noise_scale",)))[0]
    assert 0 < values(record, "noise_scale")[0] < 1e4


def test_sample_correlation_is_the_mean_cosine_over_pairs_of_samples():
    trial = mlp()
    record = train(cohort(trial, steps=0, record=("sample_correlation",), **EXACT))[0]
    inputs, _ = first_batch(trial)
    z = inputs @ torch.as_tensor(record.weights["layer_01.weight"]).T
    pairs = [(i, j) for i in range(len(z)) for j in range(i)]
    expected = np.mean([torch.cosine_similarity(z[i], z[j], dim=0).item() for i, j in pairs])
    assert values(record, "sample_correlation", "layer_01")[0] == pytest.approx(expected, rel=1e-10)


def test_what_is_measured_on_request_is_the_same_in_any_company():
    trial = mlp(normalization=LayerNorm(), activation=activation.Relu(), lr=lr.Constant(0.1))
    whole = cohort(trial, trial | {"lr": lr.Constant(1e30)}, steps=4, record=ON_REQUEST)
    for record in assert_parity(whole, [0], [3, 1], [2, 1, 0])[:2]:
        assert {*ON_REQUEST, "jacobian_correlation"} <= record.series.keys()
