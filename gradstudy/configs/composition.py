"""Composing configurations: a launch once, its trials by replacing what they vary."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import chain, product
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig, OmegaConf

from gradstudy.configs.combinations import Combinations, Composed, Fixed, dotted
from gradstudy.configs.elsewhere import RENAMED
from gradstudy.configs.explain import COMPOSING_FAILED, CONFIG_ERRORS, explain, forcing, unknown_key
from gradstudy.configs.factor_checks import by_option_names, check_levels, no_such_factor, not_whole
from gradstudy.configs.grammar import parse_factor
from gradstudy.configs.instantiate import check_fit, make_part, takes_whole_numbers
from gradstudy.configs.launch import Launch, Plain, open_door, plain, studied
from gradstudy.configs.overrides import as_override, forced, keys, renamed, space_entries
from gradstudy.configs.sources import shipped
from gradstudy.configs.studies import check_readable, find_studies, register_studies
from gradstudy.configs.typed import understood
from gradstudy.errors import InputError, nearest
from gradstudy.parts import STUDIED
from gradstudy.records import DUMMY, SCREEN, Factor, Level, Trial
from gradstudy.references import keep_secrets, referring
from gradstudy.training.footprint import Footprint


@contextmanager
def hydra_ready() -> Iterator[None]:
    """Hydra with the shipped configuration; inside the command line it is ready already."""
    if GlobalHydra.instance().is_initialized():
        yield
        return
    register_studies(find_studies().values())
    with initialize_config_dir(version_base="1.3", config_dir=str(shipped("conf"))):
        yield


class Composer:
    """One launch: its settings, its factors, and the configuration of any of its trials.

    Made and used inside `hydra_ready`. A trial is a list of overrides behind the launch's own. `asleep` are entries of
    the space that live under no option which the study may choose, and `unvaried` the overrides that fix what the
    study's file would vary. A coefficient of a varied group that the launch fixes lives under the levels that have it.
    """

    def __init__(self, overrides: Sequence[str]):
        if not isinstance(overrides, list | tuple) or not all(isinstance(word, str) for word in overrides):
            raise InputError(f'Overrides are a list of words, such as ["activation=relu"], got {overrides!r}.')
        quoted = understood(keep_secrets(overrides))
        named = dict(zip(_keys_of(quoted), quoted, strict=True))
        if "study" in named:
            check_readable(named["study"].partition("=")[2].strip("'\""))
        self._parts_by_config: dict[tuple[str, str], Any] = {}
        self._by_levels: dict[str, tuple[dict[str, Any], Footprint]] = {}
        self._known_shown: dict[tuple[str, ...], list[str]] = {}
        self._compose(quoted)
        if self._base.allow and not any(key.partition(".")[0] == "allow" for key in named):
            raise InputError("Which packages may be used, only the command line says: take allow out of the file.")
        self.launch: Launch = self._checked()
        space = self.launch.space
        self.unvaried = tuple(named[name] for name in space if name in named)
        self._check_removed()
        self._check_contradiction(named)
        found = tuple(self._factor(name, text) for name, text in space.items() if name not in named)
        self.factors: tuple[Factor, ...] = tuple(factor for factor in found if len(factor.levels) != 1)
        self._fix(factor for factor in found if len(factor.levels) == 1)
        self._check_factors()

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """The factors that are config groups: their choice decides which others live."""
        return tuple(factor.name for factor in self.factors if self._options(factor.name))

    @property
    def choices(self) -> Mapping[str, str]:
        """The option of every studied group, where no trial chooses another."""
        return self._combined.base.names

    def active(self, choices: Mapping[str, Level]) -> Collection[str]:
        """The factors that live where these options are chosen: their key exists in the composed configuration."""
        lives = {*self.groups, *self._composed(choices).keys}
        return {factor.name for factor in self.factors if factor.name in lives} | {DUMMY.name}

    def trial(self, number: int, levels: Mapping[str, Level], phase: str = SCREEN) -> Trial:
        """The trial as overrides: what this launch fixed about training, whose draws it has, then what it varies."""
        varied = [as_override(name, level) for name, level in levels.items() if name != DUMMY.name]
        choices = self._choices(levels)
        fixed = self._fixed.as_overrides(choices, self._composed(choices), {factor.name for factor in self.factors})
        return Trial(number, dict(levels), (*self._shown(fixed), as_override("trial", number), *varied), phase)

    def contents(self) -> list[str]:
        """A word for each file that a task of this launch may read, which tells its content from any other."""
        varied = {f.name: f.levels for f in self.factors if f.name.partition(".")[0] == "task" and f.levels}
        chosen = (dict(zip(varied, levels, strict=True)) for levels in product(*varied.values()))
        return sorted({self._part("task", self._configured(levels)["task"]).content for levels in chosen})

    def fixed(self) -> Plain:
        """The studied groups as they are before any trial changes them."""
        return plain(OmegaConf.create(studied(self._base)), resolve=True)

    def parts(self, levels: Mapping[str, Level]) -> dict[str, Any]:
        """The studied parts of a trial by group, made once; InputError where a level does not fit its part."""
        return self._made(levels)[0]

    def footprint(self, levels: Mapping[str, Level]) -> Footprint:
        """How large the network of such a trial is."""
        return self._made(levels)[1]

    def _made(self, levels: Mapping[str, Level]) -> tuple[dict[str, Any], Footprint]:
        if (key := repr(levels)) not in self._by_levels:
            plain = self._configured(levels)
            parts = {group: self._part(group, plain[group]) for group in STUDIED}
            made = [as_override(name, level) for name, level in self._choices(levels).items()]
            size = check_fit(parts, made, steps=self.launch.budget.steps, request=self.launch.record)
            self._by_levels[key] = parts, size
        return self._by_levels[key]

    def _compose(self, overrides: list[str]) -> None:
        """Composes the launch's own configuration; InputError says in words what is wrong with it."""

        def composed(words: list[str]) -> Combinations:
            combined = Combinations(words)
            self.overrides, self._base = words, combined.config
            return combined

        try:
            self._combined = forcing(overrides, composed)
        except CONFIG_ERRORS as error:
            raise InputError(explain(error, compose("config"))) from error
        except COMPOSING_FAILED as error:
            raise InputError(f"The configuration cannot be composed: {error}.") from error
        self._fixed = Fixed(self.overrides, self._base)
        self._composed_by_choices: dict[tuple[tuple[str, Level], ...], Composed] = {}

    def _checked(self) -> Launch:
        try:
            return open_door(self._base)
        except CONFIG_ERRORS as error:  # an interpolation, which is resolved only here
            raise InputError(explain(error, None)) from error

    def _fix(self, single: Iterable[Factor]) -> None:
        """A factor of one level is a fixed value; and what is fixed inside a varied group is to live where it can."""
        chosen = []
        for factor in single:
            check_levels(factor, self.launch.space[factor.name], options := self._options(factor.name))
            chosen.append(f"{'' if options else '++'}{as_override(factor.name, factor.levels[0])}")
        inside = {key for key in keys(self.overrides) if key.partition(".")[0] in self.groups and "." in key}
        overrides = [*forced(self.overrides, inside), *chosen]
        if overrides != self.overrides:
            self._compose(overrides)

    def _composed(self, choices: Mapping[str, Level]) -> Composed:
        if (key := tuple(choices.items())) not in self._composed_by_choices:
            self._composed_by_choices[key] = self._at_home(choices)
        return self._composed_by_choices[key]

    def _at_home(self, choices: Mapping[str, Level]) -> Composed:
        varied = {factor.name: factor.levels for factor in self.factors if factor.name in self.groups}
        return self._fixed.at_home(self._combined(choices), varied)

    def _shown(self, words: Iterable[str]) -> list[str]:
        """These overrides as they may be stored: the same in thousands of trials."""
        if (key := tuple(words)) not in self._known_shown:
            self._known_shown[key] = referring(key)
        return self._known_shown[key]

    def _choices(self, levels: Mapping[str, Level]) -> dict[str, Level]:
        return {name: levels[name] for name in self.groups if name in levels}

    def _configured(self, levels: Mapping[str, Level]) -> Plain:
        """The studied groups of a trial with these levels; a level whose key is not there is left out."""
        composed = self._composed(self._choices(levels))
        groups, known = composed.groups, composed.keys
        living = {name: level for name, level in levels.items() if name not in self.groups and name in known}
        if composed.refers:  # also to one that this trial varies
            config = OmegaConf.create(groups)
            for name, level in living.items():
                OmegaConf.update(config, name, level)
            return plain(config, resolve=True)
        parts: Plain = {group: dict(content) for group, content in groups.items()}
        for name, level in living.items():
            group, _, key = name.partition(".")
            parts[group][key] = level
        return parts

    def _part(self, group: str, config: Plain) -> Any:
        """Parts are frozen, and most are the same in every trial."""
        key = (group, repr(config))
        if key not in self._parts_by_config:
            self._parts_by_config[key] = make_part(group, config, self.launch.allow)
        return self._parts_by_config[key]

    def _factor(self, name: str, text: object) -> Factor:
        return parse_factor(name, text, by_option_names(name, self._options(name)))

    def _options(self, group: str) -> list[str]:
        """The options of a studied group, those in a person's own folders included; none for what is no group."""
        if group not in STUDIED:
            return []
        loader = GlobalHydra.instance().config_loader()
        return loader.get_group_options(group, config_name="config", overrides=self.overrides)

    def _check_removed(self) -> None:
        """Deleting an entry that the study does not have is a typo, not a wish."""
        removed = [name for name, text in (self._base.space or {}).items() if text is None]
        if not removed:
            return
        entries = compose("config", [o for o in self.overrides if not o.startswith("++space=")]).space or {}
        for name in removed:
            if name not in entries:
                varied = f"It varies {', '.join(entries)}.{nearest(name, entries)}"
                raise InputError(f"~space.{name}: the study does not vary '{name}'. {varied}")

    def _check_contradiction(self, named: Mapping[str, str]) -> None:
        """What the same command varies and fixes; what a study's file varies may be fixed, and is then told."""
        given = [name for override in self.overrides for name in space_entries(override)]
        for name in given:
            if name in named and self.launch.mode != "trial":
                raise InputError(
                    f"'{name}' is both varied (space.{name}) and fixed ({named[name]}): take one of the two away."
                )

    def _check_factors(self) -> None:
        for factor in self.factors:
            check_levels(factor, self.launch.space[factor.name], self._options(factor.name))
        self._rename({f.name: f.levels for f in self.factors if f.name in self.groups})
        self._combined.learn(options := {f.name: f.levels for f in self.factors if f.name in self.groups})
        self._fixed.bare.learn(options)
        self._check_forced(options)
        varied = [{group: level} for group, levels in options.items() for level in levels]
        lives = set(chain(self.groups, *(self._composed(choices).keys for choices in [{}, *varied])))
        self.asleep = tuple(factor.name for factor in self.factors if factor.name not in lives)
        for name in self.asleep:
            self._check_exists(name, lives)
        self.factors = tuple(factor for factor in self.factors if factor.name in lives)
        for factor in (factor for factor in self.factors if factor.is_number and not factor.integer):
            if any(self._takes_whole_numbers(factor.name, choices) for choices in [{}, *varied]):
                raise InputError(not_whole(factor, self.launch.space[factor.name]))

    def _check_forced(self, varied: Mapping[str, Sequence[Level]]) -> None:
        """A coefficient that was added by force must be one of an option that is chosen, or may be."""
        for override in self.overrides:
            name, _, value = override.removeprefix("++").partition("=")
            if name != override.partition("=")[0] and not self._exists(name, varied):
                raise InputError(unknown_key(name, compose("config"), value))

    def _rename(self, varied: Mapping[str, Sequence[Level]]) -> None:
        """Gives keys of other names those that they have here, where no option has them that is chosen or may be."""
        overrides: list[str] = []
        for override in self.overrides:
            name = override.partition("=")[0].lstrip("+")
            known = name not in RENAMED or self._exists(name, varied)
            overrides += [override] if known else renamed(override, RENAMED[name])
        if overrides != self.overrides:
            self._compose(overrides)

    def _exists(self, name: str, varied: Mapping[str, Sequence[Level]]) -> bool:
        """Whether a key of a studied group is one of an option that is chosen, or may be; True for any other key."""
        group, inside, _ = name.partition(".")
        return not inside or group not in STUDIED or self._fixed.has(name, varied.get(group, (self.choices[group],)))

    def _takes_whole_numbers(self, name: str, choices: Mapping[str, Level]) -> bool:
        group, _, key = name.partition(".")
        content = self._composed(choices).groups.get(group, {})
        return key in content and takes_whole_numbers(group, content, key, self.launch.allow)

    def _check_exists(self, name: str, lives: Collection[str]) -> None:
        """An entry that lives under no choice left, as clipping.max_norm with clipping=none, is merely asleep."""
        group = name.partition(".")[0]
        options = (self._fixed.bare({group: option}).groups[group] for option in self._options(group))
        elsewhere = {key for content in options for key in dotted({group: content})}
        if name not in elsewhere:
            raise InputError(no_such_factor(name, self.launch.space[name], {*lives, *elsewhere}))


def _keys_of(overrides: Sequence[str]) -> list[str]:
    """What each override sets; InputError for a word that is none."""
    try:
        return keys(overrides)
    except CONFIG_ERRORS as error:
        raise InputError(explain(error, None)) from error


def base_config() -> DictConfig:
    """The configuration without any override."""
    GlobalHydra.instance().clear()
    with hydra_ready():
        return compose("config")
