"""A hunt by a genetic algorithm: for several objectives and many trials."""

from dataclasses import dataclass
from typing import ClassVar

from optuna.samplers import BaseSampler

from gradstudy.search import samplers
from gradstudy.search.hunt import Hunt


@dataclass(frozen=True)
class Nsga2(Hunt):
    name: ClassVar[str] = "nsga2"

    def sampler(self, seed: int, told: int) -> BaseSampler:
        return samplers.nsga2(seed, told)
