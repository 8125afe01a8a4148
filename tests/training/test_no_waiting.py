"""A step asks its device for nothing and sends it nothing, so that a GPU is never waited for.

Shown on PyTorch's meta device, which takes the ways of a GPU and not those of a CPU, and whose tensors have no numbers:
to ask for one is an error there.
"""

import pytest
import torch
from support.cohorts import cohort, parts
from support.images import Pictures
from torch.utils._python_dispatch import TorchDispatchMode

from gradstudy.factors import clipping, lr, optimizer, regularization, residual
from gradstudy.factors.model.cnn import Cnn
from gradstudy.factors.model.lstm import Lstm
from gradstudy.factors.model.mlp import Mlp
from gradstudy.factors.model.resnet import ResNet
from gradstudy.factors.model.transformer import Transformer
from gradstudy.factors.normalization import features, weights
from gradstudy.tasks.copy_memory import CopyMemory
from gradstudy.training import engine
from gradstudy.training.start import cohort_start

TRIALS = {
    "lstm": {"model": Lstm(width=5, depth=2), "clipping": clipping.Adaptive()},
    "answers at each step": {"task": CopyMemory(batch_size=4), "optimizer": optimizer.Adam()},
    "dropout": {"model": Mlp(width=5, depth=3), "regularization": regularization.Dropout(0.1)},
    "max norm": {"model": Mlp(width=5, depth=2), "regularization": regularization.MaxNorm(max_norm=1.0)},
    "buffers": {"model": Cnn(width=3, depth=2), "normalization": features.BatchNorm(), "task": Pictures()},
    "weights": {"model": Mlp(width=5, depth=2), "normalization": weights.SpectralNorm()},
    "gates": {"model": ResNet(width=4, depth=2), "residual": residual.Gated(), "task": Pictures()},
    "transformer": {
        "model": Transformer(width=8, depth=1),
        "residual": residual.Scaled(),
        "normalization": features.LayerNorm(),
        "lr": lr.Cosine(0.1),
    },
}


class NothingSent(TorchDispatchMode):
    """Refuses what copies numbers from the host into a tensor of the device, other than single ones."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        if isinstance(result, torch.Tensor) and result.is_meta:
            sent = [one for one in args if isinstance(one, torch.Tensor) and not one.is_meta and one.dim()]
            assert not sent, f"{function} sends {[tuple(one.shape) for one in sent]}"
        return result


@pytest.fixture
def on_meta(monkeypatch):
    """Trains on the meta device; what a start takes numbers back to the host for is left out."""

    def empty(specifications, values, streams):
        completed = [one for one in specifications[0] if one.of is not None]
        return {one.name: torch.empty(len(streams), *one.shape, device="meta") for one in completed}

    monkeypatch.setattr(engine, "device_here", lambda wanted: torch.device("meta"))
    monkeypatch.setattr(cohort_start, "dependent_values", empty)
    monkeypatch.setattr(optimizer, "powers", lambda base, exponents: base.new_ones(len(exponents), len(base)))


@pytest.mark.parametrize("name", list(TRIALS))
def test_a_step_neither_asks_its_device_nor_sends_to_it(name, on_meta):
    training = engine._Training(cohort(parts(**TRIALS[name]), steps=3))
    step, batch = torch.ones(1, dtype=torch.int64, device="meta"), training.batches.next()
    training._train(step, batch)  # what is made once, and kept, may be sent
    with NothingSent():
        training._train(step, batch)


def test_to_ask_or_to_send_would_be_seen(on_meta):
    training = engine._Training(cohort(parts(), steps=3))
    with pytest.raises((NotImplementedError, RuntimeError)):
        training.divergence.outcomes()
    with NothingSent(), pytest.raises(AssertionError, match="sends"):
        torch.tensor([1.0, 2.0], device="meta") + torch.ones(2).to("meta")
