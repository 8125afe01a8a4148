"""Units that pass nothing on."""

import numpy as np

from gradstudy.report.diagnosis.judgement import IDLE_FROM
from gradstudy.report.diagnosis.suspects.suspect import POSSIBLE, Case, Suspect, log_range, options
from gradstudy.report.diagnosis.symptoms import BINARY, Idle


def mostly_dead(case: Case) -> Suspect | None:
    """Most units of many layers are dead: no sample turns them on, and none brings them back.

    A step that is too large pushes their bias below all inputs (Lu et al. 2019: dying ReLU), so that of those that died
    in training the rate is suspected as well; a small slope on the other side keeps them alive.
    """
    return _idle(case, "dead", case.symptoms.dead, ("leaky_relu", "elu"), "a slope below 0, such as leaky_relu has,")


def mostly_saturated(case: Case) -> Suspect | None:
    """Most units stand on a flat end of their nonlinearity: inputs or weights are too large for it.

    Their slope is near 0, and the product of slopes is what comes back (Glorot & Bengio 2010).
    """
    return _idle(case, "saturated", case.symptoms.saturated, ("relu",), "smaller inputs or weights, or relu,")


def _idle(case: Case, state: str, idle: Idle | None, others: tuple[str, ...], cure: str) -> Suspect | None:
    """At most POSSIBLE: it says where the signal ends; what drove the units there is another suspect."""
    if idle is None or not case.ill.any():
        return None
    typical, most = float(np.nanmedian(idle.share)), float(np.nanmax(idle.share))
    everywhere = typical > IDLE_FROM[state]
    if not everywhere and most <= BINARY:
        return None
    share, site = (typical, "") if everywhere else (most, f" in {idle.sites[int(np.nanargmax(idle.share))]}")
    at_start, rate = idle.step == 0, float(case.parts["lr"].value)
    when = "before anything is learned" if at_start else f"at step {idle.step}"
    units = f"{case.choices['activation']} units{site}"
    mend = cure if at_start else f"smaller steps, or {cure}"
    said = f"{100 * share:.0f} % of the {units} are {state} {when}: {mend} would keep them at work."
    space = {"activation": options(case.choices["activation"], *others)}
    if not at_start and rate > 0.0:
        space = {"lr.value": log_range(rate, rate / 100), **space}
    return Suspect("activation", said, POSSIBLE + share / 2, space)
