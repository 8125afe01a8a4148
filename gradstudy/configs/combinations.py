"""What several options compose to, without composing every combination of them; and what a launch fixed beside."""

import re
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain, zip_longest
from typing import Any

from hydra import compose
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig, OmegaConf

from gradstudy.configs.launch import Plain, plain, studied
from gradstudy.configs.overrides import as_override
from gradstudy.configs.sources import state_of_shipped
from gradstudy.parts import STUDIED
from gradstudy.records import Level

Choices = Mapping[str, Level]

BROUGHT, GLOBAL = "main", "_global_"
"""What Hydra calls the folder that an application brings, and the package of a file that speaks of any group."""

_CHOICE = re.compile(r"\w+=[\w-]+")
"""An override that merely chooses an option for a group, or sets a key at the top."""

NOT_OF_A_TRIAL = ("device.name", "budget.trials")
"""Keys that do not decide a trial's numbers."""


@dataclass(frozen=True)
class Composed:
    """The studied groups of one configuration: the name of each group's option, and its unresolved content."""

    names: Mapping[str, str]
    groups: dict[str, Plain]

    @cached_property
    def keys(self) -> frozenset[str]:
        """The dotted names of every number or word inside the groups."""
        return frozenset(dotted(self.groups))

    @cached_property
    def refers(self) -> bool:
        """Whether a value may refer to another."""
        return "${" in str(self.groups)


def dotted(groups: Mapping[str, Plain]) -> list[str]:
    """The dotted names of every number or word inside these groups, in order."""
    return [f"{group}.{key}" for group, part in groups.items() for key in part if not key.startswith("_")]


class Combinations:
    """Configurations behind the same `overrides`, by the options that are chosen for some groups.

    Composing takes some 100 ms, so it is done as seldom as can be. Where nothing but their files speaks of a group,
    its options are what these say. Elsewhere each is composed once, and not once per combination, as long as it changes
    other groups only by choosing an option for them (as a residual network does for its connections); and options that
    say nothing of other groups are composed together, one of every group at a time.
    """

    def __init__(self, overrides: Sequence[str]):
        self._overrides = list(overrides)
        self._known: dict[tuple[tuple[str, Level], ...], Composed] = {}
        self._stays_home: dict[tuple[str, Level], bool] = {}

    def __call__(self, choices: Choices) -> Composed:
        key = tuple(sorted(choices.items()) if len(choices) > 1 else choices.items())
        if key not in self._known:
            short = self._combined(choices) if len(choices) > 1 else self._as_filed(choices)
            self._known[key] = short or self._compose(choices)
        return self._known[key]

    def learn(self, options: Mapping[str, Sequence[Level]]) -> None:
        """Composes these options of each group, so that their combinations are known."""
        local = [
            [(group, option) for option in levels if ((group, option),) not in self._known and _is_local(group, option)]
            for group, levels in options.items()
            if group not in self._as_files_say and _is_local(group, self.base.names[group])
        ]
        for moment in zip_longest(*local):
            choices = dict(choice for choice in moment if choice is not None)
            together = self._compose(choices)
            for group, option in choices.items():
                self._known[(group, option),] = self._with(group, option, together.groups[group])

    def _as_filed(self, choices: Choices) -> Composed | None:
        """One option as its file says it; None where more than that decides, and where none is chosen."""
        for group, option in choices.items():
            if group in self._as_files_say and _is_local(group, option):
                return self._with(group, option, plain(_file(group, option).config))
        return None

    def _with(self, group: str, option: Level, content: Plain) -> Composed:
        return Composed({**self.base.names, group: str(option)}, {**self.base.groups, group: content})

    @cached_property
    def _as_files_say(self) -> frozenset[str]:
        """The studied groups that are as the file of a local option says: nothing else that is given changes them."""
        choices = self._whole.hydra.runtime.choices
        files = {key: _file(key, name) for key, name in choices.items() if name and not key.startswith("hydra/")}
        if not all(_is_plain(group, file) for group, file in {**files, "": _file("", "config")}.items()):
            return frozenset()
        changed = {override.lstrip("+~") for override in self._overrides if not _CHOICE.fullmatch(override)}
        changed |= {str(key) for file in files.values() if file.header["package"] == GLOBAL for key in file.config}
        names = {re.split(r"[.@:=]", one)[0] for one in changed}
        return frozenset(group for group in STUDIED if group not in names and _is_local(group, self.base.names[group]))

    @cached_property
    def base(self) -> Composed:
        return self({})

    @cached_property
    def config(self) -> DictConfig:
        """The whole configuration that the overrides compose to, with no option chosen beside them."""
        return OmegaConf.masked_copy(self._whole, [str(key) for key in self._whole if key != "hydra"])

    @cached_property
    def _whole(self) -> DictConfig:
        return compose("config", self._overrides, return_hydra_config=True)

    def _compose(self, choices: Choices) -> Composed:
        chosen = [as_override(group, option) for group, option in choices.items()]
        overrides = [*self._overrides, *chosen]
        config = compose("config", overrides, return_hydra_config=True) if chosen else self._whole
        names = config.hydra.runtime.choices
        return Composed({group: names[group] for group in STUDIED}, studied(config))

    def _combined(self, choices: Choices) -> Composed | None:
        """The combination put together from its options one by one; None where they do more than choose."""
        single = {group: self({group: option}) for group, option in choices.items()}
        if all(self._is_at_home(group, option, single[group]) for group, option in choices.items()):
            names = {group: one.names[group] for group, one in single.items()}
            groups = {group: one.groups[group] for group, one in single.items()}
            return Composed({**self.base.names, **names}, {**self.base.groups, **groups})
        return self._met(single)

    def _is_at_home(self, group: str, option: Level, found: Composed) -> bool:
        """Whether an option changes its own group alone, as most do: asked once, and not for each combination."""
        if (group, option) not in self._stays_home:
            others = [one for one in STUDIED if one != group]
            self._stays_home[group, option] = all(
                found.names[one] == self.base.names[one] and found.groups[one] == self.base.groups[one]
                for one in others
            )
        return self._stays_home[group, option]

    def _met(self, single: Mapping[str, Composed]) -> Composed | None:
        """The same of options of which some change other groups."""
        names, groups = {}, {}
        for group in STUDIED:
            before = self.base.groups[group], self.base.names[group]
            others = [one for chosen, one in single.items() if chosen != group]
            changes = [one for one in others if (one.groups[group], one.names[group]) != before]
            if any(self({group: one.names[group]}).groups[group] != one.groups[group] for one in changes):
                return None
            decides = [single[group]] if group in single else changes or [self.base]
            if any(one.groups[group] != decides[0].groups[group] for one in decides):
                return None
            names[group], groups[group] = decides[0].names[group], decides[0].groups[group]
        return Composed(names, groups)


