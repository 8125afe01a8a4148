"""The script that a launch is started by, as workers see it: they import it only where something in it is needed.

Python's worker processes import it all the same, and would run it once more, up to the launch that started them.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import spawn
from typing import Any
from unittest.mock import patch

from gradstudy.errors import InputError

Script = Mapping[str, Any]
"""How multiprocessing names a script."""

_importing = False


def script_here() -> Script:
    """The script that runs in this process; empty in a notebook and at a prompt."""
    return {key: value for key, value in spawn.get_preparation_data("worker").items() if key.startswith("init_main")}


@contextmanager
def not_imported() -> Iterator[None]:
    """Processes that this thread starts inside do not import the script."""
    described, starter = spawn.get_preparation_data, threading.get_ident()

    def without_script(name: str) -> dict[str, Any]:
        found = described(name)
        mine = threading.get_ident() == starter
        return {key: value for key, value in found.items() if not (mine and key.startswith("init_main"))}

    with patch.object(spawn, "get_preparation_data", without_script):
        yield


def import_script(script: Script) -> None:
    """Makes what is defined in the script known to this worker."""
    global _importing
    _importing = True
    try:
        spawn.prepare(dict(script))
    finally:
        _importing = False


def check_not_imported() -> None:
    """InputError in a worker that imports the script, where a launch would start workers of its own, and so on."""
    if _importing:
        raise InputError(
            "A script that runs a study and defines parts of its own is imported by the workers, and must run the "
            'study below the line `if __name__ == "__main__":`. Indent it there, or add "execution=inline".'
        )
