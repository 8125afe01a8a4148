"""A stored study, read back: from the machine that ran it or from any other that reaches its MLflow store."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pandas as pd

from gradstudy.errors import InputError, nearest
from gradstudy.records import RUNNING, StudyInfo, Trial, TrialResult
from gradstudy.tracking.damage import Damaged, ReadBack, told_of
from gradstudy.tracking.members_file import FILE as MEMBERS
from gradstudy.tracking.members_file import Stored, StudyTable, members_table
from gradstudy.tracking.record_file import read_gradients, read_result, read_rows
from gradstudy.tracking.runs import (
    FAILURE,
    REPORT,
    STUDY,
    address,
    artifact,
    is_failed,
    is_finished,
    local_folder,
    progress_of,
    study_runs,
    trial_number,
    trial_runs,
)
from gradstudy.tracking.selection import check_known, wishes
from gradstudy.tracking.store import Mlflow, answering, check_address, connect, is_missing, store_address
from gradstudy.tracking.stored_files import INFO, read_info, record_of, table_of
from gradstudy.words.number_words import counted

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

WAY_ON = "The study's own command, given again, makes anew what can be, and measures the other trials again."
Source = TypeVar("Source")


class StoredStudy:
    """One stored study: `info`, `members` and `gradients()`. Files are read when asked for, and nothing is executed.

    What is damaged or gone is had from elsewhere where it can be, and else left out; `damage` says so.
    """

    def __init__(self, client: MlflowClient, run: Run, settings: Mlflow):
        self._client, self._run, self._settings = client, run, settings
        self.uri = store_address(settings)
        self.experiment_id, self.run_id = run.info.experiment_id, run.info.run_id
        self._folder = Path(tempfile.mkdtemp(prefix="gradstudy-"))
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._damaged: list[Damaged] = []
        self._lost: dict[int, Damaged] = {}
        with answering(settings):
            self.info = self._info()

    @cached_property
    def members(self) -> pd.DataFrame:
        """One row per trial x seed: factors (missing where inactive), responses, verdict, first bad step and tensor.

        Of a study that is still running or was killed: the trials that were finished. Of one whose table cannot be
        read: those whose own files can.
        """
        if self._table and self.progress != RUNNING:  # of one that is being extended, it holds the earlier trials
            return self._table.members
        return members_table(self._stored, self.info.factors)

    def damage(self, *, thorough: bool = False) -> tuple[str, ...]:
        """What of the study's files cannot be read, what is left out for it, and what to do, in sentences.

        Of what was asked for until now; `thorough` looks at every trial's file on this machine, 0.1 ms each, after
        asking MLflow for its runs.
        """
        found, known = [], set(self.members["trial"])
        if thorough:
            local = [number for number, run in self._trials.items() if local_folder(run) is not None]
            self._records(local)
        if self._damaged:
            found.append(f"Damaged, so that what they say is taken from other files: {told_of(self._damaged)}.")
        if lost := [self._lost[number] for number in sorted(self._lost.keys() - known)]:
            found.append(f"Left out, as damaged or gone: {self._share(lost)}: {told_of(lost)}.")
        if lost := [self._lost[number] for number in sorted(self._lost.keys() & known)]:
            found.append(f"Without curves, as their records are damaged or gone: {self._share(lost)}: {told_of(lost)}.")
        return (*found, WAY_ON) if found else ()

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
        paths = self._records(numbers)
        try:
            return read_gradients(list(paths.values()), wanted)
        except Damaged:  # within a file, where it shows only now
            whole = [result.trial.number for result in self._read(read_result, paths).values()]
        return read_gradients([paths[number] for number in whole], wanted)

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
        """Every trial, or these, as it was written, one at a time: those whose files can be read."""
        wanted = self._trials.keys() if trials is None else self._trials.keys() & set(trials)
        for number, path in self._records(sorted(wanted)).items():
            yield from self._read(read_result, {number: path}).values()

    def trials(self) -> dict[int, Trial]:
        """Every stored trial by number, but for those of which nothing can be read."""
        return {number: trial for number, (trial, _) in sorted(self._stored.items())}

    def trial(self, number: int) -> Trial:
        """The point of the space that this trial was. InputError for one that is not stored."""
        if self._table and number in self._table.trials:
            return self._table.trials[number]
        return read_rows(self._record(number))[0]

    def result(self, number: int) -> TrialResult:
        """One trial as it was written, its records whole. InputError for one that is not stored."""
        return read_result(self._record(number))

    def _record(self, number: int) -> Path:
        if number not in self._trials:
            raise InputError(f"Study '{self.info.name}' has no finished trial {number}; it has {len(self._trials)}.")
        with answering(self._settings):
            return record_of(self._client, self._trials[number], self._folder)

    @property
    def failed(self) -> dict[int, str]:
        """Why these trials could not be trained, by number."""
        failed = {trial_number(run): str(run.data.tags[FAILURE]) for run in self._runs if is_failed(run)}
        return {number: failed[number] for number in sorted(failed.keys() - self._trials.keys())}

    @cached_property
    def _trials(self) -> dict[int, Run]:
        return {trial_number(run): run for run in reversed(self._runs) if is_finished(run)}

    @cached_property
    def _runs(self) -> list[Run]:
        with answering(self._settings):
            return trial_runs(self._client, self._run)

    @cached_property
    def _table(self) -> StudyTable | None:
        try:
            with answering(self._settings):
                return table_of(self._client, self._run)
        except Damaged as damaged:
            self._damaged.append(damaged)
            return None

    @cached_property
    def _stored(self) -> Stored:
        """All that is known of every trial; out of the table where that of a study that goes on knows it."""
        table = self._table.stored() if self._table else {}
        known = {number: one for number, one in table.items() if number in self._trials}
        own = self._read(read_rows, self._records([number for number in self._trials if number not in known]))
        if not (known or own) and self._lost:
            raise InputError(
                f"Of study '{self.info.name}' nothing can be read: {told_of(list(self._lost.values()))}. Put back its "
                f"files, or give its own command again, and it is measured again: {self.info.command}"
            )
        return {**known, **own}

    def _info(self) -> StudyInfo:
        """What the study is, by its own file, or else by its table."""
        try:
            info = read_info(self._client, self._run)
            problem = "" if info else f"the run {self.run_id} has no {INFO}"
        except Damaged as damaged:
            info, problem = None, damaged.told
            self._damaged.append(damaged)
        info = info or (self._table.info if self._table else None)
        if info is None:
            command = self._run.data.tags.get("command", "")
            raise InputError(
                f"What study '{self._run.data.tags.get(STUDY)}' is cannot be read: {problem}. Give its own command "
                f"again, which writes it anew{': ' if command else '.'}{command}"
            )
        return info

    def _share(self, lost: Sequence[Damaged]) -> str:
        return f"{len(lost)} of {counted(len(self._trials), 'trial')}"

    def _records(self, numbers: Sequence[int]) -> dict[int, Path]:
        """Where the records of these trials are to be read; of those that are neither gone nor cut off."""
        with answering(self._settings):
            return self._read(
                lambda run: record_of(self._client, run, self._folder), {n: self._trials[n] for n in numbers}
            )

    def _read(self, read: Callable[[Source], ReadBack], sources: Mapping[int, Source]) -> dict[int, ReadBack]:
        """What is read of these trials; of those that can be."""
        found: dict[int, ReadBack] = {}
        for number, source in sources.items():
            try:
                found[number] = read(source)
            except Damaged as damaged:
                self._lost[number] = damaged
        return found


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
        ended = (run for run in runs if artifact(client, run, MEMBERS, Path(folder)))
        begun = (run for run in runs if any(map(is_finished, trial_runs(client, run))))
        return next(ended, None) or next(begun, None)


def _unknown(name: str, client: MlflowClient, settings: Mlflow, fingerprint: str | None) -> str:
    experiments = client.search_experiments()
    known = sorted({run.data.tags[STUDY] for run in study_runs(client, [one.experiment_id for one in experiments])})
    if name in known:
        return f"Study '{name}' is stored in {store_address(settings)}, but not with the fingerprint {fingerprint}."
    there = f"Stored there: {', '.join(known)}." if known else "No study is stored there."
    return f"No study '{name}' is stored in {store_address(settings)}. {there}{nearest(name, known)}"
