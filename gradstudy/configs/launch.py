"""The door: one launch, checked once. Unknown keys, wrong types and wrong ranges end here."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from omegaconf import DictConfig, ListConfig, OmegaConf

from gradstudy.configs.elsewhere import right_way
from gradstudy.configs.instantiate import check_keys, made, make_part
from gradstudy.configs.overrides import spelled
from gradstudy.errors import InputError, nearest
from gradstudy.parts import STUDIED, Part, number

if TYPE_CHECKING:  # for annotations alone: what is read at the door needs neither torch nor Optuna nor MLflow
    from gradstudy.analysis.settings import Analysis
    from gradstudy.execution.executor import Executor
    from gradstudy.search.base import Search
    from gradstudy.tracking.store import Mlflow
    from gradstudy.training.device import Device

MODES = {
    "run": ("", "run it; again: go on where it stopped"),
    "plan": (" mode=plan", "show what would be trained; write nothing"),
    "report": (" mode=report", "rank what is stored; train nothing"),
    "trial": (" mode=trial activation=relu", "one configuration: how its gradients flow, and what is wrong"),
}
"""What a launch may be asked to do: how that is written behind the name of a study, and what comes of it."""

LONGEST_TEXT = 2000
"""Letters of a question or a source: MLflow takes tags of 5,000 bytes."""

FAILED = "failed"
"""Which trials of a study are tried again, where that is asked for."""

Plain = dict[str, Any]


@dataclass(frozen=True)
class Budget(Part):
    """How many trials, seeds per trial and training steps; `steps=0` measures at initialisation only."""

    trials: int = number(64, at_least=1, at_most=10_000)
    seeds: int = number(4, at_least=1, at_most=1_000)
    steps: int = number(200, at_least=0, at_most=1_000_000)


@dataclass(frozen=True)
class Confirm(Part):
    """How many cures are tried for a failing configuration, 0 for none, and on how many fresh seeds each."""

    cures: int = number(3, at_least=0, at_most=100)
    seeds: int = number(8, at_least=2, at_most=1_000)


CONFIRMING = Confirm()
"""What is done where a launch does not say."""


@dataclass(frozen=True)
class Machinery:
    """What a study is carried out with: a part for each config group that is not studied."""

    search: "Search"
    execution: "Executor"
    device: "Device"
    tracking: "Mlflow"
    analysis: "Analysis"


MACHINERY = tuple(field.name for field in fields(Machinery))


@dataclass(frozen=True)
class Launch(Machinery):
    """What was asked for: everything but the studied parts, which differ from trial to trial.

    `trial` says whose draws a single configuration has; `retry` whether trials that failed are tried again. `space`
    maps a factor's name to its sweep text; `record` names what is measured on request; `report` is where the report is
    written beside the store; `allow` names the packages, beside gradstudy, whose classes may be parts.
    """

    mode: str
    name: str | None
    question: str
    source: str
    seed: int
    trial: int
    space: Mapping[str, Any]
    budget: Budget
    confirm: Confirm
    record: tuple[str, ...]
    report: Path | None
    allow: tuple[str, ...]
    retry: bool


def open_door(config: DictConfig) -> Launch:
    """Checks a composed configuration; InputError names the wrong key or value and the nearest right one."""
    known = (*STUDIED, *(field.name for field in fields(Launch)))
    for key in map(str, config):
        if key not in known:
            way = right_way(key, spelled(config[key])) or f" Known keys: {', '.join(known)}.{nearest(key, known)}"
            raise InputError(f"There is no key '{key}' in a configuration.{way}")
    allow = _allow(config.allow)
    search, execution, device, tracking, analysis = (
        make_part(group, OmegaConf.to_container(config[group], resolve=True), allow) for group in MACHINERY
    )
    return Launch(
        search=search,
        execution=execution,
        device=device,
        tracking=tracking,
        analysis=analysis,
        mode=mode_of(config.mode),
        name=None if config.name is None else str(config.name),
        question=_text("question", config.question),
        source=_text("source", config.source),
        seed=_index("seed", config.seed),
        trial=_index("trial", config.trial),
        space=_space(config.space),
        budget=_numbers(Budget, "budget", config.budget),
        confirm=_numbers(Confirm, "confirm", config.confirm),
        record=_record(config.record),
        report=_report(config.report),
        allow=allow,
        retry=_retry(config.retry),
    )


def studied(config: DictConfig) -> dict[str, Plain]:
    """The studied groups of a composed configuration as plain data, unresolved."""
    return {group: plain(config[group]) for group in STUDIED}


def plain(config: DictConfig, *, resolve: bool = False) -> Plain:
    """A configuration as dictionaries, its interpolations filled in where that is asked for."""
    content: Any = OmegaConf.to_container(config, resolve=resolve)
    return {str(key): value for key, value in content.items()}


def mode_of(mode: Any) -> str:
    """What a launch is asked to do; InputError where that is none of MODES."""
    if mode not in MODES:
        way = right_way(f"mode={mode}") or nearest(str(mode), MODES)
        raise InputError(f"mode must be one of {', '.join(MODES)}, got {mode!r}.{way}")
    return str(mode)


def _text(key: str, value: Any) -> str:
    text = "" if value is None else str(value)
    if len(text) > LONGEST_TEXT:
        raise InputError(f"{key} may have {LONGEST_TEXT:,} letters, since MLflow takes no more, got {len(text):,}.")
    return text


def _index(key: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**53:
        several = " How many seeds each trial is trained with says budget.seeds=5." if key == "seed" else ""
        raise InputError(f"{key} must be a whole number of at least 0, and below 2^53, got {value!r}.{several}")
    return value


def _space(space: Any) -> Plain:
    if not isinstance(space, DictConfig):
        wanted = "factors to levels or ranges, such as activation: choice(tanh, relu)"
        raise InputError(f"space must map {wanted}, got {space!r}.")
    return {name: text for name, text in plain(space).items() if text is not None}


def _record(record: Any) -> tuple[str, ...]:
    """A word or a list of words, in a fixed order: which quantities exist depends on the network."""
    return tuple(sorted(set(_words("record", "the name of a quantity", record))))


def _allow(allow: Any) -> tuple[str, ...]:
    packages = _words("allow", "the name of a package", allow)
    for package in packages:
        if not all(name.isidentifier() for name in package.split(".")):
            raise InputError(f"allow must name packages as an import does, such as allow=[mine], got {package!r}.")
    return tuple(packages)


def _words(key: str, what: str, value: Any) -> list[str]:
    given = OmegaConf.to_container(value) if isinstance(value, ListConfig) else value
    words = [given] if isinstance(given, str) else given or []
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise InputError(f"{key} must be {what} or a list of them, got {given!r}.")
    return words


def _report(report: Any) -> Path | None:
    if report is None:
        return None
    if not isinstance(report, str) or not report.strip():
        raise InputError(f"report must be the path of a file to be written, such as report.html, got {report!r}.")
    return Path(report)


def _retry(retry: Any) -> bool:
    if retry not in (None, FAILED):
        raise InputError(f"retry must be {FAILED}, to try again what could not be trained, or null, got {retry!r}.")
    return retry is not None


Numbers = TypeVar("Numbers", Budget, Confirm)


def _numbers(kind: type[Numbers], key: str, given: Any) -> Numbers:
    if not isinstance(given, DictConfig):
        *others, last = (field.name for field in fields(kind))
        raise InputError(f"{key} must hold {', '.join(others)} and {last}, got {given!r}.")
    check_keys(kind, key, values := plain(given, resolve=True))
    return made(kind, key, values)
