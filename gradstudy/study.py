"""The driver: wires search, training, execution, tracking and analysis into one study.

The driver alone writes. A trial is stored in this order: its record on disk, the search's journal, MLflow; so whatever
moment the driver is killed at, the same command finds what is done and finishes the rest.
"""

import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from math import isnan
from pathlib import Path
from statistics import fmean
from typing import Any

from gradstudy.analysis.agreement import PREDICTED, agreement
from gradstudy.analysis.responses import CEILING, FLOOR, member_row
from gradstudy.configs.composition import Composer, hydra_ready
from gradstudy.errors import InputError, TrackingAway
from gradstudy.prediction import predicted
from gradstudy.preparation import Prepared, cohorts_of, fingerprint_of, prepare, study_name, trials_of
from gradstudy.records import MemberRecord, Trial, TrialResult
from gradstudy.report.console import make_console
from gradstudy.report.progress import Progress
from gradstudy.results import Run
from gradstudy.search.lock import study_lock
from gradstudy.search.storage import JOURNAL, open_storage
from gradstudy.tracking.members_file import members_table
from gradstudy.tracking.reader import find_study
from gradstudy.tracking.writer import StudyWriter
from gradstudy.training.engine import train
from gradstudy.wiring import NoTheory

Rows = Sequence[Mapping[str, Any]]

THEORY_FILE = "theory.png"


def run_study(overrides: Sequence[str], *, command: str = "") -> Run:
    """Runs a study to the end, or goes on where an earlier launch stopped, and returns what it found.

    `overrides` are those of the command line, such as `["+study=rnn_clip", "budget.trials=32"]`. InputError for wrong
    input, before anything is written; TrackingAway when all is measured and stored on disk but not yet in MLflow.
    """
    with hydra_ready():
        prepared = prepare(overrides, command or _as_command(overrides))
        _check_journal(prepared)
        database = prepared.launch.machinery["search"].storage
        storage = open_storage(database, prepared.folder) if database else None  # before a folder is made for nothing
        with _opened(prepared.folder):
            _carry_out(prepared, storage or open_storage("", prepared.folder))
    return load_study(prepared.info.name, overrides, fingerprint=prepared.info.fingerprint)


def load_study(name: str, overrides: Sequence[str] = (), *, fingerprint: str | None = None) -> Run:
    """A stored study, by default the newest of that name; on any machine that reaches its MLflow store.

    `overrides` such as `analysis.cap=6` or `tracking.uri=...` choose settings.
    """
    with hydra_ready():
        launch = Composer(overrides).launch
    stored = find_study(name, launch.machinery["tracking"], fingerprint)
    return Run(stored, launch.machinery["analysis"])


def report_study(overrides: Sequence[str]) -> Run:
    """The stored study that these overrides would run; else, with a word about it, the newest of its name."""
    with hydra_ready():
        composer = Composer(overrides)
        name = study_name(composer.launch)
        try:  # also without the data that were trained on, which a fingerprint looks at
            fingerprint = fingerprint_of(composer)
        except InputError:
            fingerprint = ""
    try:
        return load_study(name, overrides, fingerprint=fingerprint)
    except InputError:
        run = load_study(name, overrides)
    make_console().print(
        f"Not stored with these settings; the newest study of that name, launched as: {run.info.command}\n"
    )
    return run


def _carry_out(prepared: Prepared, storage: Any) -> None:
    launch, search = prepared.launch, prepared.search
    execution = launch.machinery["execution"]
    with execution.start(prepared.devices) as runner:
        search.open(storage, prepared.folder.name)
        writer = StudyWriter(launch.machinery["tracking"], prepared.info, prepared.folder)
        composer = prepared.composer
        trials = list(trials_of(composer, search.trials(launch.budget.trials, composer.active, composer.groups)))
        stored = writer.stored()
        done = {trial.number: stored[trial.number][1] for trial in trials if trial.number in stored}
        for number, rows in done.items():
            search.tell(number, _values(rows))
        missing = [trial for trial in trials if trial.number not in done]
        with writer, _progress(prepared, len(trials), done) as progress:
            for result in train_trials(prepared, missing, runner):
                writer.write(result)
                search.tell(result.trial.number, _values(result.rows))
                progress.advance([row["verdict"] for row in result.rows])
            _draw_theory(prepared, writer)


