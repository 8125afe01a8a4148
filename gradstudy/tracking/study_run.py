"""The MLflow run of a study: its trials lie below it, and its files say what the study was and what came out."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from gradstudy.atomic_file import set_aside
from gradstudy.locking.hold import Hold
from gradstudy.masking import masked
from gradstudy.records import CONFIRM, MemberRows, StudyInfo, Trial, TrialResult
from gradstudy.tracking.damage import Damaged, ReadBack
from gradstudy.tracking.doubled import discard, united
from gradstudy.tracking.experiment_board import HELD_IN_MLFLOW, ExperimentBoard
from gradstudy.tracking.markdown import code_fence, escaped, note_of
from gradstudy.tracking.members_file import FILE as MEMBERS
from gradstudy.tracking.members_file import Stored, write_members
from gradstudy.tracking.publication import RunDisplay
from gradstudy.tracking.record_file import read_rows
from gradstudy.tracking.runs import (
    FAILURE,
    FINGERPRINT,
    KIND,
    NOTE,
    REPORT,
    STUDY,
    attach,
    brief,
    is_failed,
    is_finished,
    local_folder,
    origin,
    study_runs,
    trial_number,
    trial_runs,
)
from gradstudy.tracking.stored_files import INFO, read_info, record_of, table_of
from gradstudy.tracking.trial_metrics import study_cost, trial_cost
from gradstudy.tracking.trial_run import send_trial
from gradstudy.versions import joined
from gradstudy.words.command_words import load_call

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

LAUNCHES = "blocks"
"""Tag of a study's run: how many trials each launch of its screen added."""


