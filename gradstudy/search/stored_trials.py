"""The Optuna study that keeps what was asked and told.

Optuna numbers the trials and keeps them. A trial left unfinished by a killed driver is taken up under its own number,
so that every row is used by exactly one trial, whenever and however often drivers are stopped. A trial whose levels are
not those of its number (two drivers added trials at once, or a line of the journal is gone) and all behind it are asked
anew: Optuna cannot change a trial, so the study is made anew, and the old one stays under another name.
"""

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import count
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState, create_trial

from gradstudy.errors import InputError
from gradstudy.search.objective import Objective
from gradstudy.search.search_space import Levels, SearchSpace, distribution, suggested

SPACE = "space"
"""The attribute of an Optuna study that says what its trials were drawn from."""

Row = Callable[[optuna.Study, int], Levels]
"""The levels of the trial of this number."""


class StoredTrials:
    """The trials of one Optuna study, whose levels are `row(study, number)`. `open` comes before everything else."""

    study: optuna.Study

    def __init__(self, space: SearchSpace, row: Row, objectives: Sequence[Objective]):
        self._space, self._row, self._objectives = space, row, objectives

    def open(
        self,
        storage: BaseStorage,
        name: str,
        *,
        search: str | Mapping[str, Any],
        seed: int,
        kept: Mapping[int, Levels],
        say: Callable[[str], object],
    ) -> None:
        """Goes on with the study of this name, or begins it; InputError when its trials came from elsewhere.

        `search` is the identity of the way of searching. `kept` are levels that trials have for sure, and `say` is
        told where the study has others, and is made anew.
        """
        self._storage, self._kept, self._say = storage, kept, say
        origin = {"search": search, "seed": seed, "factors": [factor.to_json() for factor in self._space.factors]}
        directions = [objective.direction for objective in self._objectives]
        try:  # looked for first: `create_study(load_if_exists=True)` adds a line to the journal at every launch
            study = optuna.load_study(storage=storage, study_name=name, sampler=_RowSampler(self._row))
        except KeyError:
            study = self._begun(name)
        ours = [direction.name.lower() for direction in study.directions] == directions
        if ours and SPACE not in study.user_attrs and not study.get_trials(deepcopy=False):
            study.set_user_attr(SPACE, origin)
        if not ours or not _same(study.user_attrs.get(SPACE), origin):
            raise InputError(
                f"The stored trials of '{name}' must come from this launch's space, seed and search, but came from "
                "others. Give this study another name, or another search.storage."
            )
        self.study = study
        self._name_objectives()
        known = study.get_trials(deepcopy=False)
        wrong = (trial.number for trial in known if not _agrees(trial, kept.get(trial.number, trial.params)))
        if (first := next(wrong, None)) is not None:
            self._make_anew(first)

    def __len__(self) -> int:
        """The number of its trials, up to the last of which something came."""
        finished = [one.number for one in self.study.get_trials(deepcopy=False) if one.state.is_finished()]
        return max([*finished, *self._kept], default=-1) + 1

    def begin_with(self, told: Sequence[FrozenTrial]) -> None:
        """Trials that were told elsewhere come first; those that a killed driver put here are there already."""
        self.study.add_trials(told[len(self.study.get_trials(deepcopy=False)) :])

    def ask(self, start: int, stop: int) -> list[tuple[int, Levels]]:
        """The trials from `start` up to `stop` as (number, levels), in order: stored ones, and newly asked ones."""
        for trial in self.study.get_trials(deepcopy=False)[start:stop]:
            if trial.number not in self._kept and not _agrees(trial, self._row(self.study, trial.number)):
                self._make_anew(trial.number)
                break
        known = self.study.get_trials(deepcopy=False)
        stored = [optuna.Trial(self.study, trial._trial_id) for trial in known[start:stop]]
        found = [(trial.number, self._space.levels(partial(suggested, trial))) for trial in stored]
        return [*found, *((number, self._begin(number)) for number in range(max(start, len(known)), stop))]

    def _begin(self, number: int) -> Levels:
        """The levels of a new trial, stored with it: one write to the disk, where `Study.ask` takes one per level."""
        row = self._kept.get(number) or self._row(self.study, number)
        levels = self._space.levels(lambda factor: row[factor.name])
        distributions = {factor.name: distribution(factor) for factor in self._space.factors if factor.name in levels}
        begun = create_trial(state=TrialState.RUNNING, params=dict(levels), distributions=distributions)
        self.study.add_trial(begun)
        return levels

    def tell(self, number: int, values: Sequence[float] | None, by_seed: Sequence[float] = ()) -> None:
        """Stores what came of a trial and ends it, pruned without values; a trial that has ended stays as it is.

        `by_seed` are the values of single seeds, where a pruner compares them.
        """
        if by_seed:  # a list of all trials for each that is told would make long studies slow for nothing
            stored = self.study.get_trials(deepcopy=False)[number]
            if not stored.state.is_finished():
                trial = optuna.Trial(self.study, stored._trial_id)
                for seed in range(len(stored.intermediate_values), len(by_seed)):
                    trial.report(by_seed[seed], seed)
        state = TrialState.PRUNED if values is None else None
        self.study.tell(number, values, state=state, skip_if_finished=True)

    @property
    def failed(self) -> frozenset[int]:
        """Those that ended without having been measured, whatever is known of them by now."""
        states = (trial.state for trial in self.study.get_trials(deepcopy=False))
        return frozenset(number for number, state in enumerate(states) if state == TrialState.FAIL)

    def fail(self, number: int) -> None:
        """Ends a trial that could not be measured; one that has ended stays as it is."""
        self.study.tell(number, state=TrialState.FAIL, skip_if_finished=True)

    def _begun(self, name: str) -> optuna.Study:
        directions = [objective.direction for objective in self._objectives]
        return optuna.create_study(
            storage=self._storage, study_name=name, sampler=_RowSampler(self._row), directions=directions
        )

    def _name_objectives(self) -> None:
        if self.study.metric_names is None:
            with warnings.catch_warnings():  # experimental since Optuna 3.2; it only labels the dashboard
                warnings.simplefilter("ignore", ExperimentalWarning)
                self.study.set_metric_names([objective.response for objective in self._objectives])

    def _make_anew(self, first: int) -> None:
        """The study with its trials before this one; as it was it stays under another name."""
        name, storage = self.study.study_name, self._storage
        names = optuna.get_all_study_names(storage)
        aside = next(aside for n in count(1) if (aside := f"{name}-damaged-{n}") not in names)
        right, attributes = self.study.get_trials()[:first], self.study.user_attrs
        optuna.copy_study(from_study_name=name, from_storage=storage, to_storage=storage, to_study_name=aside)
        optuna.delete_study(study_name=name, storage=storage)
        self.study = self._begun(name)
        for attribute, value in attributes.items():
            self.study.set_user_attr(attribute, value)
        self._name_objectives()
        self.study.add_trials(right)
        self._say(
            f"The search of '{name}' holds other levels than trial {first} has, as where two drivers ran it at once: "
            f"it is made anew from the stored trials, and what it was is kept as '{aside}'."
        )


class _RowSampler(BaseSampler):
    """Gives every trial the row of its number, however often and by whichever process it is asked.

    It samples each parameter "independently", as Optuna's GridSampler does: whatever made the rows has settled long
    before how the columns go together.
    """

    def __init__(self, row: Row):
        self._row = row

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return {}

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: Mapping[str, BaseDistribution]
    ) -> dict[str, Any]:
        return {}

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        return self._row(study, trial.number)[param_name]


def _agrees(trial: FrozenTrial, levels: Levels) -> bool:
    """Whether the trial has these levels, as far as it has any yet."""
    return trial.params.items() <= levels.items()


def _same(stored: Any, wanted: Any) -> bool:
    """Compared as text: to Python 1, 1.0 and True are equal, and a tuple and a list never are."""
    return json.dumps(stored, sort_keys=True) == json.dumps(wanted, sort_keys=True)
