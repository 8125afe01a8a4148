"""A launch, checked as a whole before anything is written: its trials and their parts."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from gradstudy.batch import Batch
from gradstudy.configs.command_line import check_length
from gradstudy.configs.composition import Composer
from gradstudy.configs.launch import Budget, Launch, Plain
from gradstudy.configs.studies import find_studies
from gradstudy.errors import InputError
from gradstudy.execution.main_module import check_not_imported
from gradstudy.masking import masked
from gradstudy.quantities import ON_REQUEST
from gradstudy.records import CONFIRM, DUMMY, HUNT, SCREEN, StudyInfo, Trial
from gradstudy.report.page_path import check_page_path
from gradstudy.search.base import AskTell
from gradstudy.search.search_space import SearchSpace
from gradstudy.tracking.reader import StoredStudy, find_study
from gradstudy.tracking.store import check_store
from gradstudy.versions import versions_here
from gradstudy.words.command_words import without_secrets
from gradstudy.words.data_words import either

FOLDER = Path(".gradstudy")
"""Where a study's journal, and records not yet in MLflow, are kept: in the working folder, as mlflow.db is."""

MOST_MEMBERS = 100_000
"""Networks of a study: what is read back of each is a row of one table, and what a driver holds of each some kB."""

MOST_BYTES = 200
"""Bytes of a study's name: a folder's has 255, with the fingerprint."""

FORMAT = 7
"""Part of every fingerprint: another study begins where a record holds or means something else than before, and where
a screen's design gives other trials for the same seed, so that no study is a mixture of two designs. Since 4
every trial draws its own networks, and the columns of a screen are permutations inside strata; since 5 a CPU trains in
machine code, whose sums round otherwise, since 6 looks inside do, and since 7 those inside perceptrons."""

OLDER_BATCH = 32
"""`search.batch` of hunts by default, before it was made smaller so that small hunts adapt too."""

CHECKED = 128
"""So many trials of a hunt's space, at least, are tried for whether they can be built, some 2 ms each."""


@dataclass(frozen=True)
class Prepared:
    """A launch that passed the door: checked as a whole, with nothing written yet.

    `batches` are the trials that a new study would train, or of a hunt others like them.
    """

    composer: Composer
    info: StudyInfo
    search: AskTell
    batches: tuple[Batch, ...]
    devices: tuple[str, ...]

    @property
    def launch(self) -> Launch:
        return self.composer.launch

    @property
    def preview(self) -> tuple[Trial, ...]:
        return tuple(chain.from_iterable(batch.trials for batch in self.batches))

    @property
    def folder(self) -> Path:
        return FOLDER / f"{self.info.name}-{self.info.fingerprint}"

    def stored(self) -> StoredStudy:
        """What is stored of it; see `find_study`."""
        return find_study(self.info.name, self.launch.tracking, self.info.fingerprint)


def prepare(overrides: Sequence[str], command: str) -> Prepared:
    """Checks a whole launch: every level, every trial of the design, the device. Used inside `hydra_ready`."""
    check_not_imported()
    check_length(command)
    composer = Composer(overrides)
    launch, way = composer.launch, composer.launch.search
    name = study_name(launch)
    if launch.trial:
        raise InputError(
            f"trial={launch.trial} says whose draws a single configuration has: give it with mode=trial. "
            "The trials of a study number themselves."
        )
    if not composer.factors:
        raise InputError(
            f"Study '{name}' varies nothing: its space is empty. "
            "Add an entry such as +space.activation='choice(tanh,relu)'."
        )
    _check_members(launch.budget)
    factors = (*composer.factors, DUMMY) if SCREEN in way.phases else composer.factors
    space = SearchSpace(factors, composer.active, composer.groups)
    search = way.over(space, seed=launch.seed, seeds=launch.budget.seeds, trials=launch.budget.trials)
    asked = search.preview(launch.budget.trials)
    trials = sum(map(len, asked))
    beyond = search.preview(CHECKED) if HUNT in way.phases and trials < CHECKED else []
    # what a hunt may yet ask and cannot be built is refused now
    parts = [composer.parts(one.levels) for one in chain.from_iterable([*asked, *beyond])]
    data = either(of_trial["task"].about for of_trial in parts[:trials])
    devices = launch.execution.devices(launch.device)
    check_store(launch.tracking)
    if launch.report:
        check_page_path(launch.report)
    cures = {} if no_cures(launch) else asdict(launch.confirm)
    info = StudyInfo(
        name=name,
        fingerprint=fingerprint_of(composer),
        question=masked(launch.question),
        source=masked(launch.source),
        factors=factors,
        seeds=launch.budget.seeds,
        steps=launch.budget.steps,
        seed=launch.seed,
        design=way.name,
        command=without_secrets(command),
        settings={"responses": launch.analysis.of_responses},
        phases=(*way.phases, *([CONFIRM] if cures else [])),
        confirm=cures,
        hunted=way.hunted,
        versions=versions_here(),
        trials=trials,
        data=data,
    )
    batches = tuple(Batch(composer, devices, tuple(composer.trial(*one) for one in batch)) for batch in asked)
    return Prepared(composer, info, search, batches, devices)


