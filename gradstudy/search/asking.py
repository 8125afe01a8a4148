"""Ask and tell: which trials does a study consist of, and what came of them?

Optuna numbers the trials and keeps them. A trial left unfinished by a killed driver is taken up under its own number,
so that every row of the design is used by exactly one trial, whenever and however often drivers are stopped.
"""

import json
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import chain
from typing import Any, Protocol

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler
from optuna.storages import BaseStorage
from optuna.study import StudyDirection

from gradstudy.errors import InputError
from gradstudy.records import DUMMY, Factor, Level
from gradstudy.search.sampler import BLOCKS
from gradstudy.search.storage import scratch_storage

SPACE = "space"
"""The attribute of an Optuna study that says what its trials were drawn from."""

RESPONSES = ["vanishing", "exploding"]
DIRECTIONS = [StudyDirection.MINIMIZE] * len(RESPONSES)

Levels = dict[str, Level]
Active = Callable[[Mapping[str, Level]], Collection[str]]
"""Which factors live where the config groups have these levels?"""


class Way(Protocol):
    """A way of searching."""

    def sampler(self, factors: Sequence[Factor], seed: int) -> BaseSampler: ...


class Search:
    """The trials of one study. `open` comes before `trials`, `tell` and `states`; `preview` needs no storage."""

    def __init__(self, factors: Sequence[Factor], way: Way, seed: int):
        self._factors = tuple(factors)
        self._way = way
        self._seed = seed

    def open(self, storage: BaseStorage, name: str) -> None:
        """Goes on with the study of this name, or begins it; InputError when its trials came from another space."""
        study = _found_or_new(storage, name, self._way.sampler(self._factors, self._seed))
        origin = {
            "search": type(self._way).__name__,
            "seed": self._seed,
            "factors": [factor.to_json() for factor in self._factors],
        }
        ours = study.directions == DIRECTIONS
        if ours and SPACE not in study.user_attrs and not study.get_trials(deepcopy=False):
            study.set_user_attr(SPACE, origin)
        if not ours or not _same(study.user_attrs.get(SPACE), origin):
            raise InputError(
                f"The stored trials of '{name}' must come from this launch's space, seed and search, but came from "
                "others. Give this study another name, or another search.storage."
            )
        _name_responses(study)
        self._study = study

    def trials(self, budget: int, active: Active, groups: Collection[str]) -> list[tuple[int, Levels]]:
        """All trials of the study, stored ones and newly asked up to the budget, as (number, levels) in that order.

        `groups` are the factors that are config groups. Their levels come first and decide, by `active`, which others
        live in a trial; the dummy always does. A trial has the levels of what lives in it, and no others. A budget
        smaller than what is stored leaves nothing out.
        """
        self._declare(budget)
        study = self._study
        stored = [optuna.Trial(study, trial._trial_id) for trial in study.get_trials(deepcopy=False)]
        asked = (study.ask() for _ in range(len(stored), budget))
        return [(trial.number, self._levels(trial, active, groups)) for trial in chain(stored, asked)]

    def preview(self, budget: int, active: Active, groups: Collection[str]) -> list[tuple[int, Levels]]:
        """What `trials` would give for a new study, with nothing stored."""
        ahead = Search(self._factors, self._way, self._seed)
        ahead.open(scratch_storage(), "preview")
        return ahead.trials(budget, active, groups)

    def tell(self, number: int, values: Sequence[float]) -> None:
        """Stores the vanishing and exploding of a trial and ends it; a trial that has ended stays as it is."""
        self._study.tell(number, list(values), skip_if_finished=True)

    def states(self) -> dict[int, str]:
        """Which trials are RUNNING, that is asked and not yet told, and which are COMPLETE?"""
        return {trial.number: trial.state.name for trial in self._study.get_trials(deepcopy=False)}

    def _declare(self, budget: int) -> None:
        """A larger budget is a further block of the design. Stored before its first trial is asked."""
        blocks = self._study.user_attrs.get(BLOCKS, [])
        if budget > sum(blocks):
            self._study.set_user_attr(BLOCKS, [*blocks, budget - sum(blocks)])

    def _levels(self, trial: optuna.Trial, active: Active, groups: Collection[str]) -> Levels:
        """The trial's levels in the order of the factors: read where they are stored, else taken from the design."""
        chosen = {factor.name: _suggest(trial, factor) for factor in self._factors if factor.name in groups}
        living = {*active(chosen), *groups, DUMMY.name}
        return {
            factor.name: chosen[factor.name] if factor.name in chosen else _suggest(trial, factor)
            for factor in self._factors
            if factor.name in living
        }


def _found_or_new(storage: BaseStorage, name: str, sampler: BaseSampler) -> optuna.Study:
    """Looked for first: `create_study(load_if_exists=True)` adds a line to the journal at every launch."""
    try:
        return optuna.load_study(storage=storage, study_name=name, sampler=sampler)
    except KeyError:
        return optuna.create_study(storage=storage, study_name=name, sampler=sampler, directions=DIRECTIONS)


def _suggest(trial: optuna.Trial, factor: Factor) -> Level:
    if factor.levels:
        return trial.suggest_categorical(factor.name, factor.levels)
    if factor.integer:
        return trial.suggest_int(factor.name, int(factor.low), int(factor.high), log=factor.log)
    return trial.suggest_float(factor.name, factor.low, factor.high, log=factor.log)


def _same(stored: Any, wanted: Any) -> bool:
    """Compared as text: to Python 1, 1.0 and True are equal, and a tuple and a list never are."""
    return json.dumps(stored, sort_keys=True) == json.dumps(wanted, sort_keys=True)


def _name_responses(study: optuna.Study) -> None:
    if study.metric_names is None:
        with warnings.catch_warnings():  # experimental since Optuna 3.2; it only labels the dashboard
            warnings.simplefilter("ignore", ExperimentalWarning)
            study.set_metric_names(RESPONSES)
