"""All that a study found, gathered once: the terminal's last page, the HTML report and MLflow's note say the same."""

from dataclasses import dataclass

import pandas as pd

from gradstudy.analysis.prescription.prescription import Prescription
from gradstudy.analysis.ranking.ranking import Ranking
from gradstudy.analysis.responses.thresholds import verdicts_by_threshold
from gradstudy.analysis.theory.agreement import Agreement
from gradstudy.errors import InputError
from gradstudy.records import HUNT, SCREEN
from gradstudy.report.hunt_findings import HuntFindings, hunt_findings_of
from gradstudy.results import Run


@dataclass(frozen=True)
class Findings:
    """A study's run, and what is computed of it for people to read.

    `rankings` are those that the settings ask for, and with `prescriptions` empty where nothing was drawn at random.
    `thresholds` are counts of verdicts as `verdicts_by_threshold` makes them. `theory` is None where it predicts
    nothing, `hunt` where nothing was hunted.
    """

    run: Run
    rankings: tuple[Ranking, ...]
    prescriptions: tuple[Prescription, ...]
    thresholds: pd.DataFrame
    theory: Agreement | None
    hunt: HuntFindings | None


def findings_of(run: Run) -> Findings:
    """What this stored study found. Takes seconds on first use: its rankings and prescriptions are computed."""
    screened = SCREEN in run.info.phases
    try:
        theory = run.theory()
    except InputError:  # it says nothing about any trial of this study
        theory = None
    return Findings(
        run,
        rankings=tuple(run.rank(response) for response in run.settings.responses) if screened else (),
        prescriptions=run.prescriptions if screened else (),
        thresholds=verdicts_by_threshold(run.members, run.settings),
        theory=theory,
        hunt=hunt_findings_of(run) if HUNT in run.info.phases else None,
    )
