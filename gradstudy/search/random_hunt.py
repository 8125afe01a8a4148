"""A hunt without memory: every trial is drawn at random. What a cleverer hunt has to beat."""

from dataclasses import dataclass
from typing import ClassVar

from optuna.samplers import BaseSampler

from gradstudy.search import samplers
from gradstudy.search.hunt import Hunt


@dataclass(frozen=True)
class Random(Hunt):
    name: ClassVar[str] = "random"
    note: ClassVar[str] = "Trials drawn at random, others than those shown. They are looked through for the best only."

    def sampler(self, seed: int, told: int) -> BaseSampler:
        return samplers.random(seed, told)
