"""What a launch fixed for all of its trials, as overrides of the plain configuration."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from hydra import compose
from omegaconf import DictConfig

from gradstudy.configs.launch import STUDIED, Plain, studied
from gradstudy.configs.overrides import as_override
from gradstudy.records import Level

NOT_OF_A_TRIAL = ("device.name", "budget.trials")
"""What does not decide a trial's numbers."""


class Fixed:
    """What was changed by the command line and by the study's file, so that a trial's overrides say all of it.

    `overrides` are the launch's, `base` is what they compose to, `groups` are the config groups that the study varies.
    """

    def __init__(self, overrides: Sequence[str], base: DictConfig, groups: Collection[str]):
        self._overrides, self._base, self._groups = overrides, base, groups
        self._options: dict[tuple[str, Level], Plain] = {}

    def as_overrides(self, choices: Mapping[str, Level], chosen: Plain, varied: Collection[str]) -> Iterator[str]:
        """What differs from the plain configuration in a trial with these choices, but for what is `varied`."""
        yield from self._choices
        for group in self._touched:
            plain = self.option(group, choices[group]) if group in choices else studied(self._plain)[group]
            yield from _differences(group, plain, chosen[group], varied)
        for group in ("device", "budget"):
            yield from _differences(group, self._plain[group], self._base[group], NOT_OF_A_TRIAL)
        if self._base.seed != self._plain.seed:
            yield as_override("seed", self._base.seed)

    def option(self, group: str, level: Level) -> Plain:
        """What does this option say by itself?"""
        if (group, level) not in self._options:
            config = compose("config", [*self._places, as_override(group, level)])
            self._options[group, level] = studied(config)[group]
        return self._options[group, level]

    @cached_property
    def _choices(self) -> list[str]:
        """The options chosen once for all trials, where they are not the default ones."""
        chosen, default = (
            compose("config", overrides, return_hydra_config=True).hydra.runtime.choices
            for overrides in (self._overrides, self._places)
        )
        fixed = [group for group in STUDIED if group not in self._groups and chosen[group] != default[group]]
        return [as_override(group, chosen[group]) for group in fixed]

    @cached_property
    def _plain(self) -> DictConfig:
        return compose("config", [*self._places, *self._choices])

    @cached_property
    def _touched(self) -> list[str]:
        """The groups in which a value differs from what its option says."""
        plain, base = studied(self._plain), studied(self._base)
        return [group for group in STUDIED if plain[group] != base[group]]

    @cached_property
    def _places(self) -> list[str]:
        """Overrides of Hydra itself, such as where else to look for options."""
        return [override for override in self._overrides if override.lstrip("+").startswith("hydra.")]


def _differences(
    group: str, plain: Mapping[str, Any], found: Mapping[str, Any], known: Collection[str]
) -> Iterator[str]:
    """Overrides that make `found` of `plain`, but for what is `known` otherwise."""
    for key, value in found.items():
        if f"{group}.{key}" not in known and (key not in plain or plain[key] != value):
            yield as_override(f"{group}.{key}" if key in plain else f"+{group}.{key}", value)
