"""The bridge to Optuna of trials that are settled beforehand: a trial's number is its row."""

from collections.abc import Callable, Mapping
from typing import Any

from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial

from gradstudy.records import Level

Row = Callable[[Study, int], Mapping[str, Level]]
"""Which levels does the trial of this number get?"""


class RowSampler(BaseSampler):
    """Gives every trial the row of its number, however often and by whichever process it is asked.

    It samples each parameter "independently", as Optuna's GridSampler does: whatever made the rows has settled long
    before how the columns go together.
    """

    def __init__(self, row: Row):
        self._row = row

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: Mapping[str, BaseDistribution]
    ) -> dict[str, Any]:
        return {}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        return self._row(study, trial.number)[param_name]
