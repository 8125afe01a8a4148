"""A stored study, read back: from the machine that ran it or from any other that reaches its MLflow store."""

import shutil
import tempfile
import weakref
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Run, ViewType

from gradstudy.errors import InputError, nearest
from gradstudy.records import RUNNING, StudyInfo, Trial, TrialResult
from gradstudy.tracking.members_file import FILE as MEMBERS
from gradstudy.tracking.members_file import members_table, read_members
from gradstudy.tracking.record_file import read_gradients, read_result, read_rows, trial_file
from gradstudy.tracking.runs import (
    REPORT,
    STUDY,
    address,
    artifact,
    is_finished,
    progress_of,
    study_runs,
    trial_number,
    trial_runs,
)
from gradstudy.tracking.selection import check_known, wishes
from gradstudy.tracking.store import Mlflow, answering, check_address, connect, is_missing, store_address
from gradstudy.tracking.study_run import INFO, read_info


class StoredStudy:
    """One stored study: `info`, `members` and `gradients()`. Files are read when asked for, and nothing is executed."""

    def __init__(self, client: MlflowClient, run: Run, settings: Mlflow):
        self._client, self._run, self._settings = client, run, settings
        self.uri = store_address(settings)
        self.experiment_id, self.run_id = run.info.experiment_id, run.info.run_id
        self._folder = Path(tempfile.mkdtemp(prefix="gradstudy-"))
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        with answering(settings):
            info = read_info(client, run)
        if info is None:
            raise InputError(f"The run {self.run_id} in {self.uri} has no {INFO}, which says what study it is of.")
        self.info: StudyInfo = info

    @cached_property
    def members(self) -> pd.DataFrame:
        """One row per trial x seed: factors (missing where inactive), responses, verdict, first bad step and tensor.

        Of a study that is still running or was killed: the trials that were finished.
        """
        with answering(self._settings):
            path = artifact(self._client, self._run, MEMBERS, self._folder)
        if path and self.progress != RUNNING:  # of one that is being extended, the table holds the earlier trials
            return read_members(path)
        stored = {number: read_rows(record) for number, record in self._records(list(self._trials)).items()}
        return members_table(stored, self.info.factors)

    def gradients(self, **filters: Any) -> pd.DataFrame:
        """The full record, tidy: trial, seed, step, quantity, place, value.

        Filters `trial`, `seed`, `step`, `quantity`, `place` take a value or a list; they are pushed down to the Parquet
        files, and only the files of the trials asked for are fetched. InputError, naming what is stored, for a trial
        that is not there, and for a quantity, place or seed that the trials asked for do not hold.
        """
        wanted, numbers = wishes(filters), sorted(self._trials)
        if "trial" in wanted:
            check_known("trial", wanted["trial"], numbers)
            numbers = wanted.pop("trial")
        return read_gradients(list(self._records(numbers).values()), wanted)

    @property
    def progress(self) -> str:
        """How far it was when it was found: FINISHED, STOPPED, or RUNNING, also where its driver was killed."""
        return progress_of(self._run)

    @property
    def report(self) -> str:
        """Where the page is that tells of all its trials; empty where there is none yet, or none any more."""
        with answering(self._settings):
            run = self._client.get_run(self.run_id)
        return address(run, run.data.tags[REPORT], self.uri) if REPORT in run.data.tags else ""

    def results(self, trials: Collection[int] | None = None) -> Iterator[TrialResult]:
        """Every trial, or these, as it was written, one at a time: those whose files are still there."""
        wanted = self._trials.keys() if trials is None else self._trials.keys() & set(trials)
        return (read_result(path) for path in self._records(sorted(wanted)).values())

    def trials(self) -> dict[int, Trial]:
        """Every stored trial by number."""
        return {number: read_rows(path)[0] for number, path in self._records(sorted(self._trials)).items()}

    def trial(self, number: int) -> Trial:
        """The point of the space that this trial was. InputError for one that is not stored."""
        return read_rows(self._record(number))[0]

    def result(self, number: int) -> TrialResult:
        """One trial as it was written, its records whole. InputError for one that is not stored."""
        return read_result(self._record(number))

    def _record(self, number: int) -> Path:
        if number not in self._trials:
            raise InputError(f"Study '{self.info.name}' has no finished trial {number}; it has {len(self._trials)}.")
        return self._records([number])[number]

    @cached_property
    def _trials(self) -> dict[int, Run]:
        with answering(self._settings):
            runs = trial_runs(self._client, self._run)
        return {trial_number(run): run for run in reversed(runs) if is_finished(run)}

    def _records(self, numbers: Sequence[int]) -> dict[int, Path]:
        with answering(self._settings):
            paths = {n: artifact(self._client, self._trials[n], trial_file(n), self._folder) for n in numbers}
        return {number: path for number, path in paths.items() if path}


def find_study(name: str, settings: Mlflow, fingerprint: str | None = None) -> StoredStudy:
    """The newest stored study of that name: one that was brought to an end, else one that has finished trials.

    InputError when there is none, naming those that are stored; TrackingAway when MLflow does not answer.
    """
    check_address(store_address(settings))
    if is_missing(settings):
        raise InputError(f"No study '{name}' is stored: {store_address(settings)} does not exist. Run the study first.")
    with answering(settings):
        client = connect(settings)
        experiment = client.get_experiment_by_name(name)
        runs = study_runs(client, [experiment.experiment_id], fingerprint) if experiment else []
        if not runs:
            raise InputError(_unknown(name, client, settings, fingerprint))
        run = _newest(client, runs)
    if run is None:
        raise InputError(f"Study '{name}' has no finished trial yet in {store_address(settings)}.")
    return StoredStudy(client, run, settings)


def _newest(client: MlflowClient, runs: Sequence[Run]) -> Run | None:
    with tempfile.TemporaryDirectory() as folder:
        known = [run for run in runs if artifact(client, run, INFO, Path(folder))]
        ended = (run for run in known if artifact(client, run, MEMBERS, Path(folder)))
        begun = (run for run in known if any(map(is_finished, trial_runs(client, run))))
        return next(ended, None) or next(begun, None)


def _unknown(name: str, client: MlflowClient, settings: Mlflow, fingerprint: str | None) -> str:
    experiments = client.search_experiments(view_type=ViewType.ACTIVE_ONLY)
    known = sorted({run.data.tags[STUDY] for run in study_runs(client, [one.experiment_id for one in experiments])})
    if name in known:
        return f"Study '{name}' is stored in {store_address(settings)}, but not with the fingerprint {fingerprint}."
    there = f"Stored there: {', '.join(known)}." if known else "No study is stored there."
    return f"No study '{name}' is stored in {store_address(settings)}. {there}{nearest(name, known)}"
