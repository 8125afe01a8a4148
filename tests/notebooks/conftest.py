"""Notebooks as they are stored, and executed in a kernel of this interpreter by whoever asks for it."""

import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
CLAIM = re.compile(r"^- \*\*(.*?)\*\*", re.MULTILINE | re.DOTALL)


def claimed(notebook: nbformat.NotebookNode) -> list[str]:
    """The sentences in bold of the conclusions, one per item, as one line each."""
    return [" ".join(sentence.split()) for sentence in CLAIM.findall(notebook.cells[-1].source)]


@pytest.fixture(scope="session")
def read_notebook() -> Callable[[str], nbformat.NotebookNode]:
    return lambda name: nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)


@pytest.fixture(scope="session")
def execute(read_notebook) -> Callable[..., dict[str, bool]]:
    """Which of its claims hold of a notebook that was executed in this folder?

    `checks` has an expression per claim, which the kernel evaluates with what the cells left behind.
    """

    def executed(name: str, folder: Path, checks: Mapping[str, str]) -> dict[str, bool]:
        notebook = read_notebook(name)
        assert claimed(notebook) == list(checks), "every claim of the conclusions is checked, in its order"
        asked = ", ".join(f"{claim!r}: bool({check})" for claim, check in checks.items())
        question = nbformat.v4.new_code_cell(f"import json; print(json.dumps({{{asked}}}))")
        notebook.cells.append(question)
        client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}})
        environment = {key: value for key, value in os.environ.items() if key != "MLFLOW_TRACKING_URI"}
        with client.setup_kernel(env=environment | {"OMP_NUM_THREADS": "1"}):
            for index, cell in enumerate(notebook.cells):
                client.execute_cell(cell, index)
        outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
        assert not [out for out in outputs if out.get("name") == "stderr"], "a warning is shown to whoever runs it"
        assert not [out for out in outputs if "\x1b" in str(out.get("text"))], "codes of a terminal are shown"
        return json.loads(question.outputs[0].text)

    return executed
