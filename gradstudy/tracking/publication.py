"""What people see who open a run in MLflow, and how it is stored: in a finished study the answer comes first."""

from collections.abc import Mapping
from dataclasses import dataclass

from gradstudy.errors import TrackingAway
from gradstudy.tracking.runs import NOTE, REPORT, attach
from gradstudy.tracking.store import Mlflow, answering, connect


@dataclass(frozen=True)
class RunDisplay:
    """What a person sees who opens a run in MLflow: its description, a `note` in Markdown, and `files` by name."""

    note: str
    files: Mapping[str, bytes]


REPORT_FILE = "report.html"


def publish(settings: Mlflow, run_id: str, shown: RunDisplay) -> None:
    """Stores what is shown of a study, the page `report.html` among it, in place of what was shown before.

    A report counts as stored only with the last call. TrackingAway when MLflow did not take all of it; the trials are
    stored nevertheless.
    """
    try:
        with answering(settings):
            client = connect(settings)
            attach(client, client.get_run(run_id), shown.files)
            client.set_tag(run_id, NOTE, shown.note)
            client.set_tag(run_id, REPORT, REPORT_FILE)
    except TrackingAway as away:
        way_on = "All trials are stored, but not their report; run the same command again, and it is."
        raise TrackingAway(f"{away} {way_on}") from away
