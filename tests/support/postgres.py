"""A real PostgreSQL server for a while, out of a wheel."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest


@contextmanager
def postgres_server() -> Iterator[tuple[Any, Path]]:
    """The server, and the folder with its data and socket."""
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # of another user, whom pytest does not let into its own
    folder.chmod(0o755)
    (runtime := folder / "runtime").mkdir(mode=0o700)
    with patch.dict(os.environ, XDG_RUNTIME_DIR=str(runtime)):
        pgserver = pytest.importorskip("pgserver")  # which makes a folder when it is imported

    server = pgserver.get_server(folder / "server")
    try:
        yield server, folder / "server"
    finally:
        server.cleanup()
        shutil.rmtree(folder)