class StudyRun:
    """The run of one study, new or continued, and which of its trials MLflow holds.

    A launch with the same name and fingerprint continues the earlier launch's run, and `hold` takes it, so that no
    other driver does. Runs of trials that a killed driver left unfinished are deleted: their records wait in the spool,
    or the trials are trained again. So are those of trials whose records are damaged or gone, which `lost` holds;
    `damaged` are other files, which are made anew.
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
        blocks = self.run.data.tags.get(LAUNCHES, "").split()
        self._blocks = tuple(map(int, blocks)) if all(map(str.isdecimal, blocks)) else ()
        self.damaged: list[Damaged] = []
        self.lost: list[Damaged] = []
        self._make_way()
        self._table = self._whole(lambda: table_of(client, self.run))
        earlier = self._whole(lambda: read_info(client, self.run)) or (self._table and self._table.info)
        self._launched = replace(info, settings=json.loads(json.dumps(info.settings)))
        measured = earlier or self._launched
        self.info = replace(info, settings=measured.settings, versions=measured.versions)
        client.update_run(self.run.info.run_id, status="RUNNING")
        if REPORT in self.run.data.tags:  # an earlier launch's page knows nothing of this one's trials
            client.delete_tag(self.run.info.run_id, REPORT)
        self._describe()
        self._finished, self._failed = self._sort_out()
        self._costs: dict[int, Mapping[str, float]] = {n: run.data.metrics for n, run in self._finished.items()}

    @property
    def numbers(self) -> frozenset[int]:
        """The trials that MLflow holds, finished."""
        return frozenset(self._finished)

    @property
    def blocks(self) -> Sequence[int]:
        """How many trials each launch of the study's screen added; empty where no launch has said so."""
        return self._blocks

    def tell_blocks(self, blocks: Sequence[int]) -> None:
        """Stores how many trials each launch of the screen added."""
        self._client.set_tag(self.run.info.run_id, LAUNCHES, " ".join(map(str, blocks)))
        self._blocks = tuple(blocks)

    def stored(self) -> dict[int, tuple[Trial, MemberRows]]:
        """Every trial that MLflow holds, with the responses of its members: of a failed one none."""
        known = dict(self._table.stored()) if self._table else {}
        for number, run in sorted({**self._failed, **self._finished}.items()):
            try:
                if number not in known:
                    with TemporaryDirectory() as folder:
                        known[number] = read_rows(self._record(number, folder))
                elif local_folder(run) is not None:  # elsewhere, looking for it costs 10 ms and more
                    self._record(number)
            except Damaged as damaged:  # it has to be measured and stored again
                self.lost.append(damaged)
                self.forget(number)
        return {number: known[number] for number in sorted({*self._finished, *self._failed})}

    def holds(self, number: int) -> bool:
        """Whether MLflow holds this trial with its record, as far as that can be seen from here."""
        if number not in self._finished:
            return False
        if local_folder(self._finished[number]) is None:
            return True
        try:
            self._record(number)
        except Damaged:
            return False
        return True

    def forget(self, number: int) -> None:
        """Takes a trial away, if it is there, so that it can be stored again. MLflow keeps what it deletes."""
        if run := self._finished.pop(number, None) or self._failed.pop(number, None):
            discard(self._client, run)

    def send(self, result: TrialResult, shown: RunDisplay, *, record: Path, points: int) -> None:
        """Stores a trial, unless it is stored already; one that failed before is replaced."""
        number, earlier = result.trial.number, self._failed.get(result.trial.number)
        if number in self._finished or (earlier and earlier.data.tags[FAILURE] == result.failure):
            return
        if self.info != (extended := self._extended()):
            self.info = extended
            self._describe()
        run = brief(send_trial(self._client, self.run, self.info, result, shown, record=record, points=points))
        if result.failure:
            self._failed[number] = run
        else:
            self._finished[number] = run
            self._failed.pop(number, None)
            self._costs[number] = trial_cost(result.records)
        if earlier:
            self._client.delete_run(earlier.info.run_id)

    def close(self, stored: Stored, status: str) -> None:
        """Stores what came out, and ends the run."""
        from mlflow.entities import Metric

        run_id = self.run.info.run_id
        failed = Counter(failed=sum(not rows for _, rows in stored.values()))
        stored = {number: (trial, rows) for number, (trial, rows) in stored.items() if rows}
        with TemporaryDirectory() as folder:
            path = Path(folder) / MEMBERS
            write_members(stored, self.info.factors, path, self.info)
            attach(self._client, self.run, {MEMBERS: path})
        now, costs = int(time.time() * 1000), (self._costs[number] for number in self._finished)
        searched = [rows for trial, rows in stored.values() if trial.phase != CONFIRM]
        verdicts = Counter(f"members/{row['verdict']}" for rows in searched for row in rows)
        tried = {"confirm/trials": len(stored) - len(searched)} if len(stored) > len(searched) else {}
        metrics = {"trials": len(searched), **tried, **+failed, **verdicts, **study_cost(costs)}
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
        attach(self._client, self.run, {INFO: json.dumps(self.info.to_json(), indent=1).encode()})

    def _make_way(self) -> None:
        """Gives another name to what is no file and stands where one will be stored."""
        folder = local_folder(self.run)
        for path in () if folder is None else (folder / INFO, folder / MEMBERS):
            if os.path.lexists(path) and not path.is_file():
                self.damaged.append(Damaged(path, "it is no file"))
                set_aside(path)

    def _whole(self, read: Callable[[], ReadBack]) -> ReadBack | None:
        """What is read, None where it is damaged."""
        try:
            return read()
        except Damaged as damaged:
            self.damaged.append(damaged)
            return None

    def _record(self, number: int, folder: str = "") -> Path:
        held = self._finished if number in self._finished else self._failed
        return record_of(self._client, held[number], Path(folder))

    def _sort_out(self) -> tuple[dict[int, Run], dict[int, Run]]:
        """The runs of finished trials and those of failed ones, the newest of each trial; all others are deleted."""
        finished: dict[int, Run] = {}
        failed: dict[int, Run] = {}
        runs = trial_runs(self._client, self.run)
        for run in sorted(runs, key=is_finished, reverse=True):
            number = trial_number(run)
            if number in finished or number in failed or not (is_finished(run) or is_failed(run)):
                discard(self._client, run)
            else:
                (finished if is_finished(run) else failed)[number] = run
        return finished, failed


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
    from mlflow.entities import Param

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