def _is_local(group: str, option: Level) -> bool:
    """Whether this option's file speaks of its own group alone; False for one that lies elsewhere than the shipped."""
    found = _file(group, option)
    return found is not None and not found.defaults_list and found.header.get("package") in (None, "", group)


def _is_plain(group: str, found: Any) -> bool:
    """Whether what a chosen file sets can be read off it: keys of its group, or as a study does of any, and choices."""
    if found is None or found.header.get("package") not in (None, "", group, GLOBAL):
        return False
    return found.provider == BROUGHT or all(default.is_override() for default in found.defaults_list or ())


def _file(group: str, option: Level) -> Any:
    """The file of an option as Hydra loads it; None where there is none."""
    loader: Any = GlobalHydra.instance().config_loader()  # its interface does not name the repository
    return loader.repository.load_config(f"{group}/{option}".lstrip("/"))


@lru_cache(maxsize=1)
def _bare(state: Hashable) -> Combinations:
    """The shipped configuration, of which every launch of a process asks the same in this state of its files."""
    return Combinations(())


class Fixed:
    """The changes by the command line and by the study's file, so that a trial's overrides say all of them.

    `overrides` are the launch's, `base` is what they compose to; `bare` is the configuration without them.
    """

    def __init__(self, overrides: Sequence[str], base: DictConfig):
        self._base = base
        self._own: dict[tuple[str, Level], Set[str]] = {}
        places = [override for override in overrides if override.lstrip("+").startswith("hydra.")]
        state = None if places else state_of_shipped()
        self.bare = Combinations(places) if state is None else _bare(state)  # but for where Hydra looks for options

    def has(self, name: str, options: Iterable[Level]) -> bool:
        """Whether one of these options of its group has a key of this dotted name."""
        group, _, key = name.partition(".")
        return any(key in self._keys(group, option) for option in options)

    def _keys(self, group: str, option: Level) -> Set[str]:
        if (group, option) not in self._own:  # asked for every combination
            plain = self.bare.base if self.bare.base.names[group] == option else self.bare({group: option})
            self._own[group, option] = plain.groups[group].keys()
        return self._own[group, option]

    def at_home(self, found: Composed, varied: Mapping[str, Sequence[Level]]) -> Composed:
        """Without what the launch fixed for another option of a `varied` group (and its levels) than the chosen one."""
        groups = dict(found.groups)
        for group, levels in varied.items():
            own, content = self._keys(group, found.names[group]), groups[group]
            if elsewhere := {key for key in content.keys() - own if self.has(f"{group}.{key}", levels)}:
                groups[group] = {key: value for key, value in content.items() if key not in elsewhere}
        return Composed(found.names, groups)

    def as_overrides(self, choices: Choices, chosen: Composed, varied: Collection[str]) -> Iterator[str]:
        """Overrides for what differs from the plain configuration with these choices, and is not `varied`."""
        plain = self.bare(choices)
        fixed = {group: chosen.names[group] for group in STUDIED if chosen.names[group] != plain.names[group]}
        yield from (as_override(group, option) for group, option in fixed.items())
        if fixed:
            plain = self.bare({**choices, **fixed})
        for group in STUDIED:
            yield from _differences(group, plain.groups[group], chosen.groups[group], varied)
        yield from self._everywhere

    @cached_property
    def _everywhere(self) -> tuple[str, ...]:
        """Overrides of what no option decides, and which decides a trial's numbers all the same."""
        bare, base = self.bare.config, self._base
        of_groups = (_differences(group, bare[group], base[group], NOT_OF_A_TRIAL) for group in ("device", "budget"))
        seed = [as_override("seed", base.seed)] if base.seed != bare.seed else []
        return (*chain.from_iterable(of_groups), *seed)


def _differences(
    group: str, plain: Mapping[str, Any], found: Mapping[str, Any], known: Collection[str]
) -> Iterator[str]:
    """Overrides that make `found` of `plain`, but for what is `known` otherwise."""
    if found == plain:  # as most are, for thousands of trials
        return
    for key, value in found.items():
        if f"{group}.{key}" not in known and (key not in plain or plain[key] != value):
            yield as_override(f"{group}.{key}" if key in plain else f"+{group}.{key}", value)
