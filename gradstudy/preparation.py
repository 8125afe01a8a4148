"""A launch, checked as a whole before anything is written: its trials, their parts, and what they will cost."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from gradstudy.configs.composition import Composer
from gradstudy.configs.launch import Launch
from gradstudy.configs.studies import find_studies
from gradstudy.errors import InputError
from gradstudy.quantities import ON_REQUEST
from gradstudy.records import DUMMY, Factor, Level, Member, StudyInfo, Trial
from gradstudy.report.plan_page import Plan
from gradstudy.results import response_settings
from gradstudy.search.asking import Search
from gradstudy.tracking.address_check import shown
from gradstudy.tracking.store import check_store, store_address
from gradstudy.training.cohort import CPU_KNEE, CUDA_KNEE, Cohort, plan
from gradstudy.training.estimate import estimate

FOLDER = Path(".gradstudy")
"""Where a study's journal, and records not yet in MLflow, are kept: in the working folder, as mlflow.db is."""

FORMAT = 2
"""Part of every fingerprint: a change of what a member's record holds or means makes another study."""

START_SECONDS, STORE_SECONDS = 10.0, 0.05
"""What a launch costs beside training: imports, a new store, two rankings; and Optuna, MLflow, Parquet per trial."""

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


def prepare(overrides: Sequence[str], command: str) -> Prepared:
    """Checks a whole launch: every level, every trial of the design, the device. Used inside `hydra_ready`."""
    composer = Composer(overrides)
    launch = composer.launch
    study_name(launch)
    if not composer.factors:
        raise InputError(
            f"Study '{launch.name}' varies nothing: its space is empty. "
            "Add an entry such as +space.activation='choice(tanh,relu)'."
        )
    factors = (*composer.factors, DUMMY)
    search = Search(factors, launch.machinery["search"], launch.seed)
    preview = tuple(trials_of(composer, search.preview(launch.budget.trials, composer.active, composer.groups)))
    parts = {trial.number: composer.parts(trial.levels) for trial in preview}
    devices = launch.machinery["device"].names()
    check_store(launch.machinery["tracking"])
    return Prepared(composer, launch, _info(composer, factors, command), search, preview, parts, devices)


def plan_study(prepared: Prepared) -> Plan:
    """What would this launch do, how long would it take, and how much memory? Writes nothing."""
    launch, info = prepared.launch, prepared.info
    cohorts = cohorts_of(prepared, prepared.preview, prepared.parts)
    cost = estimate(cohorts)
    workers = min(launch.machinery["execution"].count(prepared.devices), len(cohorts))
    return Plan(
        name=info.name,
        question=info.question,
        source=info.source,
        factors=info.factors,
        asleep=prepared.composer.asleep,
        trials=prepared.preview,
        seeds=info.seeds,
        steps=info.steps,
        cohorts=tuple(len(cohort.members) for cohort in cohorts),
        seconds=START_SECONDS + STORE_SECONDS * len(prepared.preview) + cost.seconds / workers,
        memory=cost.memory,
        store=shown(store_address(launch.machinery["tracking"])),
    )


def cohorts_of(prepared: Prepared, trials: Sequence[Trial], parts: Parts) -> list[Cohort]:
    """How do these trials train together, and where? The largest cohorts first, spread over the devices."""
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
            record=launch.record,
        )
        for index, group in enumerate(groups)
    ]


def trials_of(composer: Composer, asked: Sequence[tuple[int, Mapping[str, Level]]]) -> Iterator[Trial]:
    """The trials that a search asked for, as overrides."""
    return (composer.trial(number, levels) for number, levels in asked)


def study_name(launch: Launch) -> str:
    """What is the study stored under? InputError when none was chosen, or when no folder could have that name."""
    if launch.name is None:
        raise InputError(f"No study was chosen. Write +study=NAME with one of: {', '.join(find_studies())}.")
    if not launch.name.strip(". ") or set(launch.name) & set("/\\\n\0"):
        raise InputError(f"name must be usable as the name of a folder, without / and \\, got {launch.name!r}.")
    return launch.name


def _info(composer: Composer, factors: tuple[Factor, ...], command: str) -> StudyInfo:
    launch = composer.launch
    return StudyInfo(
        name=launch.name,
        fingerprint=fingerprint_of(composer),
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


def fingerprint_of(composer: Composer) -> str:
    """A hash of all that decides a member's numbers; the number of trials does not, so a study can be extended."""
    launch = composer.launch
    identity = {
        "format": FORMAT,
        "data": composer.contents(),
        "space": [asdict(factor) for factor in composer.factors],
        "fixed": composer.fixed(),
        "search": type(launch.machinery["search"]).__name__,
        "seed": launch.seed,
        "budget": asdict(replace(launch.budget, trials=1)),
        "dtype": launch.machinery["device"].dtype,
        "record": [name for name in launch.record if name in ON_REQUEST],
    }
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:8]
