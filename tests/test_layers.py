"""The house rules that a computer can check: imports point down, within rooms too, and every framework has one home."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "gradstudy"
LAYERS = [
    {"atomic_file", "masking", "patience"},
    {"errors", "references"},
    {"disk"},
    {"locking", "parts", "random_network", "records", "stopping", "user_cache", "versions"},
    {"aliasing", "conclusions", "cores", "kernels", "network", "series", "storing"},
    {"layer_parts", "quantities", "response"},
    {"factors", "tasks", "training", "execution", "search", "analysis"},
    {"words"},
    {"tracking"},
    {"configs"},
    {"mean_field"},
    {"batch", "notebook", "plan"},
    {"results", "measurement"},
    {"report"},
    {"preparation"},
    {"confirming", "planning", "unforeseen"},
    {"study"},
    {"cli", "__init__"},
    {"__main__"},
]
SCIENCE = [{"settings"}, {"responses", "space"}, {"surrogate", "theory"}, {"ranking", "prescription"}, {"cure"}]
"""The rooms within analysis/, from what a member says to what is advised."""
DISPLAY = {"words", "notebook"}
"""How results of analysis/ are told and shown: imported inside the method that does so, and nowhere else in it."""
PARTS = {"factors", "tasks"}
"""What is studied: named by YAML, imported by nobody but themselves."""
MAY_IMPORT_BESIDE = {("factors", "tasks"), ("execution", "training")}
HOMES = {
    "optuna": {"search"},
    "mlflow": {"tracking"},
    "pyarrow": {"tracking"},
    "hydra": {"configs", "cli"},
    "omegaconf": {"configs", "cli"},
    "torch": {"factors", "tasks", "training", "kernels", "network", "layer_parts"},
    "numba": {"kernels"},
    "rich": {"report"},
    "sklearn": {"tasks"},
    "scipy": {"analysis", "tasks"},
    "matplotlib": {"notebook", "report"},
}
FILES = sorted(PACKAGE.rglob("*.py"))
DOORS = {"__init__", "__main__", "cli"}
"""They import late whatever a command does not need."""


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def height(layers: list[set[str]], name: str) -> int:
    return next(height for height, rooms in enumerate(layers) if name in rooms)


def imports(path: Path, *, late: bool) -> Iterator[str]:
    """What a module imports on its own, under TYPE_CHECKING too, or `late`: inside of functions."""
    tree = ast.parse(path.read_text())
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    inside = {id(node) for function in functions for node in ast.walk(function)}
    for node in ast.walk(tree):
        if (id(node) in inside) is not late:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide where they point; name the whole path"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


EARLY = {path: list(imports(path, late=False)) for path in FILES}
LATE = {path: list(imports(path, late=True)) for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down_and_frameworks_stay_at_home(path):
    here = room(path)
    for name in EARLY[path] + LATE[path]:
        framework = name.partition(".")[0]
        if framework in HOMES:
            assert here in HOMES[framework], f"{here} must not import {framework}: its home is {HOMES[framework]}"
        if here == "analysis":
            whole = "import scipy, whose parts it loads on first use: all of them take a second of every start"
            assert not name.startswith("scipy."), f"{path.name} must not import {name}: {whole}"
        if framework == "gradstudy" and here != "__init__":
            there = name.split(".")[1]
            shown = here == "analysis" and there in DISPLAY
            if there == here or (here, there) in MAY_IMPORT_BESIDE or shown:
                continue
            assert there not in PARTS, f"{here} must not import {name}: parts are named by YAML"
            assert height(LAYERS, there) < height(LAYERS, here), f"{here} must not import {name}: imports point down"


def test_no_import_leads_back_to_where_it_came_from_also_within_a_room_and_for_types():
    modules = {".".join(("gradstudy", *path.relative_to(PACKAGE).with_suffix("").parts)): path for path in FILES}
    graph = {
        module: {
            there
            for name in EARLY[path]
            for there in (name, name.rpartition(".")[0])  # a module, or a name out of one
            if there in modules
        }
        for module, path in modules.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as cycle:
        pytest.fail(f"These modules import each other: {' -> '.join(cycle.args[1])}. Move what they share below both.")


def test_the_rooms_within_analysis_point_one_way():
    for path in FILES:
        if room(path) == "analysis" and path.stem != "__init__":
            here = path.relative_to(PACKAGE).parts[1].removesuffix(".py")
            for name in EARLY[path]:
                if name.startswith("gradstudy.analysis."):
                    there = name.split(".")[2]
                    down = there == here or height(SCIENCE, there) < height(SCIENCE, here)
                    assert down, f"{path.name} must not import {name}: analysis/ is layered as {SCIENCE}"


def test_results_of_analysis_are_data_and_reach_for_display_only_when_asked_to_show_themselves():
    for path in FILES:
        if room(path) == "analysis":
            for name in EARLY[path]:
                shows = name.startswith(("html", *(f"gradstudy.{one}" for one in DISPLAY)))
                assert not shows, f"{path.name} must not import {name}: call it inside of the method that shows"


def test_only_doors_and_results_that_show_themselves_import_the_house_inside_of_functions():
    for path in FILES:
        for name in LATE[path]:
            if name.startswith("gradstudy."):
                allowed = room(path) in DOORS or (room(path) == "analysis" and name.split(".")[1] in DISPLAY)
                assert allowed, f"{path.name} must import {name} at its top, or what is imported belongs elsewhere"


def test_rich_stays_in_the_terminal_and_the_other_ways_to_look_do_not_need_it():
    for path in FILES:
        if room(path) == "report" and "terminal" not in path.parts:
            found = [
                name for name in EARLY[path] + LATE[path] if name.startswith(("rich", "gradstudy.report.terminal"))
            ]
            assert not found, f"{path.name} must not import {found}: Rich belongs to report/terminal/"


def test_every_room_of_the_package_has_its_place_in_the_layers():
    assert {room(path) for path in FILES} == set().union(*LAYERS)
