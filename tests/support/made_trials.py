"""Trials as the training would hand them over, made from a seed: whoever makes trial 3 again makes the same bits."""

import numpy as np

from gradstudy.records import Factor, MemberRecord, Series, StudyInfo, Trial, TrialResult
from gradstudy.tracking.publication import RunDisplay

FACTORS = (
    Factor("activation", ("tanh", "relu")),
    Factor("clipping.max_norm", low=0.1, high=10.0, log=True),
    Factor("model.depth", (2, 4)),
    Factor("dummy"),
)
PLACES = tuple(f"time_{time:03d}" for time in range(1, 31))


def make_info(study, **changes):
    plain = {
        "name": study,
        "fingerprint": "0123abcd",
        "question": "Does it?",
        "source": "Pascanu 2013",
        "factors": FACTORS,
        "seeds": 3,
        "steps": 20,
        "seed": 0,
        "design": "screen",
        "command": f"python -m gradstudy +study={study}",
        "settings": {"responses": {"cap": 10.0}},
    }
    return StudyInfo(**{**plain, **changes})


def make_result(number, *, verdicts=("healthy", "vanishing", "diverged"), steps=20):
    """A trial of three seeds; a diverged one ends at step 7 with inf and nan in its values."""
    rng = np.random.default_rng(number)
    records = tuple(_record(number, seed, verdict, steps, rng) for seed, verdict in enumerate(verdicts))
    levels = {
        "activation": ("tanh", "relu")[number % 2],
        "model.depth": 2 + 2 * (number % 2),
        "dummy": float(rng.random()),
    }
    if number % 2:
        levels["clipping.max_norm"] = float(10 ** rng.uniform(-1, 1))
    overrides = tuple(f"{name}={level}" for name, level in levels.items() if name != "dummy")
    rows = tuple(_row(record, verdict, rng) for record, verdict in zip(records, verdicts, strict=True))
    return TrialResult(Trial(number, levels, overrides), records, rows)


def make_shown(result):
    """What a person would see of a trial."""
    return RunDisplay(f"**trial {result.trial.number}**", {"figures/flow.svg": b"<svg/>"})


def _record(number, seed, verdict, steps, rng):
    bad = 7 if verdict == "diverged" else None
    count = steps if bad is None else bad + 1

    def series(*places):
        values = 10.0 ** rng.uniform(-30, 3, (count, len(places)))
        if bad is not None:
            values[-1] = rng.choice([np.inf, np.nan], len(places))
        return Series(places, np.arange(count), values)

    kinds = {
        "signal": PLACES,
        "gradient": ("cell.weight", "readout.bias"),
        "norm_before_clipping": ("all",),
        "norm_after_clipping": ("all",),
        "clip_coefficient": ("all",),
        "loss": ("all",),
    }
    measured = {quantity: series(*places) for quantity, places in kinds.items()}
    cost = {"seconds": 1.5 + number, "recorder": 0.01 * (seed + 1), "probes": 0.1 * (number + 1)}
    return MemberRecord(number, seed, measured, bad, "loss" if bad else None, cost=cost)


def _row(record, verdict, rng):
    return {
        "trial": record.trial,
        "seed": record.seed,
        "vanishing": float(rng.uniform(0, 10)),
        "exploding": float(rng.uniform(0, 1e-300)),
        "gain_init_theory": record.trial / 7 if record.trial % 3 else None,
        "verdict": verdict,
        "outcome": "learned" if verdict == "healthy" else "stuck",
        "first_bad_step": record.first_bad_step,
        "first_bad_tensor": record.first_bad_tensor,
    }
