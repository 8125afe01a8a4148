"""Writes reference/factors.md from conf/ (every level of every group, and what of it may vary) and the responses' page.

A hook of MkDocs. A new level in conf/ or a new response is on its page without another line anywhere.
"""

from collections.abc import Iterator
from dataclasses import MISSING, fields
from inspect import cleandoc
from pathlib import Path
from typing import Any, get_type_hints

import yaml
from hydra.utils import get_object
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from gradstudy.configs.launch import MACHINERY
from gradstudy.parts import STUDIED, is_coefficient
from gradstudy.response import RANKED, RESPONSES

CONF = Path(__file__).parent.parent / "conf"
PAGE = "reference/factors.md"
HEAD = """# Factors and machinery

Every level is one file in `conf/`, chosen as `group=level`, and every key in it is a factor too: `init.gain` can be
fixed on the command line, or varied in the `space` of a study. A *coefficient* may differ between networks that train
stacked together; what is *structure* may vary as well, and makes another stack.
"""
RESPONSES_PAGE = "reference/responses.md"
RESPONSES_HEAD = """# Responses

What can be ranked (`analysis.responses=[...]`, `run.rank(...)`) and, of what every member has, hunted for
(`search.objective=[...]`). A hunt for the healthiest wants little of a harm, and of a signed one little of its size.

| response | unit | harm | what it is |
|---|---|---|---|"""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """The pages of the site, and with them the one that is written here."""
    files.append(File.generated(config, PAGE, content="\n".join(_page())))
    files.append(File.generated(config, RESPONSES_PAGE, content="\n".join([RESPONSES_HEAD, *_responses()])))
    return files


def _page() -> Iterator[str]:
    yield HEAD
    for title, groups in (("What is studied", STUDIED), ("Machinery", MACHINERY)):
        yield f"## {title}\n"
        for group in groups:
            yield f"### {group}\n"
            for path in sorted((CONF / group).glob("*.yaml")):
                yield from _level(group, path)


def _responses() -> Iterator[str]:
    for name, ranked in RANKED.items():
        response = RESPONSES.get(name)
        harm = "" if response is None else "far from 0" if response.signed else "more" if response.harm > 0 else "less"
        told = ranked.definition.format(cap="`analysis.cap`", first_steps="`analysis.first_steps` steps")
        yield f"| `{name}` | {ranked.unit} | {harm} | {told} |"


def _level(group: str, path: Path) -> Iterator[str]:
    """One level: its name, what its class says of itself, and a table of its keys."""
    config = _content(path)
    part = get_object(config["_target_"])
    yield f"#### `{group}={path.stem}`\n"
    yield f"{cleandoc(part.__doc__ or '')}\n"
    rows = list(_keys(part, config, studied=group in STUDIED))
    if rows:
        yield "| key | value | kind | range |\n|---|---|---|---|"
        yield from (f"| `{group}.{row[0]}` | " + " | ".join(row[1:]) + " |" for row in rows)
        yield ""


def _content(path: Path) -> dict[str, Any]:
    """The keys of a level, with those of the levels of its own group that it begins with."""
    config: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    content: dict[str, Any] = {}
    for base in config.pop("defaults", []):
        if isinstance(base, str) and base != "_self_":
            content |= _content(path.with_name(f"{base}.yaml"))
    return content | config


def _keys(part: type, config: dict[str, Any], *, studied: bool) -> Iterator[tuple[str, str, str, str]]:
    hints = get_type_hints(part)
    for entry in fields(part):
        value = config.get(entry.name, None if entry.default is MISSING else entry.default)
        kind = ("coefficient" if is_coefficient(hints[entry.name]) else "structure") if studied else "setting"
        bounds = ", ".join(
            " or ".join(map(str, bound)) if key == "words" else f"{key.replace('_', ' ')} {bound:g}"
            for key, bound in entry.metadata.items()
        )
        yield entry.name, f"`{value}`" if value not in (None, "") else "", kind, bounds
