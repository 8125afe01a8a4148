"""What a person finds before running anything: no output, no logic, and conclusions at the end."""

import ast
from pathlib import Path

import pytest

NAMES = sorted(path.stem for path in (Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
LOGIC = (
    ast.FunctionDef,
    ast.Lambda,
    ast.ClassDef,
    ast.For,
    ast.While,
    ast.If,
    ast.IfExp,
    ast.Try,
    ast.With,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
)
MOST_LINES, WIDEST = 5, 96


@pytest.fixture(params=NAMES)
def notebook(request, read_notebook):
    return read_notebook(request.param)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def nodes(notebook):
    return [node for cell in code(notebook) for node in ast.walk(ast.parse(cell.source))]


def test_the_four_notebooks_are_there():
    assert NAMES == ["01_first_study", "02_reading_stored_runs", "03_theory_and_measurement", "04_find_the_cure"]


def test_it_is_stored_without_output(notebook):
    assert all(not cell.outputs and cell.execution_count is None for cell in code(notebook))
    assert all(not cell.metadata for cell in notebook.cells)


def test_it_is_for_any_python_and_names_every_cell_once(notebook):
    assert notebook.metadata.kernelspec.name == "python3"
    assert "version" not in notebook.metadata.language_info
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)


def test_it_imports_gradstudy_and_nothing_else(notebook):
    imported = [node for node in nodes(notebook) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [ast.unparse(node) for node in imported] == ["import gradstudy"]


def test_it_has_no_logic_of_its_own(notebook):
    assert not [ast.unparse(node) for node in nodes(notebook) if isinstance(node, LOGIC)]


def test_its_cells_are_short(notebook):
    assert all(len(cell.source.splitlines()) <= MOST_LINES for cell in code(notebook))
    assert all(len(line) <= WIDEST for cell in code(notebook) for line in cell.source.splitlines())


def test_it_begins_with_a_title_and_ends_in_conclusions(notebook):
    first, last = notebook.cells[0], notebook.cells[-1]
    assert first.cell_type == last.cell_type == "markdown"
    assert first.source.startswith("# ")
    assert last.source.startswith("## Conclusions\n")
