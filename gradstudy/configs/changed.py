"""A stored trial with other levels: the overrides of a configuration that no launch has made."""

from collections.abc import Callable, Collection, Mapping, Sequence

from gradstudy.configs.launch import STUDIED
from gradstudy.configs.overrides import as_override
from gradstudy.records import Level, Trial


def changed_trial(
    trial: Trial,
    levels: Mapping[str, Level],
    factors: Collection[str],
    overrides_with: Callable[[str, Level], Sequence[str]],
) -> Trial:
    """The stored `trial` with these `levels` in place of its own, in a study that varies these `factors`.

    What the launch fixed is taken from the overrides of the trial; inside a group whose option changes, from
    `overrides_with(group, option)`, those of any stored trial with the new option: what is to be fixed depends on it.
    """
    changed = {name: level for name, level in levels.items() if name in STUDIED and trial.levels.get(name) != level}
    fixed = [
        override for override in trial.overrides if _key(override) not in factors and _group(override) not in changed
    ]
    for group, option in changed.items():
        fixed += [o for o in overrides_with(group, option) if _key(o) not in factors and _group(o) == group]
    return Trial(trial.number, levels, (*fixed, *(as_override(name, level) for name, level in levels.items())))


def _key(override: str) -> str:
    return override.partition("=")[0].lstrip("+~")


def _group(override: str) -> str:
    return _key(override).partition(".")[0]
