"""Records of one member whose truth is known by algebra."""

import numpy as np

from gradstudy.records import MemberRecord, Series


def made_record(
    signal, *, trial=3, seed=1, kind="layer", places=None, norms=None, after=None, coefficients=None, loss=None,
    baseline=None, looks=(), exact=None, seen=None, **fields,
) -> MemberRecord:  # fmt: skip
    """A member with this signal [step, place]; norms (`after` clipping too), coefficient and loss are 1 by default.

    Its task has a `baseline` where that is given. float64 saw `exact` [look, place], or the same signal, at the steps
    `looks`; `seen` maps further quantities to a dictionary of places and their value per look.
    """
    values = np.array(signal, dtype=float)
    places = places or [f"{kind}_{place:02d}" for place in range(1, values.shape[1] + 1)]
    scalars = {
        "norm_before_clipping": norms,
        "norm_after_clipping": norms if after is None else after,
        "clip_coefficient": coefficients,
        "loss": loss,
    }
    series = {"signal": made_series(values, places)}
    series |= {name: made_series(np.ones(len(values)) if given is None else given) for name, given in scalars.items()}
    if baseline is not None:
        series["baseline_loss"] = made_series([baseline])
    if looks:
        series["signal_float64"] = made_series((values if exact is None else exact)[: len(looks)], places, looks)
    for quantity, by_place in (seen or {}).items():
        table = np.array(list(by_place.values())).T
        series[quantity] = made_series(table, by_place, looks[-len(table) :])
    return MemberRecord(trial, seed, series, **fields)


def made_series(values, places=("all",), steps=None) -> Series:
    """Values [step, place], or [step] of one place, from step 0 on by default."""
    values = np.asarray(values, dtype=float).reshape(-1, len(places))
    return Series(tuple(places), np.arange(len(values)) if steps is None else np.array(steps), values)
