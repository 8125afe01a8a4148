"""All that a study found, gathered once: the terminal's last page, the HTML report and MLflow's note say the same."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from gradstudy.analysis.prescription.prescription import Prescription
from gradstudy.analysis.ranking.ranking import Ranking
from gradstudy.analysis.responses.thresholds import verdicts_by_threshold
from gradstudy.analysis.settings import Analysis
from gradstudy.analysis.theory.agreement import Agreement
from gradstudy.errors import InputError
from gradstudy.records import FINISHED, HUNT, SCREEN, StudyInfo
from gradstudy.report.hunt_findings import HuntFindings, hunt_findings_of
from gradstudy.results import Run


@dataclass(frozen=True)
class Findings:
    """What came out of a study?

    `members` has one row per trial x seed, and `gradients` reads their record as `Run.gradients` does. `rankings` are
    those that the settings ask for, and with `prescriptions` empty where nothing was drawn at random. `thresholds` are
    counts of verdicts as `verdicts_by_threshold` makes them. `theory` is None where it predicts nothing, `catch` where
    nothing was hunted. `store` and `ui_command` say where the study is and how it is looked at, and `report` where its
    page is stored: empty where none is. `progress` is how far it has come: finished, running or stopped.
    """

    info: StudyInfo
    settings: Analysis
    members: pd.DataFrame
    gradients: Callable[..., pd.DataFrame]
    rankings: tuple[Ranking, ...]
    prescriptions: tuple[Prescription, ...]
    thresholds: pd.DataFrame
    theory: Agreement | None
    catch: HuntFindings | None
    store: str
    ui_command: str
    report: str
    progress: str = FINISHED


def findings_of(run: Run) -> Findings:
    """What came out of this stored study? Seconds, on first use: its rankings and prescriptions are computed."""
    screened = SCREEN in run.info.phases
    return Findings(
        info=run.info,
        settings=run.settings,
        members=run.members,
        gradients=run.gradients,
        rankings=tuple(run.rank(response) for response in run.settings.responses) if screened else (),
        prescriptions=run.prescribe() if screened else (),
        thresholds=verdicts_by_threshold(run.members, run.settings),
        theory=_theory(run),
        catch=hunt_findings_of(run) if HUNT in run.info.phases else None,
        store=run.store,
        ui_command=run.ui_command,
        report=run.report,
        progress=run.progress,
    )


def _theory(run: Run) -> Agreement | None:
    try:
        return run.theory()
    except InputError:  # it says nothing about any trial of this study
        return None
