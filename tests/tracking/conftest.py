"""One MLflow store for all tests of the room (making one costs 1.5 s); every test has a study name of its own."""

import sys
from pathlib import Path

import pytest

from gradstudy.tracking.store import Mlflow, connect

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """No test needs to wait until a server comes back."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    settings = Mlflow(f"sqlite:///{folder}/mlflow.db", points=6)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        connect(settings)
    return settings


@pytest.fixture
def name(request):
    """A study name that no other test uses."""
    return request.node.name