def _draw_theory(prepared: Prepared, writer: StudyWriter) -> None:
    """Prediction beside measurement as a picture; none where theory says nothing about any trial."""
    with suppress(InputError):
        writer.attach(THEORY_FILE, agreement(members_table(writer.stored(), prepared.info.factors)).png())


def _check_journal(prepared: Prepared) -> None:
    """A study whose journal was lost is asked anew; after it was extended in steps, that would give other trials."""
    if prepared.launch.machinery["search"].storage or (prepared.folder / JOURNAL).exists():
        return
    tracking, info = prepared.launch.machinery["tracking"], prepared.info
    try:
        stored = find_study(info.name, tracking, info.fingerprint).trials()
    except (InputError, TrackingAway):  # nothing is stored, or nobody can say
        return
    changed = [t for t in prepared.preview if t.number in stored and dict(stored[t.number].levels) != dict(t.levels)]
    if changed:
        before = " ".join(stored[changed[0].number].overrides)
        raise InputError(
            f"Trial {changed[0].number} is stored as '{before}', and would now be asked differently: the journal in "
            f"{prepared.folder} is lost, and the budget was another then. Give the budgets of that time one after the "
            "other, or give the study another name with name=..."
        )


def train_trials(prepared: Prepared, trials: Sequence[Trial], runner: Any) -> Iterator[TrialResult]:
    """Trains the trials and hands each out as soon as its cohort is done."""
    same = {trial.number: trial for trial in prepared.preview}
    known = {t.number: prepared.parts[t.number] for t in trials if same.get(t.number) == t}
    parts = {t.number: known.get(t.number) or prepared.composer.parts(t.levels) for t in trials}
    by_number = {trial.number: trial for trial in trials}
    settings = prepared.launch.machinery["analysis"]
    for _, records in runner(train, cohorts_of(prepared, trials, parts)):
        of_trial: dict[int, list[MemberRecord]] = {}
        for record in records:
            of_trial.setdefault(record.trial, []).append(record)
        for number, own in of_trial.items():
            theory = {PREDICTED: _predicted(parts[number], prepared.launch.seed)}
            rows = tuple(member_row(record, settings) | theory for record in own)
            yield TrialResult(by_number[number], tuple(own), rows)


def _predicted(parts: Mapping[str, Any], study_seed: int) -> float | None:
    """What theory says of `gain_init`, None where it says nothing. Its ends are those of what can be measured."""
    try:
        gain = predicted(parts, study_seed).gain_init
    except NoTheory:
        return None
    return None if isnan(gain) else float(min(max(gain, FLOOR), CEILING))


def _values(rows: Rows) -> list[float]:
    """What the search is told of a trial: its vanishing and exploding, mean over seeds."""
    return [fmean(row[response] for row in rows) for response in ("vanishing", "exploding")]


def _progress(prepared: Prepared, total: int, done: Mapping[int, Rows]) -> Progress:
    verdicts = [row["verdict"] for rows in done.values() for row in rows]
    shown = {"done": len(done), "verdicts": verdicts, "console": make_console()}
    return Progress(prepared.info.name, total=total, seeds=prepared.launch.budget.seeds, **shown)


@contextmanager
def _opened(folder: Path) -> Iterator[None]:
    """The study's own folder, held by this driver alone."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(13, "not writable")
    except OSError as error:
        raise InputError(
            f"The study keeps its journal in {folder.absolute()}, which cannot be written: {error.strerror}. "
            "Run it in a folder of your own."
        ) from error
    with study_lock(folder):
        yield


def _as_command(overrides: Sequence[str]) -> str:
    return shlex.join(["python", "-m", "gradstudy", *overrides])
