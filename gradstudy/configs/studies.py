"""The studies that there are: shipped, in `studies/` of the working folder, or under --config-dir."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.global_hydra import GlobalHydra
from hydra.core.object_type import ObjectType
from hydra.core.plugins import Plugins
from hydra.plugins.config_source import ConfigResult, ConfigSource
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import OmegaConf

from gradstudy.configs.aliases import option_meant
from gradstudy.configs.sources import parse_once, shipped, state_of
from gradstudy.configs.study_file import check_shape
from gradstudy.configs.yaml_file import read_yaml
from gradstudy.errors import InputError


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

    @classmethod
    def names(cls) -> list[str]:
        """Of all studies."""
        return [name.removesuffix(".yaml") for name in cls.nodes]

    def available(self) -> bool:
        return True

    def is_group(self, config_path: str) -> bool:
        return config_path.strip("/") in ("", "study")

    def is_config(self, config_path: str) -> bool:
        group, _, name = self._normalize_file_name(config_path).rpartition("/")
        return group == "study" and name in self.nodes

    def load_config(self, config_path: str) -> ConfigResult:
        content = self.nodes[self._normalize_file_name(config_path).rpartition("/")[2]]
        node = OmegaConf.create(content | {"defaults": [_by_its_name(entry) for entry in content.get("defaults", [])]})
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
    if (known := name.removesuffix(".yaml")) in StudySource.errors:
        raise InputError(StudySource.errors[known])


def _read(path: Path, origin: str) -> Study:
    try:
        return _as_found(path, state_of(path), origin)
    except OSError:  # a link to nothing, whose error is told by reading it
        return _as_found(path, None, origin)


@lru_cache(maxsize=128)
def _as_found(path: Path, state: Hashable, origin: str) -> Study:
    """Read again only in another state of the file: every launch of a process lists all studies."""
    try:
        content = read_yaml(path)
        check_shape(path, content)
    except InputError as error:
        return Study(path.stem, origin, error=str(error))
    return Study(path.stem, origin, content)


def _by_its_name(entry: Any) -> Any:
    """An entry of a study's defaults, in which an option that is called otherwise (LSTM) is called as it is here."""
    if not isinstance(entry, dict):
        return entry
    loader: Any = GlobalHydra.instance().config_loader()  # its interface does not name the repository
    groups = {key: key.removeprefix("override ").strip("/ ") for key in entry}
    options = {key: loader.repository.get_group_options(group) for key, group in groups.items()}
    return {key: option_meant(groups[key], name, options[key]) or name for key, name in entry.items()}
