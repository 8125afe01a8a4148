"""Gradients below what a float, or an optimizer, can tell from nothing."""

import numpy as np

from gradstudy.report.diagnosis.suspects.suspect import POSSIBLE, Case, Suspect, log_range
from gradstudy.words.number_words import compact

MOST_ENTRIES = 0.5


def below_the_floor(case: Case) -> Suspect | None:
    """Training reads 0 where float64 sees a gradient.

    float32 has no number below 1e-45, and none with all its digits below 1e-38 (Micikevicius et al. 2018 scale the loss
    for the like). More range mends what reads 0, and not what vanishes.
    """
    reads_zero = (case.symptoms.recorded == 0.0) & (case.symptoms.signal > 0.0)
    if not case.ill.any() or not reads_zero[:, 0].any() or case.is_silent:
        return None
    smallest = float(case.symptoms.signal[case.symptoms.signal > 0.0].min())
    said = (
        f"signals down to {compact(smallest)} read 0 in float32, which ends at 1e-45. device.dtype=float64 shows them; "
        "what makes them so small stays."
    )
    return Suspect("precision", said, POSSIBLE)


def below_eps(case: Case) -> Suspect | None:
    """Most entries of the gradient are so small that the optimizer's eps, and not the gradient, scales their steps.

    Where the root of the mean squared gradient is below eps, a step of Adam is the rate times the gradient over eps
    (Kingma & Ba 2015, algorithm 1): it vanishes with the gradient, which it is there to prevent.
    """
    share = [
        record.series["adam_eps_share"].values[-1]
        for record in case.measured.records
        if "adam_eps_share" in record.series
    ]
    if not share or not case.ill.any() or not np.nanmedian(share) > MOST_ENTRIES:
        return None
    eps = float(case.parts["optimizer"].eps)
    said = (
        f"of the typical weight tensor {100 * float(np.nanmedian(share)):.0f} % have gradients below optimizer.eps, "
        f"{compact(eps)}, so that {case.choices['optimizer']} no longer makes up for their size."
    )
    return Suspect("eps of the optimizer", said, POSSIBLE, {"optimizer.eps": log_range(eps, eps * 1e-8)} if eps else {})
