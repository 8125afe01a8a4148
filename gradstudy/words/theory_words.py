"""How it is written what mean-field theory said of a study."""

import numpy as np


def agreement_note(*, predicted: int, silent: int, beyond: int, r2: float, rmse: float) -> str:
    """For how many trials theory speaks, how far off it is in decades, and how many of them have no size."""
    remarks = (
        (True, f"Theory predicts gain_init for {predicted} of {predicted + silent} trials"),
        (np.isfinite(r2), f", R2 {r2:.4f}"),
        (np.isfinite(rmse), f", off by {rmse:.2f} decades (RMS)"),
        (True, "."),
        (beyond, f" Left out, for a signal of exactly 0 or beyond float64: {beyond} of them."),
    )
    return "".join(remark for holds, remark in remarks if holds)
