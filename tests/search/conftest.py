import os

import pytest


@pytest.fixture(autouse=True)
def unsynced(monkeypatch):
    """Waiting for the disk guards against power cuts, which no test makes, and would take most of the time here."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
