"""Every test starts from the same seeds and one thread, in a folder of its own, with no tracking server named."""

import gc
import os

import numpy as np
import pytest
import torch

torch.set_num_threads(1)
pytest_plugins = ["support.browsing"]


@pytest.fixture(autouse=True)
def reseeded(monkeypatch):
    torch.manual_seed(0)
    np.random.seed(0)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """An empty folder to stand in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def pytest_collection_finish():
    """What was imported stays to the end: looking through it for garbage again and again took a tenth of the time."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items):
    if torch.cuda.is_available():
        return
    skip = pytest.mark.skip(reason="needs a CUDA device, and torch sees none here")
    for item in items:
        if item.get_closest_marker("gpu"):
            item.add_marker(skip)


os.environ.setdefault("OMP_NUM_THREADS", "1")
