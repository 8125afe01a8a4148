"""A hunt by tree-structured Parzen estimators: quick, and at home with levels and conditional factors."""

from dataclasses import dataclass
from typing import ClassVar

from optuna.samplers import BaseSampler

from gradstudy.search import samplers
from gradstudy.search.hunt import Hunt


@dataclass(frozen=True)
class Tpe(Hunt):
    name: ClassVar[str] = "tpe"

    def sampler(self, seed: int, told: int) -> BaseSampler:
        return samplers.tpe(seed, told)
