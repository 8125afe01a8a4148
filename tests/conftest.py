"""Every test starts from the same seeds and one thread, in a folder of its own, with no tracking server named."""

import gc
import os
import sqlite3
import sys

import numpy as np
import pytest
import torch

from gradstudy.user_cache import cache_folder

torch.set_num_threads(1)
pytest_plugins = ["support.browsing"]


@pytest.fixture(autouse=True)
def reseeded(monkeypatch):
    torch.manual_seed(0)
    np.random.seed(0)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """The user's cache, as other programs keep in it what takes them seconds, but for what gradstudy keeps there."""
    home = tmp_path_factory.mktemp("cache")
    for other in cache_folder().parent.glob("*"):
        if other.name != "gradstudy":
            (home / other.name).symlink_to(other)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(home))
        yield


@pytest.fixture(scope="session", autouse=True)
def no_waiting_for_the_disk():
    """In this process. It guards against power cuts, which no test makes, and would take most of what writes much."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        if "mlflow" in sys.modules:  # else nothing that was collected stores anything
            _make_databases_careless()
        yield


def _make_databases_careless():
    from sqlalchemy import Engine, event

    def careless(connection, _):
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA synchronous = OFF")

    event.listen(Engine, "connect", careless)


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
