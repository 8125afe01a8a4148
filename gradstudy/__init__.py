"""Which choices make a network's gradients vanish or explode, by how much, and how sure are we?

run = gradstudy.run_study(["+study=rnn_clip", "budget.trials=32"])
run = gradstudy.load_study("rnn_clip")
run.rank("exploding")
gradstudy.measure(["model=rnn", "activation=tanh"], seeds=8).flow()
gradstudy.write_report(run, "report.html")
"""

import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradstudy.errors import InputError as InputError
    from gradstudy.errors import TrackingAway as TrackingAway
    from gradstudy.measurement import measure as measure
    from gradstudy.report.diagnosis.diagnose import diagnose as diagnose
    from gradstudy.report.page_file import write_report as write_report
    from gradstudy.study import load_study as load_study
    from gradstudy.study import run_study as run_study

_HOMES = {
    "run_study": "gradstudy.study",
    "load_study": "gradstudy.study",
    "measure": "gradstudy.measurement",
    "diagnose": "gradstudy.report.diagnosis.diagnose",
    "write_report": "gradstudy.report.page_file",
    "InputError": "gradstudy.errors",
    "TrackingAway": "gradstudy.errors",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    """Imported on first use: torch and MLflow take seconds, and the list of studies needs neither."""
    if name not in _HOMES:
        raise AttributeError(f"module 'gradstudy' has no attribute {name!r}")
    # In a notebook, the progress bars of our dependencies ask for widgets that nothing here needs.
    warnings.filterwarnings("ignore", message="IProgress not found")
    return getattr(import_module(_HOMES[name]), name)
