"""`python -m gradstudy`, as a shell starts it, and through the same door in this process, which saves a start."""

import io
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from hydra.core.global_hydra import GlobalHydra

from gradstudy.cli import main


@dataclass(frozen=True)
class Done:
    """What a command printed, and its exit code."""

    code: int
    page: str
    message: str


def command(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "gradstudy", *arguments]


def in_shell(arguments: Sequence[str], folder: Path) -> Done:
    environment = {key: value for key, value in os.environ.items() if key != "MLFLOW_TRACKING_URI"}
    done = subprocess.run(command(arguments), cwd=folder, capture_output=True, text=True, env=environment, check=False)
    return Done(done.returncode, done.stdout, done.stderr)


def in_process(arguments: Sequence[str], folder: Path) -> Done:
    page, message, code = io.StringIO(), io.StringIO(), 0
    here = patch.object(sys, "argv", ["gradstudy", *arguments]), patch.dict(os.environ), chdir(folder)
    with here[0], here[1], here[2], redirect_stdout(page), redirect_stderr(message):
        os.environ.pop("HYDRA_FULL_ERROR", None)
        try:
            main()
        except SystemExit as end:
            code = end.code
        finally:
            GlobalHydra.instance().clear()
    return Done(code, page.getvalue(), message.getvalue())
