"""One MLflow store for all tests of the room (making one costs a second); every test has a study name of its own."""

import subprocess
import sys

import pytest

from gradstudy.tracking.store import Mlflow


@pytest.fixture(autouse=True)
def impatient(monkeypatch, tmp_path):
    """No test needs to wait until a server comes back, and each stands in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")


MAKE = """
from gradstudy.tracking.store import Mlflow, connect
client = connect(Mlflow())
client.set_terminated(client.create_run(client.create_experiment('quiet')).info.run_id)
"""


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """A process that made a store in its folder, and used it."""
    folder = tmp_path_factory.mktemp("store")
    run = subprocess.run([sys.executable, "-c", MAKE], cwd=folder, capture_output=True, text=True, check=True)
    return folder, run


@pytest.fixture(scope="session")
def store(made):
    return Mlflow(f"sqlite:///{made[0]}/mlflow.db", points=6)


@pytest.fixture
def name(request):
    """A study name that no other test uses."""
    return request.node.name
