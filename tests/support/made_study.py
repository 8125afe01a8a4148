"""A stored study that was never stored: members, records and whatever else a test gives, as a Run reads them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from gradstudy.analysis.settings import DEFAULTS, Analysis
from gradstudy.records import FINISHED, StudyInfo, Trial, TrialResult
from gradstudy.response import RESPONSES
from gradstudy.results import Run


@dataclass
class MadeStudy:
    """What `tracking.reader.StoredStudy` gives."""

    info: StudyInfo
    members: pd.DataFrame
    made: Sequence[TrialResult] = ()
    trial: Callable[[int], Trial] | None = None
    gradients: Callable[..., pd.DataFrame] | None = None
    uri: str = "sqlite:///mlflow.db"
    report: str = ""
    progress: str = FINISHED

    def results(self, trials=None):
        return (result for result in self.made if trials is None or result.trial.number in trials)

    def result(self, number):
        return self.made[number]


def made_run(info: StudyInfo, members: pd.DataFrame, settings: Analysis = DEFAULTS, **stored) -> Run:
    """The run of a study whose members were measured with these settings: responses that are not given are 0."""
    members = members.assign(**dict.fromkeys([name for name in RESPONSES if name not in members], 0.0))
    measured = replace(info, settings={"responses": settings.of_responses})
    return Run(MadeStudy(measured, members, **stored), settings)
