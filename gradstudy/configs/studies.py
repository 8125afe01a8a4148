"""Which studies are there? Shipped ones, those in `studies/` of the working folder, and those under --config-dir."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from hydra.plugins.search_path_plugin import SearchPathPlugin

from gradstudy.configs.folders import shipped
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
    for study in studies:
        node = {**study.content, "name": study.name}
        ConfigStore.instance().store(group="study", name=study.name, node=node, package="_global_", provider="gradstudy")
    Plugins.instance().register(StudiesFirst)


class StudiesFirst(SearchPathPlugin):
    """Puts the registered studies before the files under --config-dir, which lack the `_global_` package."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        search_path.prepend(provider="gradstudy", path="structured://")


def check_readable(studies: dict[str, Study], chosen: Iterable[str]) -> None:
    for name in chosen:
        study = studies.get(name)
        if study and study.error:
            raise InputError(study.error)


def _read(path: Path, origin: str) -> Study:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        return Study(path.stem, origin, error=f"{path} is no readable YAML: {_one_line(error)}. Mend the file.")
    if not isinstance(content, dict):
        came = type(content).__name__
        return Study(path.stem, origin, error=f"{path} must hold keys such as question, space and budget, but holds {came}.")
    return Study(path.stem, origin, content)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
