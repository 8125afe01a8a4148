"""A hunt by a Gaussian process: some second per trial, for few and costly ones."""

from dataclasses import dataclass
from typing import ClassVar

from optuna.samplers import BaseSampler

from gradstudy.search import samplers
from gradstudy.search.hunt import Hunt


@dataclass(frozen=True)
class Gp(Hunt):
    name: ClassVar[str] = "gp"

    def sampler(self, seed: int, told: int) -> BaseSampler:
        return samplers.gp(seed, told)
