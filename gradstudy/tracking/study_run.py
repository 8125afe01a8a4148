"""The MLflow run of a study: its trials lie below it, and its files say what the study was and what came out."""

import json
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run

from gradstudy.locking.hold import Hold
from gradstudy.masking import masked
from gradstudy.records import CONFIRM, MemberRows, StudyInfo, Trial, TrialResult
from gradstudy.tracking.doubled import discard, united
from gradstudy.tracking.experiment_board import HELD_IN_MLFLOW, ExperimentBoard
from gradstudy.tracking.markdown import code_fence, escaped, note_of
from gradstudy.tracking.members_file import FILE as MEMBERS
from gradstudy.tracking.members_file import Stored, read_stored, write_members
from gradstudy.tracking.publication import RunDisplay
from gradstudy.tracking.record_file import read_rows, trial_file
from gradstudy.tracking.runs import (
    FINGERPRINT,
    KIND,
    NOTE,
    REPORT,
    STUDY,
    artifact,
    attach,
    is_finished,
    origin,
    study_runs,
    trial_number,
    trial_runs,
)
from gradstudy.tracking.trial_metrics import study_cost, trial_cost
from gradstudy.tracking.trial_run import send_trial
from gradstudy.versions import joined
from gradstudy.words.command_words import load_call, without_secrets

INFO = "study.json"


class StudyRun:
    """The run of one study, new or continued, and which of its trials MLflow holds.

    A launch with the same name and fingerprint continues the earlier launch's run, and `hold` takes it, so that no
    other driver does. Runs of trials that a killed driver left unfinished are deleted: their records wait in the spool,
    or the trials are trained again.
    """

    def __init__(self, client: MlflowClient, info: StudyInfo, hold: Hold | None = None):
        self._client = client
        experiment = _experiment(client, info)
        if hold:
            hold.take(
                HELD_IN_MLFLOW, ExperimentBoard(client, experiment, info.fingerprint, masked(client.tracking_uri))
            )
        runs = study_runs(client, [experiment], info.fingerprint)
        self.run = united(client, runs) if runs else _create(client, experiment, info)
        earlier = read_info(client, self.run)
        self._launched = replace(info, settings=json.loads(json.dumps(info.settings)))
        measured = earlier or self._launched
        self.info = replace(info, settings=measured.settings, versions=measured.versions)
        client.update_run(self.run.info.run_id, status="RUNNING")
        if REPORT in self.run.data.tags:  # an earlier launch's page knows nothing of this one's trials
            client.delete_tag(self.run.info.run_id, REPORT)
        self._describe()
        self._finished = self._sort_out()
        self._costs: dict[int, Mapping[str, float]] = {n: run.data.metrics for n, run in self._finished.items()}

    @property
    def numbers(self) -> frozenset[int]:
        """The trials that MLflow holds, finished."""
        return frozenset(self._finished)

    def stored(self) -> dict[int, tuple[Trial, MemberRows]]:
        """Every trial that MLflow holds, with the responses of its members."""
        with TemporaryDirectory() as folder:
            members = artifact(self._client, self.run, MEMBERS, Path(folder))
            known = read_stored(members) if members else {}
            for number in self.numbers - known.keys():
                record = artifact(self._client, self._finished[number], trial_file(number), Path(folder))
                if record:
                    known[number] = read_rows(record)
                else:  # its files are gone: it has to be measured and stored again
                    discard(self._client, self._finished.pop(number))
        return {number: known[number] for number in sorted(self.numbers)}

    def send(self, result: TrialResult, shown: RunDisplay, *, record: Path, points: int) -> None:
        """Stores a trial, unless it is stored already."""
        number = result.trial.number
        if number in self._finished:
            return
        if self.info != (extended := self._extended()):
            self.info = extended
            self._describe()
        self._finished[number] = send_trial(
            self._client, self.run, self.info, result, shown, record=record, points=points
        )
        self._costs[number] = trial_cost(result.records)

    def close(self, stored: Stored, status: str) -> None:
        """Stores what came out, and ends the run."""
        run_id = self.run.info.run_id
        with TemporaryDirectory() as folder:
            path = Path(folder) / MEMBERS
            write_members(stored, self.info.factors, path)
            self._client.log_artifact(run_id, str(path))
        now, costs = int(time.time() * 1000), (self._costs[number] for number in self._finished)
        searched = [rows for trial, rows in stored.values() if trial.phase != CONFIRM]
        verdicts = Counter(f"members/{row['verdict']}" for rows in searched for row in rows)
        tried = {"confirm/trials": len(stored) - len(searched)} if len(stored) > len(searched) else {}
        metrics = {"trials": len(searched), **tried, **verdicts, **study_cost(costs)}
        self._client.log_batch(run_id, metrics=[Metric(key, value, now, 0) for key, value in metrics.items()])
        self._client.set_terminated(run_id, status)

    def _extended(self) -> StudyInfo:
        """What the study is once this launch has added to it."""
        before, now = self.info, self._launched
        # Responses measured under several settings are nobody's: without settings they are measured again.
        settings = before.settings if before.settings in ({}, now.settings) else {}
        return replace(before, settings=settings, versions=joined(before.versions, now.versions))

    def _describe(self) -> None:
        run_id = self.run.info.run_id
        self._client.set_tag(run_id, "command", self.info.command)
        self._client.set_tag(run_id, "phase", " then ".join(self.info.phases))
        attach(self._client, run_id, INFO, json.dumps(self.info.to_json(), indent=1).encode())

    def _sort_out(self) -> dict[int, Run]:
        finished: dict[int, Run] = {}
        for run in trial_runs(self._client, self.run):
            if is_finished(run) and trial_number(run) not in finished:
                finished[trial_number(run)] = run
            else:
                discard(self._client, run)
        return finished


def read_info(client: MlflowClient, run: Run) -> StudyInfo | None:
    """The study that this is a run of, None when it was killed before it could say."""
    with TemporaryDirectory() as folder:
        path = artifact(client, run, INFO, Path(folder))
        info = StudyInfo.from_json(json.loads(path.read_text(encoding="utf-8"))) if path else None
    return info and replace(info, command=without_secrets(info.command))  # earlier versions stored what was typed


def _experiment(client: MlflowClient, info: StudyInfo) -> str:
    found = client.get_experiment_by_name(info.name)
    if found is None:
        # MLflow otherwise guesses from its runs what an experiment is for, and shows its pages for chat programs.
        about = {"mlflow.experimentKind": "custom_model_development", NOTE: escaped(info.question)}
        return client.create_experiment(info.name, tags=about)
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    return found.experiment_id


def _create(client: MlflowClient, experiment: str, info: StudyInfo) -> Run:
    tags = {
        KIND: STUDY,
        STUDY: info.name,
        FINGERPRINT: info.fingerprint,
        "question": info.question,
        "source": info.source,
        NOTE: _note(info),
        **origin(),
    }
    run = client.create_run(experiment, run_name=info.name, tags=tags)
    params = {"design": info.design, "seeds": info.seeds, "steps": info.steps, "seed": info.seed}
    client.log_batch(run.info.run_id, params=[Param(key, str(value)) for key, value in params.items()])
    return run


def _note(info: StudyInfo) -> str:
    """What is said of a study until its answer is known."""
    blocks = (
        f"**{escaped(info.question)}**" if info.question else "",
        f"After {escaped(info.source)}." if info.source else "",
        "This study has not come to its end: the answer will stand here. What is known so far:",
        code_fence(load_call(info)),
    )
    return note_of(list(filter(None, blocks)))
