"""With which versions was a study measured? They decide its numbers, so a report has to name them."""

import platform
from collections.abc import Mapping
from importlib.metadata import version

PACKAGES = ("gradstudy", "torch", "numpy", "scipy", "scikit-learn", "hydra-core", "optuna", "mlflow")


def versions_here() -> dict[str, str]:
    """Which versions does this process run with? By name, Python and the kind of machine among them."""
    machine = f"{platform.system()} {platform.machine()}"
    return {"machine": machine, "python": platform.python_version(), **{name: version(name) for name in PACKAGES}}


def joined(before: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """Which versions measured a study that was continued? Where they differ, all of them: `2.12.0, 2.13.0`."""
    known = {name: [*filter(None, before.get(name, "").split(", ")), found] for name, found in now.items()}
    return {**before, **{name: ", ".join(dict.fromkeys(each)) for name, each in known.items()}}
