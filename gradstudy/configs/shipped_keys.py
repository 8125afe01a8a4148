"""The keys of the options that come with gradstudy, as their files have them."""

from functools import cache
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from gradstudy.configs.sources import shipped


def options_with(name: str) -> list[str]:
    """The options that have a key of this dotted name, as overrides such as clipping=norm."""
    group, _, key = name.partition(".")
    return [f"{group}={option}" for option, content in _options(group).items() if key and key in content]


def shipped_values(name: str) -> list[Any]:
    """What the options of its group hold under a key of this dotted name; for one at the top what every launch has."""
    group, _, key = name.partition(".")
    top = _content(shipped("conf") / "config.yaml")
    inside = [*_options(group).values(), *([top[group]] if isinstance(top.get(group), dict) else [])]
    return [content[key] for content in inside if key in content] if key else [top[name]] if name in top else []


def keys_inside() -> list[str]:
    """The dotted name of every key of every option, and of the mappings that every launch has."""
    top = _content(shipped("conf") / "config.yaml")
    groups = sorted(path.name for path in shipped("conf").iterdir() if path.is_dir())
    inside = [(group, content) for group in groups for content in _options(group).values()]
    inside += [(name, content) for name, content in top.items() if isinstance(content, dict) and name != "hydra"]
    return sorted({f"{group}.{key}" for group, content in inside for key in content if not key.startswith("_")})


def _options(group: str) -> dict[str, dict[str, Any]]:
    return {path.stem: _content(path) for path in sorted((shipped("conf") / group).glob("*.yaml"))}


def _content(path: Path) -> dict[str, Any]:
    """The keys of a file, and of the options of its own group that it begins with."""
    return _read(path, path.stat().st_mtime_ns)


@cache
def _read(path: Path, changed: int) -> dict[str, Any]:
    """`changed` is when: a file that was mended is read again."""
    loaded: Any = OmegaConf.to_container(OmegaConf.load(path))
    content: dict[str, Any] = {}
    for base in loaded.get("defaults", []):
        if isinstance(base, str) and path.with_name(f"{base}.yaml").exists():
            content |= _content(path.with_name(f"{base}.yaml"))
    return content | {key: value for key, value in loaded.items() if key != "defaults"}
