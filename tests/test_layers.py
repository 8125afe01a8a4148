"""The house rules that a computer can check: imports point down, and every framework has one home."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "gradstudy"
LAYERS = [
    {"errors"},
    {"parts", "random_network", "records", "thinning", "versions"},
    {"decades", "network", "over_seeds"},
    {"quantities", "response"},
    {"factors", "tasks", "training", "execution", "search", "analysis", "tracking"},
    {"configs"},
    {"prediction"},
    {"words", "plan"},
    {"notebook"},
    {"results", "measurement"},
    {"report"},
    {"preparation"},
    {"batch"},
    {"study"},
    {"cli", "__init__"},
    {"__main__"},
]
PARTS = {"factors", "tasks"}
"""What is studied: named by YAML, imported by nobody but themselves."""
MAY_IMPORT_BESIDE = {("factors", "tasks"), ("execution", "training")}
HOMES = {
    "optuna": {"search"},
    "mlflow": {"tracking"},
    "pyarrow": {"tracking"},
    "hydra": {"configs", "cli"},
    "omegaconf": {"configs", "cli"},
    "torch": {"factors", "tasks", "training", "network"},
    "rich": {"report"},
    "sklearn": {"tasks"},
}
QMC = "scipy.stats"
FILES = sorted(PACKAGE.rglob("*.py"))


def room(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def level(name):
    return next(height for height, rooms in enumerate(LAYERS) if name in rooms)


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide where they point"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down_and_frameworks_stay_at_home(path):
    here = room(path)
    for name in imports(path):
        framework = name.partition(".")[0]
        if framework in HOMES:
            assert here in HOMES[framework], f"{here} must not import {framework}: its home is {HOMES[framework]}"
        if name.startswith(QMC):
            assert here == "analysis" or (here == "search" and "qmc" in name), f"{here} must not import {name}"
        if framework == "gradstudy" and here != "__init__":
            there = name.split(".")[1]
            if there == here or (here, there) in MAY_IMPORT_BESIDE:
                continue
            assert there not in PARTS, f"{here} must not import {name}: parts are named by YAML"
            assert level(there) < level(here), f"{here} must not import {name}: imports point down"


def test_rich_stays_in_the_terminal_and_the_other_ways_to_look_do_not_need_it():
    for path in FILES:
        if room(path) == "report" and "terminal" not in path.parts:
            assert not any(name.startswith(("rich", "gradstudy.report.terminal")) for name in imports(path)), path


def test_every_room_of_the_package_has_its_place_in_the_layers():
    assert {room(path) for path in FILES} == set().union(*LAYERS)
