"""The screen: the randomised way of searching, and the only one whose trials rank causes."""

from collections.abc import Sequence
from dataclasses import dataclass

from optuna.samplers import BaseSampler

from gradstudy.parts import Part
from gradstudy.records import Factor
from gradstudy.search.sampler import DesignSampler


@dataclass(frozen=True)
class Screen(Part):
    """Balanced, randomised trials that do not look at results.

    What the search asks of every way of searching is `storage` (empty: a journal file in the study's folder; or a
    database URL) and `sampler`; another way is one such class and one YAML.
    """

    storage: str = ""

    def sampler(self, factors: Sequence[Factor], seed: int) -> BaseSampler:
        return DesignSampler(factors, seed)
