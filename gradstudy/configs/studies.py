"""The studies that there are: shipped, in `studies/` of the working folder, or under --config-dir."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.object_type import ObjectType
from hydra.core.plugins import Plugins
from hydra.plugins.config_source import ConfigResult, ConfigSource
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import OmegaConf

from gradstudy.configs.sources import parse_once, shipped
from gradstudy.configs.yaml_file import read_yaml
from gradstudy.errors import InputError

REQUIRED = {
    "defaults": (list, "be a list, such as [override /model: rnn]"),
    "space": (dict, "map factors to levels or a range, such as activation: choice(tanh, relu)"),
    "budget": (dict, "map trials, seeds and steps to numbers"),
}
"""What a study file must hold under these keys: Hydra would only say that it cannot merge a list."""


@dataclass(frozen=True)
class Study:
    """A study file as found. `error` says why it cannot be read; `origin` is `shipped` or its folder."""

    name: str
    origin: str
    content: dict[str, Any] = field(default_factory=dict)
    error: str | None = None

    @property
    def question(self) -> str:
        return str(self.content.get("question") or "")

    @property
    def source(self) -> str:
        return str(self.content.get("source") or "")


def find_studies(config_folders: Iterable[str] = ()) -> dict[str, Study]:
    """All studies by name. A person's own study replaces a shipped one of the same name."""
    places = [(shipped("studies"), "shipped"), (Path("studies"), "studies/")]
    places += [(Path(folder) / "study", f"{folder}/study/") for folder in config_folders]
    return {path.stem: _read(path, origin) for folder, origin in places for path in sorted(folder.glob("*.yaml"))}


def register_studies(studies: Iterable[Study]) -> None:
    """Makes `+study=NAME` known to Hydra, whatever folder the file came from."""
    studies = list(studies)
    StudySource.errors = {study.name: study.error for study in studies if study.error}
    StudySource.nodes = {f"{study.name}.yaml": {**study.content, "name": study.name} for study in studies}
    parse_once()
    Plugins.instance().register(StudySource)
    Plugins.instance().register(StudiesFirst)


class StudySource(ConfigSource):
    """The config group `study`: every study that was found, each with the package that makes it a diff of the whole."""

    nodes: ClassVar[dict[str, dict[str, Any]]] = {}
    errors: ClassVar[dict[str, str]] = {}

    @staticmethod
    def scheme() -> str:
        return "studies"

    def available(self) -> bool:
        return True

    def is_group(self, config_path: str) -> bool:
        return config_path.strip("/") in ("", "study")

    def is_config(self, config_path: str) -> bool:
        group, _, name = self._normalize_file_name(config_path).rpartition("/")
        return group == "study" and name in self.nodes

    def load_config(self, config_path: str) -> ConfigResult:
        node = OmegaConf.create(self.nodes[self._normalize_file_name(config_path).rpartition("/")[2]])
        return ConfigResult(provider=self.provider, path=self.full_path(), config=node, header={"package": "_global_"})

    def list(self, config_path: str, results_filter: ObjectType | None) -> list[str]:
        names = {"": ["study"], "study": list(self.nodes)}.get(config_path.strip("/"), [])
        found: list[str] = []
        for name in names:
            self._list_add_result(found, f"{config_path}/{name}", name, results_filter)
        return sorted(found)


class StudiesFirst(SearchPathPlugin):
    """Puts the studies before the files under --config-dir, which lack the package."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        search_path.prepend(provider="gradstudy", path="studies://")


def check_readable(name: str) -> None:
    """InputError when the file of this study could not be read."""
    if name in StudySource.errors:
        raise InputError(StudySource.errors[name])


def _read(path: Path, origin: str) -> Study:
    try:
        content = read_yaml(path)
        _check(path, content)
    except InputError as error:
        return Study(path.stem, origin, error=str(error))
    return Study(path.stem, origin, content)


def _check(path: Path, content: Any) -> None:
    if not isinstance(content, dict):
        holds = f"keys such as question, space and budget, but holds {type(content).__name__}"
        raise InputError(f"{path} must hold {holds}.")
    for key, (kind, must) in REQUIRED.items():
        if not isinstance(content.get(key, kind()), kind):
            raise InputError(f"{path}: {key} must {must}, got {content[key]!r}.")
    for entry in content.get("defaults", []):
        _check_default(path, entry)
    report = content.get("report")
    if report is not None and not _stays_here(report):
        raise InputError(
            f"{path}: report must be a file of the working folder, got {report!r}; give it with the command."
        )


def _check_default(path: Path, entry: Any) -> None:
    """Hydra's defaults choose options of the groups that there are, and change nothing of Hydra's own."""
    key, option = next(iter(entry.items())) if isinstance(entry, dict) and len(entry) == 1 else (entry, None)
    if not isinstance(key, str) or not isinstance(option, str | None):
        raise InputError(f"{path}: defaults must choose options, such as [override /model: rnn], got {entry!r}.")
    group = key.removeprefix("optional ").removeprefix("override ").strip()
    if "@" in group or group.strip("/").partition("/")[0] == "hydra" or group == f"/study/{path.stem}":
        raise InputError(f"{path}: defaults may choose neither what is Hydra's nor the study itself, got {entry!r}.")


def _stays_here(report: object) -> bool:
    place = Path(report) if isinstance(report, str) else Path("/")
    return not place.is_absolute() and ".." not in place.parts
