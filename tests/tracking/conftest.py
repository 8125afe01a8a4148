"""One MLflow store for all tests of the room (making one costs 1.5 s); every test has a study name of its own."""

import pytest

from gradstudy.tracking.store import Mlflow, connect


@pytest.fixture(autouse=True)
def impatient(monkeypatch, tmp_path):
    """No test needs to wait until a server comes back, and each stands in a folder of its own."""
    monkeypatch.chdir(tmp_path)
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
