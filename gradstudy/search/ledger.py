"""The Optuna study that keeps what was asked and told.

Optuna numbers the trials and keeps them. A trial left unfinished by a killed driver is taken up under its own number,
so that every row is used by exactly one trial, whenever and however often drivers are stopped.
"""

import json
import warnings
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler
from optuna.storages import BaseStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from gradstudy.errors import InputError
from gradstudy.search.sampler import Row, RowSampler
from gradstudy.search.search_space import Levels, SearchSpace, suggested

SPACE = "space"
"""The attribute of an Optuna study that says what its trials were drawn from."""

BLOCKS = "blocks"
"""The attribute of an Optuna study that says how many trials each launch of a screen added: `[32, 96]`."""


class Ledger:
    """The trials of one Optuna study, whose levels are `row(study, number)`; `directions` maps what is told of them.

    `open` comes before everything else.
    """

    def __init__(self, space: SearchSpace, row: Row, directions: Mapping[str, str]):
        self._space, self._row, self._directions = space, row, dict(directions)

    def open(self, storage: BaseStorage, name: str, origin: Mapping[str, Any]) -> None:
        """Goes on with the study of this name, or begins it; InputError when its trials came from another `origin`."""
        study = _found_or_new(storage, name, RowSampler(self._row), list(self._directions.values()))
        ours = study.directions == [StudyDirection[direction.upper()] for direction in self._directions.values()]
        if ours and SPACE not in study.user_attrs and not study.get_trials(deepcopy=False):
            study.set_user_attr(SPACE, origin)
        if not ours or not _same(study.user_attrs.get(SPACE), origin):
            raise InputError(
                f"The stored trials of '{name}' must come from this launch's space, seed and search, but came from "
                "others. Give this study another name, or another search.storage."
            )
        _name_values(study, list(self._directions))
        self._study = study

    def __len__(self) -> int:
        return len(self._study.get_trials(deepcopy=False))

    def ask(self, count: int, start: int = 0) -> list[tuple[int, Levels]]:
        """The trials from `start` up to `count` as (number, levels), in order: stored ones, and newly asked ones."""
        study, known = self._study, self._study.get_trials(deepcopy=False)
        stored = [optuna.Trial(study, trial._trial_id) for trial in known[start:count]]
        asked = (study.ask() for _ in range(len(known), count))
        return [
            (trial.number, self._space.levels(lambda factor, trial=trial: suggested(trial, factor)))
            for trial in chain(stored, asked)
        ]

    def begin_with(self, past: Sequence[FrozenTrial]) -> None:
        """Trials that were told elsewhere come first; those that a killed driver put here are there already."""
        self._study.add_trials(past[len(self) :])

    def blocks(self) -> list[int]:
        """By how many trials was the study begun and extended?"""
        return list(self._study.user_attrs.get(BLOCKS, []))

    def declare(self, blocks: Sequence[int]) -> None:
        self._study.set_user_attr(BLOCKS, list(blocks))

    def tell(self, number: int, values: Sequence[float]) -> None:
        """Stores what came of a trial and ends it; a trial that has ended stays as it is."""
        self._study.tell(number, list(values), skip_if_finished=True)

    def prune(self, number: int) -> None:
        """Ends a trial after some of its seeds."""
        self._study.tell(number, state=TrialState.PRUNED, skip_if_finished=True)

    def report(self, number: int, by_seed: Sequence[float]) -> None:
        """Stores the values of single seeds with a trial that has not ended."""
        stored = self._study.get_trials(deepcopy=False)[number]
        if not stored.state.is_finished():
            trial = optuna.Trial(self._study, stored._trial_id)
            for seed in range(len(stored.intermediate_values), len(by_seed)):
                trial.report(by_seed[seed], seed)


def _found_or_new(storage: BaseStorage, name: str, sampler: BaseSampler, directions: list[str]) -> optuna.Study:
    """Looked for first: `create_study(load_if_exists=True)` adds a line to the journal at every launch."""
    try:
        return optuna.load_study(storage=storage, study_name=name, sampler=sampler)
    except KeyError:
        return optuna.create_study(storage=storage, study_name=name, sampler=sampler, directions=directions)


def _same(stored: Any, wanted: Any) -> bool:
    """Compared as text: to Python 1, 1.0 and True are equal, and a tuple and a list never are."""
    return json.dumps(stored, sort_keys=True) == json.dumps(wanted, sort_keys=True)


def _name_values(study: optuna.Study, names: list[str]) -> None:
    if study.metric_names is None:
        with warnings.catch_warnings():  # experimental since Optuna 3.2; it only labels the dashboard
            warnings.simplefilter("ignore", ExperimentalWarning)
            study.set_metric_names(names)
