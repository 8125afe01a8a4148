"""What only a GPU can show: a replayed step is the step, waits for nothing, and agrees with the CPU."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from support.cohorts import cohort, parts
from support.enrolled import rows
from support.parity import assert_same_member

from gradstudy.factors import init, lr, regularization
from gradstudy.factors.model.mlp import Mlp
from gradstudy.tasks.teacher import Teacher
from gradstudy.training import engine
from gradstudy.training.device import one_thread
from gradstudy.training.engine import train

pytestmark = pytest.mark.gpu


@pytest.mark.parametrize("enrolled", list(rows())[::4], ids=str)
def test_a_replayed_training_equals_one_that_is_not_replayed(enrolled):
    whole = cohort(enrolled.parts, steps=12, device="cuda:0", keep_weights=True)
    for one, other in zip(train(whole), train(replace(whole, capture=False)), strict=True):
        assert_same_member(one, other)


def test_steps_between_probes_are_replayed_and_wait_for_nothing():
    trial = parts(model=Mlp(width=6, depth=3), task=Teacher(), regularization=regularization.Dropout(0.1))
    with one_thread():
        training = engine._Training(cohort(trial, steps=60, device="cuda:0"))
        for step in range(11):
            training._step(step)
        torch.cuda.set_sync_debug_mode("error")
        try:
            for step in range(11, 30):
                training._step(step)
        finally:
            torch.cuda.set_sync_debug_mode("default")
        training.captured.check()
        assert not training.captured.refusal
        assert training.captured.replays >= 19


def test_members_diverge_where_they_do_on_the_cpu():
    trials = [
        parts(init=init.Orthogonal(gain=gain), lr=lr.Constant(rate))
        for gain in (0.5, 1.0, 2.0)
        for rate in (0.01, 1e30)
    ]
    whole = cohort(*trials, seeds=4, steps=50)
    pairs = zip(train(whole), train(replace(whole, device="cuda:0")), strict=True)
    assert np.mean([(a.first_bad_step is None) == (b.first_bad_step is None) for a, b in pairs]) >= 0.95


def test_tf32_is_off_unless_asked_for():
    left = torch.full((64, 64), 1 + 2.0**-12, device="cuda:0")
    exact = left.double() @ left.double()
    with one_thread():
        assert torch.allclose((left @ left).double(), exact, rtol=1e-6)
    with one_thread(tf32=True):
        assert torch.backends.cuda.matmul.allow_tf32
