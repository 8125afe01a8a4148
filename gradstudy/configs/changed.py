"""A stored trial with other levels, as overrides: for a configuration that no launch has made."""

from collections.abc import Collection, Mapping, Sequence

from gradstudy.configs.overrides import as_override
from gradstudy.records import Level


def changed_overrides(
    levels: Mapping[str, Level], factors: Collection[str], base: Sequence[str], donors: Mapping[str, Sequence[str]]
) -> tuple[str, ...]:
    """What runs a configuration with these levels, in a study that varies these `factors`?

    What the launch fixed is taken from the overrides of a stored trial, `base`; inside a group whose option changes,
    from those of a trial with the new option, `donors[group]`: what is to be fixed depends on the option.
    """
    fixed = [override for override in base if _key(override) not in factors and _group(override) not in donors]
    for group, overrides in donors.items():
        fixed += [override for override in overrides if _key(override) not in factors and _group(override) == group]
    return (*fixed, *(as_override(name, level) for name, level in levels.items()))


def _key(override: str) -> str:
    return override.partition("=")[0].lstrip("+~")


def _group(override: str) -> str:
    return _key(override).partition(".")[0]
