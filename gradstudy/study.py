"""The driver: wires search, training, execution, tracking and analysis into one study.

The driver alone writes. A trial is stored in this order: its record on disk, the search's journal, MLflow; so whatever
moment the driver is killed at, the same command finds what is done and finishes the rest.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from gradstudy.analysis.responses import member_row
from gradstudy.configs.composition import Composer, hydra_ready
from gradstudy.configs.launch import Launch
from gradstudy.configs.studies import find_studies
from gradstudy.errors import InputError
from gradstudy.records import DUMMY, Factor, Level, Member, MemberRecord, StudyInfo, Trial, TrialResult
from gradstudy.report.console import make_console
from gradstudy.report.plan_page import Plan
from gradstudy.report.progress import Progress
from gradstudy.results import Run, response_settings
from gradstudy.search.asking import Search
from gradstudy.search.lock import study_lock
from gradstudy.search.storage import open_storage
from gradstudy.tracking.address_check import shown
from gradstudy.tracking.reader import find_study
from gradstudy.tracking.store import check_store, store_address
from gradstudy.tracking.writer import StudyWriter
from gradstudy.training.cohort import CPU_KNEE, CUDA_KNEE, Cohort, plan
from gradstudy.training.engine import train
from gradstudy.training.estimate import estimate

FOLDER = Path(".gradstudy")
"""Where a study's journal, and records not yet in MLflow, are kept: in the working folder, as mlflow.db is."""

FORMAT = 1
"""Part of every fingerprint: a change of what a member's numbers mean makes another study."""

Parts = Mapping[int, Mapping[str, Any]]


@dataclass(frozen=True)
class Prepared:
    """A launch that passed the door: checked as a whole, with nothing written yet."""

    composer: Composer
    launch: Launch
    info: StudyInfo
    search: Search
    preview: tuple[Trial, ...]
    parts: Parts
    devices: tuple[str, ...]

    @property
    def folder(self) -> Path:
        return FOLDER / f"{self.info.name}-{self.info.fingerprint}"


def run_study(overrides: Sequence[str], *, command: str = "") -> Run:
    """Runs a study to the end, or goes on where an earlier launch stopped, and returns what it found.

    `overrides` are those of the command line, such as `["+study=rnn_clip", "budget.trials=32"]`. InputError for wrong
    input, before anything is written; TrackingAway when all is measured and stored on disk but not yet in MLflow.
    """
    with hydra_ready():
        prepared = prepare(overrides, command or _as_command(overrides))
        check_store(prepared.launch.machinery["tracking"])
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
        name, fingerprint = _named(composer.launch), _fingerprint(composer)
    try:
        return load_study(name, overrides, fingerprint=fingerprint)
    except InputError:
        run = load_study(name, overrides)
    make_console().print(
        f"Not stored with these settings; the newest study of that name, launched as: {run.info.command}\n"
    )
    return run


def prepare(overrides: Sequence[str], command: str) -> Prepared:
    """Checks a whole launch: every level, every trial of the design, the device. Used inside `hydra_ready`."""
    composer = Composer(overrides)
    launch = composer.launch
    _named(launch)
    if not composer.factors:
        raise InputError(
            f"Study '{launch.name}' varies nothing: its space is empty. "
            "Add an entry such as +space.activation='choice(tanh,relu)'."
        )
    factors = (*composer.factors, DUMMY)
    search = Search(factors, launch.machinery["search"], launch.seed)
    preview = tuple(_trials(composer, search.preview(launch.budget.trials, composer.active, composer.groups)))
    parts = {trial.number: composer.parts(trial.levels) for trial in preview}
    devices = launch.machinery["device"].names()
    return Prepared(composer, launch, _info(composer, factors, command), search, preview, parts, devices)


def plan_study(prepared: Prepared) -> Plan:
    """What would this launch do, how long would it take, and how much memory? Writes nothing."""
    launch, info = prepared.launch, prepared.info
    cohorts = _cohorts(prepared, prepared.preview, prepared.parts)
    cost = estimate(cohorts)
    workers = min(launch.machinery["execution"].count(prepared.devices), len(cohorts))
    return Plan(
        name=info.name,
        question=info.question,
        source=info.source,
        factors=info.factors,
        trials=prepared.preview,
        seeds=info.seeds,
        steps=info.steps,
        cohorts=tuple(len(cohort.members) for cohort in cohorts),
        seconds=cost.seconds / workers,
        memory=cost.memory,
        store=shown(store_address(launch.machinery["tracking"])),
    )


def _carry_out(prepared: Prepared, storage: Any) -> None:
    launch, search = prepared.launch, prepared.search
    execution = launch.machinery["execution"]
    with execution.start(prepared.devices) as runner:
        search.open(storage, prepared.folder.name)
        writer = StudyWriter(launch.machinery["tracking"], prepared.info, prepared.folder)
        composer = prepared.composer
        trials = list(_trials(composer, search.trials(launch.budget.trials, composer.active, composer.groups)))
        stored = writer.stored()
        _check_same(trials, stored)
        for number, (_, rows) in stored.items():
            search.tell(number, _values(rows))
        missing = [trial for trial in trials if trial.number not in stored]
        with writer, _progress(prepared, trials, stored) as progress:
            for result in _results(prepared, missing, runner):
                writer.write(result)
                search.tell(result.trial.number, _values(result.rows))
                progress.advance([row["verdict"] for row in result.rows])


