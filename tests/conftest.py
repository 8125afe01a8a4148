"""Every test starts from the same seeds and one thread, in a folder of its own, with no tracking server named."""

import gc
import os
import sqlite3
import sys
from contextlib import closing

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


@pytest.fixture(scope="session", autouse=True)
def stores_without_waiting(tmp_path_factory):
    """Databases that are made in 0.1 s in place of 1.5 s, and no waiting for the disk, in this process.

    MLflow makes a database by all of its migrations: here once, and copied from then on. Waiting for the disk guards
    against power cuts, which no test makes, and would take most of the time of what writes much.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        if "mlflow" in sys.modules:  # else nothing that was collected stores anything
            _make_tables_once(patch, tmp_path_factory.mktemp("tables") / "whole.db")
        yield


def _make_tables_once(patch, whole):
    from mlflow.store.db import utils
    from sqlalchemy import Engine, event

    make = utils._initialize_tables

    def made_or_copied(engine):
        known = whole.exists()
        if engine.dialect.name != "sqlite":
            make(engine)
            return
        if not known:
            make(engine)
        with closing(engine.raw_connection()) as opened, closing(sqlite3.connect(whole)) as kept:
            made = opened.driver_connection
            (kept if known else made).backup(made if known else kept)

    patch.setattr(utils, "_initialize_tables", made_or_copied)

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
