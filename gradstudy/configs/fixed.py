"""What a launch fixed for all of its trials, as overrides of the plain configuration."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from omegaconf import DictConfig

from gradstudy.configs.combinations import Choices, Combinations, Composed
from gradstudy.configs.launch import Plain
from gradstudy.configs.overrides import as_override
from gradstudy.parts import STUDIED
from gradstudy.records import Level

NOT_OF_A_TRIAL = ("device.name", "budget.trials")
"""Keys that do not decide a trial's numbers."""


class Fixed:
    """The changes by the command line and by the study's file, so that a trial's overrides say all of them.

    `overrides` are the launch's, `base` is what they compose to.
    """

    def __init__(self, overrides: Sequence[str], base: DictConfig):
        self._base = base
        places = [override for override in overrides if override.lstrip("+").startswith("hydra.")]
        self._bare = Combinations(places)  # but for where Hydra itself looks for options

    def learn(self, options: Mapping[str, Sequence[Level]]) -> None:
        """Composes these options of each group once, for the trials that choose among them."""
        self._bare.learn(options)

    def as_overrides(self, choices: Choices, chosen: Composed, varied: Collection[str]) -> Iterator[str]:
        """Overrides for what differs from the plain configuration with these choices, and is not `varied`."""
        plain = self._bare(choices)
        fixed = {group: chosen.names[group] for group in STUDIED if chosen.names[group] != plain.names[group]}
        yield from (as_override(group, option) for group, option in fixed.items())
        plain = self._bare({**choices, **fixed})
        for group in STUDIED:
            yield from _differences(group, plain.groups[group], chosen.groups[group], varied)
        for group in ("device", "budget"):
            yield from _differences(group, self._bare.config[group], self._base[group], NOT_OF_A_TRIAL)
        if self._base.seed != self._bare.config.seed:
            yield as_override("seed", self._base.seed)

    def option(self, group: str, level: Level) -> Plain:
        """The content of this option by itself."""
        content: Plain = self._bare({group: level}).groups[group]
        return content


def _differences(
    group: str, plain: Mapping[str, Any], found: Mapping[str, Any], known: Collection[str]
) -> Iterator[str]:
    """Overrides that make `found` of `plain`, but for what is `known` otherwise."""
    for key, value in found.items():
        if f"{group}.{key}" not in known and (key not in plain or plain[key] != value):
            yield as_override(f"{group}.{key}" if key in plain else f"+{group}.{key}", value)
