"""Records of one member whose truth is known by algebra."""

import numpy as np

from gradstudy.records import MemberRecord, Series


def made_record(signal, *, norms=None, coefficients=None, loss=None, first_bad_step=None) -> MemberRecord:
    """A member with this signal [step, place]; norm, clip coefficient and loss are 1 unless given."""
    steady = np.ones(len(signal))
    measured = {
        "signal": signal,
        "norm_before_clipping": steady if norms is None else norms,
        "clip_coefficient": steady if coefficients is None else coefficients,
        "loss": steady if loss is None else loss,
    }
    return MemberRecord(3, 1, {name: made_series(values) for name, values in measured.items()}, first_bad_step)


def made_series(values) -> Series:
    """Values [step, place], or [step] of one place, from step 0 on."""
    values = np.asarray(values, dtype=float)
    values = values[:, None] if values.ndim == 1 else values
    return Series(tuple(f"p{place:03d}" for place in range(values.shape[1])), np.arange(len(values)), values)
