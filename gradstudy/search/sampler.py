"""The bridge from a design to Optuna: a trial's number is its row."""

from collections.abc import Mapping, Sequence
from typing import Any

from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial

from gradstudy.records import Factor, Level
from gradstudy.search.design import design

BLOCKS = "blocks"
"""The attribute of an Optuna study that says how many trials each launch added: `[32, 96]`."""


class DesignSampler(BaseSampler):
    """Gives every trial the row of its number, however often and by whichever process it is asked.

    Blind to results, so it samples each parameter "independently", as Optuna's GridSampler does; the design has
    settled long before how the columns go together.
    """

    def __init__(self, factors: Sequence[Factor], seed: int):
        self._factors = tuple(factors)
        self._seed = seed
        self._known: dict[tuple[int, ...], list[dict[str, Level]]] = {}

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: Mapping[str, BaseDistribution]
    ) -> dict[str, Any]:
        return {}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        return self._rows(tuple(study.user_attrs[BLOCKS]))[trial.number][param_name]

    def _rows(self, blocks: tuple[int, ...]) -> list[dict[str, Level]]:
        if blocks not in self._known:
            self._known[blocks] = design(self._factors, blocks, self._seed)
        return self._known[blocks]