def _check_members(budget: Budget) -> None:
    if budget.trials * budget.seeds > MOST_MEMBERS:
        raise InputError(
            f"A study trains at most {MOST_MEMBERS:,} networks, got budget.trials={budget.trials} times "
            f"budget.seeds={budget.seeds}, which is {budget.trials * budget.seeds:,}. Lower one of the two."
        )


def study_name(launch: Launch) -> str:
    """The name that the study is stored under. InputError where none was chosen, or where no folder could have it."""
    if launch.name is None:
        raise InputError(f"No study was chosen. Write +study=NAME with one of: {', '.join(find_studies())}.")
    name = launch.name
    if not name.strip(". ") or set(name) & set("/\\\n\0") or len(name.encode(errors="replace")) > MOST_BYTES:
        wanted = f"usable as the name of a folder, without / and \\ and of at most {MOST_BYTES} bytes"
        raise InputError(f"name must be {wanted}, got {name[:MOST_BYTES]!r}.")
    return launch.name


def no_cures(launch: Launch) -> str:
    """Why this launch tries no cures; empty where it does."""
    if not launch.confirm.cures:
        return "none are tried (confirm.cures=0)"
    if SCREEN not in launch.search.phases:
        return "none are tried: what would cure a failing trial is learned from trials that were drawn at random"
    return "" if launch.budget.steps else "none are tried: a cure must learn, and nothing is trained (budget.steps=0)"


def begun_before(prepared: Prepared) -> str:
    """What is said where this hunt was begun here by a version that had another `search.batch`; empty elsewhere."""
    launch, info = prepared.launch, prepared.info
    now = launch.search.identity(launch.budget.trials)
    if isinstance(now, str) or now["batch"] == OLDER_BATCH or prepared.folder.exists():
        return ""
    before = fingerprint_of(prepared.composer, {**now, "batch": OLDER_BATCH})
    if not (FOLDER / f"{info.name}-{before}").exists():
        return ""
    return (
        f"This hunt was begun in batches of {OLDER_BATCH}, and this launch begins another one, of {now['batch']}: "
        f"go on with the first by search.batch={OLDER_BATCH}."
    )


def fingerprint_of(composer: Composer, search: str | Mapping[str, Any] = "") -> str:
    """A hash of all that decides a member's numbers; the number of trials does not, so a study can be extended.

    `search` is the identity of another way of searching than the launch's.
    """
    launch, responses = composer.launch, composer.launch.analysis.of_responses
    search = search or launch.search.identity(launch.budget.trials)
    identity = {
        "format": FORMAT,
        "data": composer.contents(),
        "space": [asdict(factor) for factor in composer.factors],
        "fixed": _as_stored(composer.fixed()),
        # a hunt's trials depend on what a response is, as far as its values do
        "search": [search, responses["cap"], responses["first_steps"]] if launch.search.hunted else search,
        "seed": launch.seed,
        "budget": asdict(replace(launch.budget, trials=1)),
        "dtype": launch.device.dtype,
        **({"tf32": True} if launch.device.tf32 else {}),
        "record": [name for name in launch.record if name in ON_REQUEST],
    }
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:8]


def _as_stored(fixed: Plain) -> Plain:
    """The fixed groups, two coefficients under the one name that they had, so that older studies go on."""
    optimizer = dict(fixed["optimizer"])
    if {"beta1", "beta2"} <= optimizer.keys():
        optimizer["betas"] = [optimizer.pop("beta1"), optimizer.pop("beta2")]
    return fixed | {"optimizer": optimizer}
