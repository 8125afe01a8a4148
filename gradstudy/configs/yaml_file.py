"""Reading a person's YAML: nothing in it runs, and nothing makes reading it take time or memory."""

import os
import re
import stat
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Any

import yaml
from omegaconf import grammar_parser
from omegaconf._utils import get_yaml_loader
from omegaconf.errors import OmegaConfBaseException
from omegaconf.grammar.gen.OmegaConfGrammarParser import OmegaConfGrammarParser

from gradstudy.errors import InputError

LARGEST, DEEPEST, MOST, LONGEST_KEY = 100_000, 20, 10_000, 200
"""Bytes of a file, levels of nesting, values with every alias written out, and letters of a key."""

FAST = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
PLAIN = (str, int, float, bool, type(None))
UNPRINTABLE = re.compile("[\0-\b\v-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""Control characters but tab and the ends of lines, and halves of characters that no file can hold."""


def read_yaml(path: Path) -> Any:
    """The plain data that a YAML file holds: words, numbers, lists and mappings. InputError where it is no such file.

    Hydra's own names stay with the command line: neither `hydra` nor `allow`, nor a resolver such as `oc.env`, which
    reads the environment, may be used.
    """
    try:
        content = _loaded(_text(path))
        _check(content, "")
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InputError(f"{path} cannot be read: {_in_words(error)}. Mend the file.") from error
    return content


def _text(path: Path) -> str:
    """The content of a file; of what never ends or never answers, as a pipe or a device, nothing is read."""
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with open(file, "rb") as opened:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise ValueError("it is no regular file")
        content = opened.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ValueError(f"it is larger than {LARGEST:,} bytes")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ValueError("it is written in UTF-16, and must be in UTF-8")
    return content.decode("utf-8-sig")


def _loaded(text: str) -> Any:
    depth = 0
    for count, event in enumerate(yaml.parse(text, FAST)):  # before what calls itself once per level sees it
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise ValueError(f"it is nested deeper than {DEEPEST} levels")
        if count > 2 * MOST:
            raise ValueError(f"it holds more than {MOST:,} values")
    loader = get_yaml_loader()(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        if _size(node, {}) > MOST:
            raise ValueError(f"it holds more than {MOST:,} values, with its aliases (*) written out")
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """How many values a node holds where each alias stands for all that it names."""
    if isinstance(node, yaml.ScalarNode):
        return 1
    if id(node) in known:
        if not known[id(node)]:
            raise ValueError("an alias (*) stands inside of what it names")
        return known[id(node)]
    known[id(node)] = 0
    if isinstance(node, yaml.MappingNode):
        _check_twice([key for key, _ in node.value])
    size = 1
    for item in node.value:
        size += sum(_size(one, known) for one in (item if isinstance(item, tuple) else (item,)))
    known[id(node)] = size
    return size


def _check_twice(keys: list[yaml.Node]) -> None:
    lines: dict[str, int] = {}
    for key in keys:
        line = key.start_mark.line + 1
        if isinstance(key, yaml.ScalarNode):
            if key.value in lines:
                both = f"in lines {lines[key.value]} and {line}"
                raise ValueError(f"the key {key.value} is given twice, {both}; take one away")
            lines[key.value] = line


def _in_words(error: Exception) -> str:
    """Why a file is no YAML, and in which line."""
    if isinstance(error, OSError):
        return str(error.strerror)
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return " ".join(str(error).split())
    line = f"line {error.problem_mark.line + 1}"
    if "cannot start any token" in str(error.problem):
        return f"{line} begins with a sign that YAML keeps for itself: a tab in place of blanks, @ or `"
    return f"{line}: {' '.join(filter(None, (error.context, error.problem)))}"


def _check(value: Any, place: str) -> None:
    """ValueError for what a configuration cannot hold."""
    if isinstance(value, dict):
        for key, item in value.items():
            _check_key(key, place)
            _check(item, f"{place}.{key}".lstrip("."))
    elif isinstance(value, list):
        for item in value:
            _check(item, place)
    elif not isinstance(value, PLAIN):
        raise ValueError(f"{place or 'it'} holds a {type(value).__name__}, where words, numbers and lists may stand")
    elif isinstance(value, str):
        for character in UNPRINTABLE.findall(value):
            raise ValueError(f"{place} holds a character that no text can hold, {character!r}")
        for name in _resolvers(value):
            raise ValueError(f"{place} asks for ${{{name}:...}}, which only the command line may; a key may be named")


def _check_key(key: Hashable, place: str) -> None:
    where = f" in {place}" if place else ""
    if not isinstance(key, str):
        read_so = " (YAML reads yes, no, on and off as that)" if isinstance(key, bool) else ""
        raise ValueError(f"a key must be a word, got {key!r}{where}{read_so}; put it into quotes")
    if len(key) > LONGEST_KEY or UNPRINTABLE.search(key) or not key.strip():
        raise ValueError(f"a key must be a word of at most {LONGEST_KEY} letters, got {key[:40]!r}{where}")
    if not place and (key in ("hydra", "allow") or key.startswith("hydra/")):
        raise ValueError(f"{key} belongs on the command line")


def _resolvers(text: str) -> Iterator[str]:
    """The resolvers that OmegaConf would call for this text."""
    if "${" not in text:
        return
    try:
        waiting: list[Any] = [grammar_parser.parse(text)]
    except OmegaConfBaseException as error:
        raise ValueError(f"{text[:60]!r} is no reference to a key, such as ${{seed}} ({error})") from error
    while waiting:
        node = waiting.pop()
        if isinstance(node, OmegaConfGrammarParser.InterpolationResolverContext):
            yield str(node.resolverName().getText())  # type: ignore[no-untyped-call]
        waiting.extend(getattr(node, "children", None) or ())
