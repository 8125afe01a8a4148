"""Where Hydra finds what it composes: files are parsed once in a process, and what it declares itself is not copied.

Without that, half of composing was to read the same YAML and to copy the same declarations again.
"""

import copy
import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any, ClassVar

from hydra._internal.core_plugins import structured_config_source
from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra._internal.core_plugins.importlib_resources_config_source import ImportlibResourcesConfigSource
from hydra._internal.sources_registry import SourcesRegistry
from hydra.core.global_hydra import GlobalHydra
from hydra.core.plugins import Plugins
from hydra.plugins.config_source import ConfigResult

from gradstudy.configs.yaml_file import read_yaml
from gradstudy.errors import InputError

_PACKAGE = Path(__file__).parent.parent


def shipped(name: str) -> Path:
    """The folder `conf` or `studies` of this installation: beside the package in a checkout, inside it in a wheel."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


def shipped_options(group: str) -> list[str]:
    """The options of a group that come with gradstudy; none for what is no group."""
    return sorted(path.stem for path in (shipped("conf") / group).glob("*.yaml"))


def parse_once() -> None:
    """Lets Hydra read through the sources of this file from now on."""
    Plugins.instance()  # registers Hydra's own, in whose place they come
    for source in (Files, Resources, StructuredConfigSource):
        SourcesRegistry.instance().types[source.scheme()] = source


class Files(FileConfigSource):
    """A folder of YAML; a file that has changed is parsed again."""

    parsed: ClassVar[dict[tuple[str, Path], tuple[Hashable, ConfigResult]]] = {}

    def load_config(self, config_path: str) -> ConfigResult:
        path = Path(self.path, self._normalize_file_name(config_path))
        key, state = (self.provider, path), state_of(path)
        if key not in self.parsed or self.parsed[key][0] != state:
            if self.path != str(shipped("conf")):
                check_option(path, config_path)
            self.parsed[key] = state, super().load_config(config_path)
        return copy.deepcopy(self.parsed[key][1])  # Hydra takes the defaults out of what it is given


class Resources(ImportlibResourcesConfigSource):
    """YAML inside an installed package, as Hydra's own, which stays as it is."""

    parsed: ClassVar[dict[tuple[str, str, str], ConfigResult]] = {}

    def load_config(self, config_path: str) -> ConfigResult:
        key = self.provider, self.path, config_path
        if key not in self.parsed:
            self.parsed[key] = super().load_config(config_path)
        return copy.deepcopy(self.parsed[key])


class StructuredConfigSource(structured_config_source.StructuredConfigSource):
    """What Hydra and its plugins declare in Python; each that asks is given a copy. Hydra knows it by this name.

    Hydra copies its sources for every composition and every look for options: 5 ms each for these, 0.7 s of `--help`.
    """

    def __deepcopy__(self, memo: dict[int, Any]) -> "StructuredConfigSource":
        return self


def check_option(path: Path, name: str) -> None:
    """InputError for the file of an option, in a person's own folder, that could change more than a configuration."""
    content = read_yaml(path)
    header = re.findall(r"^#\s*@package\s+(\S+)", path.read_text("utf-8"), re.MULTILINE)
    names = {name.partition("/")[0], *(place.partition(".")[0] for place in header)}
    if content is not None and not isinstance(content, dict):
        raise InputError(f"{path} must hold keys, as any option does, but holds {type(content).__name__}.")
    defaults = str((content or {}).get("defaults", ""))
    if "hydra" in names or re.search(r"\bhydra\b", defaults):
        raise InputError(f"{path}: what is Hydra's own cannot be set by a file.")


def state_of_shipped() -> Hashable:
    """What changes with any file of the shipped configuration; None where Hydra looks into other folders too."""
    loader: Any = GlobalHydra.instance().config_loader()  # its interface does not name the repository
    folders = [source.path for source in loader.repository.get_sources() if source.scheme() == Files.scheme()]
    if folders != [str(shipped("conf"))]:
        return None
    return tuple((path, state_of(path)) for path in sorted(shipped("conf").rglob("*.yaml")))


def state_of(path: Path) -> Hashable:
    """What tells a file's content from that of another moment, without reading it."""
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns
