"""The versions that a study was measured with: they decide its numbers, so a report has to name them."""

import platform
from collections.abc import Mapping
from importlib.metadata import version

PACKAGES = ("gradstudy", "torch", "numpy", "scipy", "scikit-learn", "hydra-core", "optuna", "mlflow")


def versions_here() -> dict[str, str]:
    """The versions that this process runs with, by name, Python and the kind of machine among them."""
    machine = f"{platform.system()} {platform.machine()}"
    return {"machine": machine, "python": platform.python_version(), **{name: version(name) for name in PACKAGES}}


def joined(before: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """The versions that measured a study which was continued; where they differ, all of them: `2.12.0, 2.13.0`."""
    known = {name: [*filter(None, before.get(name, "").split(", ")), found] for name, found in now.items()}
    return {**before, **{name: ", ".join(dict.fromkeys(each)) for name, each in known.items()}}
