"""What does a person see who opens a study, or one of its trials, in MLflow?"""

from gradstudy.records import StudyInfo, TrialResult
from gradstudy.report.figure.trial_figure import trial_figures
from gradstudy.report.findings import Findings
from gradstudy.report.study_files import study_files
from gradstudy.report.study_note import study_note
from gradstudy.report.trial_note import trial_note
from gradstudy.tracking.shown import Shown


def study_shown(findings: Findings) -> Shown:
    """The answer, and the page, tables and figures that it rests on. A second or two."""
    return Shown(study_note(findings), study_files(findings))


def trial_shown(info: StudyInfo, result: TrialResult) -> Shown:
    """What came of the trial, how to run it again, and a picture of its gradients. Some milliseconds."""
    figures = {f"figures/{name}": picture for name, picture in trial_figures(result).items()}
    return Shown(trial_note(info, result), figures)
