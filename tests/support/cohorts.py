"""Cohorts for tests: parts by name over small defaults."""

import math
from dataclasses import dataclass

from gradstudy.factors import activation, clipping, init, lr, optimizer, pretraining, regularization, residual
from gradstudy.factors.model.gru import Gru
from gradstudy.factors.model.lstm import Lstm
from gradstudy.factors.model.rnn import Rnn
from gradstudy.factors.normalization.base import NoNormalization
from gradstudy.records import Member
from gradstudy.tasks.adding import Adding
from gradstudy.training.cohort import Cohort

CELLS = {"rnn": Rnn, "lstm": Lstm, "gru": Gru}
OPTIMIZERS = {
    "sgd": optimizer.Sgd(),
    "momentum": optimizer.Sgd(momentum=0.9),
    "nesterov": optimizer.Sgd(momentum=0.9, nesterov=True),
    "adam": optimizer.Adam(),
    "adamw": optimizer.AdamW(weight_decay=0.1),
    "rmsprop": optimizer.RmsProp(),
}
BY_ENTRY = [
    optimizer.Sgd(momentum=0.9),
    optimizer.Sgd(momentum=0.5, nesterov=True),
    optimizer.Adam(),
    optimizer.AdamW(weight_decay=0.3),
    optimizer.RmsProp(),
    optimizer.Adagrad(initial_accumulator=0.1),
    optimizer.Lion(weight_decay=0.2),
]
"""Every optimizer whose rule is one for a single entry."""
CLIPPINGS = {
    "none": clipping.Threshold(),
    "norm": clipping.Threshold(max_norm=0.05),
    "value": clipping.Threshold(max_value=0.01),
}


@dataclass(frozen=True)
class Numbered(residual.Scaled):
    """Marks the drawn weights of a branch: which block count, how many maps, which map."""

    def adjust(self, blocks, maps, index):
        return lambda weight: weight.fill_(100 * blocks + 10 * maps + index)


def parts(**changes):
    """The parts of one trial: a small tanh RNN on the adding problem, changed where asked."""
    defaults = {
        "model": Rnn(width=7),
        "activation": activation.Tanh(),
        "init": init.Orthogonal(),
        "normalization": NoNormalization(),
        "residual": residual.NoResidual(),
        "clipping": clipping.Threshold(max_norm=math.inf),
        "lr": lr.Constant(0.01),
        "optimizer": optimizer.Sgd(),
        "regularization": regularization.Penalty(),
        "pretraining": pretraining.NoPretraining(),
        "task": Adding(length=8, batch_size=4),
    }
    return defaults | changes


def cohort(*trials, seeds=2, steps=5, **settings):
    """A cohort of these trials (each a mapping of parts), every one at every seed."""
    members = tuple(Member(trial, seed) for trial in range(len(trials)) for seed in range(seeds))
    return Cohort(members, dict(enumerate(trials)), study_seed=settings.pop("study_seed", 0), steps=steps, **settings)
