"""A stored study that was never stored: members, records and whatever else a test gives, as a Run reads them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from gradstudy.analysis.responses.member_row import member_row
from gradstudy.analysis.settings import DEFAULTS, Analysis
from gradstudy.records import FINISHED, UNTRAINED, StudyInfo, Trial, TrialResult
from gradstudy.response import RESPONSES
from gradstudy.results import Run
from gradstudy.tracking.members_file import members_table
from support.made_trials import FACTORS, make_info, make_result


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
    failed: Mapping[int, str] = field(default_factory=dict)

    def damage(self, *, thorough=False):
        return ()

    def results(self, trials=None):
        return (result for result in self.made if trials is None or result.trial.number in trials)

    def result(self, number):
        return self.made[number]


def made_study(settings: Analysis = DEFAULTS, theory: Sequence[float | None] = (None, -1.5, 0.25)) -> MadeStudy:
    """Three trials of three seeds, measured with these settings, whose predicted gains are given."""
    results = [make_result(number) for number in range(len(theory))]
    rows = {
        result.trial.number: (
            result.trial,
            tuple(member_row(record, settings) | {"gain_init_theory": said} for record in result.records),
        )
        for result, said in zip(results, theory, strict=True)
    }
    info = make_info("any", settings={"responses": settings.of_responses})
    return MadeStudy(info, members_table(rows, FACTORS), results, trial=lambda number: results[number].trial)


def made_run(info: StudyInfo, members: pd.DataFrame, settings: Analysis = DEFAULTS, **stored) -> Run:
    """The run of a study whose members were measured with these settings: what is not given is 0, or unknown."""
    members = members.assign(**dict.fromkeys([name for name in RESPONSES if name not in members], 0.0))
    members = members if "outcome" in members else members.assign(outcome=UNTRAINED)
    measured = replace(info, settings={"responses": settings.of_responses})
    return Run(MadeStudy(measured, members, **stored), settings)
