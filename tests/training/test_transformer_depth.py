"""What depth does to a transformer's gradients, as Xiong et al. 2020 derived it (ground truths G37 and G38)."""

import numpy as np
from support.cohorts import cohort, parts

from gradstudy.factors import activation, init
from gradstudy.factors.model.transformer import Transformer
from gradstudy.factors.normalization.features import LayerNorm
from gradstudy.factors.residual import Scaled
from gradstudy.tasks.random_signal import RandomSignal
from gradstudy.training.engine import train


def gradients_at_depth(order, depth):
    """Norm of the last feed-forward matrix's gradient, and the share of power that D loses from block L to block 1."""
    model = Transformer(width=64, depth=depth, feedforward=1, order=order, attention=False, positions="none")
    trial = parts(
        model=model,
        activation=activation.Relu(),
        normalization=LayerNorm(),
        residual=Scaled(),
        init=init.Normal(std=1 / 8),  # Xavier for a square matrix of 64 x 64
        task=RandomSignal(features=64, outputs=64, length=1, batch_size=128),
    )
    records = train(cohort(trial, seeds=4, steps=0))
    last = [
        r.series["gradient"].values[0, r.series["gradient"].places.index(f"layer_{depth:02d}.linear2.weight")]
        for r in records
    ]
    power = [(r.series["signal"].values[0, 0] / r.series["signal"].values[0, -1]) ** 2 for r in records]
    return np.mean(last), np.mean(power)


DEPTHS = [2, 4, 8, 16, 32]


def test_the_last_gradient_falls_with_depth_in_pre_order_as_xiong_2020_derived():
    found = np.array([gradients_at_depth("pre", depth)[0] for depth in DEPTHS])
    # each block adds half the power to a stream that the last norm divides by
    theory = (1 + np.divide(DEPTHS, 2)) ** -0.5
    np.testing.assert_allclose(found / found[0], theory / theory[0], rtol=0.08)
    assert -0.6 < np.polyfit(np.log(DEPTHS), np.log(found), 1)[0] < -0.3


def test_in_post_order_neither_the_last_gradient_nor_the_flow_depends_on_depth():
    found, power = np.transpose([gradients_at_depth("post", depth) for depth in DEPTHS])
    assert abs(np.polyfit(np.log(DEPTHS), np.log(found), 1)[0]) < 0.2
    # folklore counts the skip alone, (2/3)^31 = 3e-6; with the branch a block passes on (1 + 1/2) / (3/2) = 1
    assert 0.3 < power[-1] < 3
