"""The rows of the benchmark: which factors exist in each, and which of them are causes?"""

from functools import partial

from gradstudy.records import Factor
from planted import effects
from planted.row import Row, heavy, skewed

ACTIVATION = Factor("activation", ("tanh", "relu", "sigmoid", "gelu"))
BATCH = Factor("batch", low=8, high=256, log=True, integer=True)
CLIPPING = Factor("clipping", ("none", "norm", "value"))
DEPTH = Factor("depth", low=2, high=32, integer=True)
GAIN = Factor("init.gain", low=0.5, high=2.0)
INIT = Factor("init", ("orthogonal", "normal"))
LR = Factor("lr", low=1e-4, high=1e-1, log=True)
NORMALIZATION = Factor("normalization", ("none", "layer", "batch"))
OPTIMIZER = Factor("optimizer", ("sgd", "adam", "rmsprop"))
RESIDUAL = Factor("residual", ("none", "additive"))
SCHEDULE = Factor("schedule", ("constant", "cosine", "step", "linear", "warmup"))
NULLS = (
    BATCH,
    SCHEDULE,
    Factor("bias", (True, False)),
    Factor("dropout", low=0.0, high=0.5),
    Factor("eps", low=1e-9, high=1e-5, log=True),
    Factor("width", (16, 32, 64)),
    Factor("decay", low=1e-6, high=1e-2, log=True),
    Factor("heads", (1, 2, 4, 8)),
    Factor("warmup", low=0, high=20, integer=True),
    Factor("shuffle", ("yes", "no")),
)


def _diverging(share: float) -> Row:
    return Row(
        (LR, GAIN, OPTIMIZER, CLIPPING, ACTIVATION, DEPTH, *NULLS[:2]),
        ("lr", "init.gain", "optimizer", "clipping", "activation", "depth"),
        effects.decades,
        chance=partial(effects.divergence, share=share),
        seeds=4,
    )


MODERATE = ("lr", "activation", "normalization")
REAL = (
    Factor("depth", (4, 8, 16, 32)),
    Factor("activation", ("linear", "relu", "tanh", "sigmoid")),
    Factor("init", ("default", "xavier", "he")),
    Factor("norm", ("none", "layer", "batch")),
    *NULLS[:2],
)
WITH_NULLS = (LR, ACTIVATION, NORMALIZATION, *NULLS[:3])

ALL = {
    "additive": Row(
        (LR, ACTIVATION, NORMALIZATION, GAIN, INIT, OPTIMIZER),
        ("lr", "activation", "normalization", "init.gain", "init", "optimizer"),
        effects.additive,
    ),
    "interacting": Row(
        (ACTIVATION, INIT, LR, GAIN, DEPTH, NORMALIZATION, BATCH),
        ("activation", "init", "lr", "init.gain", "depth", "normalization"),
        effects.interacting,
    ),
    "non_monotone": Row(
        (GAIN, LR, NULLS[3], ACTIVATION, BATCH, INIT),
        ("init.gain", "lr", "dropout", "activation"),
        effects.non_monotone,
    ),
    "conditional": Row(
        (
            LR,
            CLIPPING,
            Factor("clipping.max_norm", low=0.1, high=10.0, log=True),
            Factor("clipping.max_value", low=1e-3, high=1.0, log=True),
            OPTIMIZER,
            Factor("optimizer.momentum", low=0.0, high=0.99),
            ACTIVATION,
            BATCH,
        ),
        ("lr", "clipping", "clipping.max_norm", "optimizer", "optimizer.momentum", "activation"),
        effects.conditional,
        lives={
            "clipping.max_norm": ("clipping", ("norm",)),
            "clipping.max_value": ("clipping", ("value",)),
            "optimizer.momentum": ("optimizer", ("sgd", "rmsprop")),
        },
    ),
    "heavy_tailed": Row(WITH_NULLS, MODERATE, effects.moderate, noise=heavy, seeds=4),
    "skewed": Row(
        (LR, ACTIVATION, NORMALIZATION, *NULLS[:3]), MODERATE, effects.moderate, noise=skewed, spread=0.3, seeds=4
    ),
    "diverged_5": _diverging(0.05),
    "diverged_20": _diverging(0.20),
    "diverged_40": _diverging(0.40),
    "null_factors": Row((LR, ACTIVATION, *NULLS), ("lr", "activation"), effects.two_causes),
    "correlated": Row(
        (LR, INIT, OPTIMIZER, GAIN, SCHEDULE, BATCH), ("lr", "init", "optimizer", "init.gain"), effects.tied, tied=True
    ),
    "few": Row((LR, ACTIVATION, NORMALIZATION), MODERATE, effects.few),
    "many": Row(
        (LR, ACTIVATION, INIT, GAIN, NORMALIZATION, *NULLS),
        ("lr", "activation", "init", "init.gain", "normalization"),
        effects.many,
        seeds=2,
    ),
    "g53": Row(REAL, ("depth", "activation", "init", "norm"), effects.deep, spread=0.3),
    "vanished": Row(REAL, ("depth", "activation", "init", "norm"), effects.vanished, spread=0.1),
    "four_way": Row(
        (ACTIVATION, INIT, LR, *NULLS[1:3], NULLS[3], NULLS[-1]),
        ("activation", "init", "lr", "bias", "shuffle"),
        effects.four_way,
        spread=0.3,
    ),
    "product_of_two": Row(
        (LR, RESIDUAL, GAIN, NORMALIZATION, BATCH, ACTIVATION, *NULLS[3:4], CLIPPING),
        ("lr", "residual", "activation"),
        effects.product_of_two,
        spread=0.3,
    ),
    "quadrants": Row(
        (LR, GAIN, NORMALIZATION, *NULLS[4:6], NULLS[8]),
        ("lr", "init.gain", "normalization"),
        effects.quadrants,
        spread=0.5,
    ),
    "nothing": Row((LR, ACTIVATION, GAIN, *NULLS), (), effects.nothing),
    "unsteady": Row(WITH_NULLS, MODERATE[:2], effects.two_causes, scatter=effects.unsteady),
}