def _check_same(trials: Sequence[Trial], stored: Mapping[int, tuple[Trial, Any]]) -> None:
    """A study that was extended and then lost its journal would be asked for other trials than the stored ones."""
    changed = [t.number for t in trials if t.number in stored and dict(stored[t.number][0].levels) != dict(t.levels)]
    if changed:
        overrides = " ".join(stored[changed[0]][0].overrides)
        raise InputError(
            f"Trial {changed[0]} is stored as '{overrides}', which this launch would ask differently: the journal in "
            f"{FOLDER} is not the one these trials were asked from. Bring it back, or give the study another name "
            "with name=..."
        )


def _results(prepared: Prepared, trials: Sequence[Trial], runner: Any) -> Iterator[TrialResult]:
    """Trains the trials and hands each out as soon as its cohort is done."""
    same = {trial.number: trial for trial in prepared.preview}
    known = {t.number: prepared.parts[t.number] for t in trials if same.get(t.number) == t}
    parts = {t.number: known.get(t.number) or prepared.composer.parts(t.levels) for t in trials}
    by_number = {trial.number: trial for trial in trials}
    settings = prepared.launch.machinery["analysis"]
    for _, records in runner(train, _cohorts(prepared, trials, parts)):
        of_trial: dict[int, list[MemberRecord]] = {}
        for record in records:
            of_trial.setdefault(record.trial, []).append(record)
        for number, own in of_trial.items():
            rows = tuple(member_row(record, settings) for record in own)
            yield TrialResult(by_number[number], tuple(own), rows)


def _cohorts(prepared: Prepared, trials: Sequence[Trial], parts: Parts) -> list[Cohort]:
    launch, devices = prepared.launch, prepared.devices
    knee = CUDA_KNEE if devices[0].startswith("cuda") else CPU_KNEE
    members = [Member(trial.number, seed) for trial in trials for seed in range(launch.budget.seeds)]
    groups = plan(members, parts, launch.machinery["execution"].cohort_size or knee)
    return [
        Cohort(
            group,
            {member.trial: parts[member.trial] for member in group},
            study_seed=launch.seed,
            steps=launch.budget.steps,
            device=devices[index % len(devices)],
            dtype=launch.machinery["device"].dtype,
        )
        for index, group in enumerate(groups)
    ]


def _trials(composer: Composer, asked: Sequence[tuple[int, Mapping[str, Level]]]) -> Iterator[Trial]:
    return (composer.trial(number, levels) for number, levels in asked)


def _values(rows: Sequence[Mapping[str, Any]]) -> list[float]:
    """What the search is told of a trial: its vanishing and exploding, mean over seeds."""
    return [float(pd.Series([row[response] for row in rows]).mean()) for response in ("vanishing", "exploding")]


def _progress(prepared: Prepared, trials: Sequence[Trial], stored: Mapping[int, Any]) -> Progress:
    verdicts = [row["verdict"] for trial in trials if trial.number in stored for row in stored[trial.number][1]]
    done = sum(trial.number in stored for trial in trials)
    seeds = prepared.launch.budget.seeds
    return Progress(
        prepared.info.name, total=len(trials), seeds=seeds, console=make_console(), done=done, verdicts=verdicts
    )


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


def _named(launch: Launch) -> str:
    if launch.name is None:
        raise InputError(f"No study was chosen. Write +study=NAME with one of: {', '.join(find_studies())}.")
    return launch.name


def _info(composer: Composer, factors: tuple[Factor, ...], command: str) -> StudyInfo:
    launch = composer.launch
    return StudyInfo(
        name=launch.name,
        fingerprint=_fingerprint(composer),
        question=launch.question,
        source=launch.source,
        factors=factors,
        seeds=launch.budget.seeds,
        steps=launch.budget.steps,
        seed=launch.seed,
        design=type(launch.machinery["search"]).__name__.lower(),
        command=command,
        settings={"responses": response_settings(launch.machinery["analysis"])},
    )


def _fingerprint(composer: Composer) -> str:
    """A hash of all that decides a member's numbers; the number of trials does not, so a study can be extended."""
    launch = composer.launch
    identity = {
        "format": FORMAT,
        "space": [asdict(factor) for factor in composer.factors],
        "fixed": composer.fixed(),
        "search": type(launch.machinery["search"]).__name__,
        "seed": launch.seed,
        "budget": asdict(replace(launch.budget, trials=1)),
        "dtype": launch.machinery["device"].dtype,
    }
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:8]


def _as_command(overrides: Sequence[str]) -> str:
    return " ".join(["python -m gradstudy", *overrides])
