"""Norms that stand where they cut the way back, or that make gradients grow."""

from gradstudy.report.diagnosis.judgement import TENFOLD
from gradstudy.report.diagnosis.suspects.suspect import TELLING, WITHOUT_ANOTHER, Case, Suspect, log_range
from gradstudy.words.number_words import compact, counted

DEEP = 6
"""Blocks: of fewer, either order trains."""


def behind_the_sum(case: Case) -> Suspect | None:
    """A transformer, or a residual network, that normalises behind the sum and not in the branch.

    Every norm behind a sum scales the skip as well, so that what comes back falls with depth, and large steps near the
    output need a warm-up; in the branch the skip stays free (Xiong et al. 2020; He et al. 2016b for residual networks).
    """
    model, depth = case.parts["model"], len(case.symptoms.places)
    post = getattr(model, "order", "") == "post"
    if not post or depth < DEEP or not case.ill.any():
        return None
    lost = -float(case.symptoms.members["gain"].median())
    loses = f", which loses {compact(lost)} decades in the median step" if lost >= TENFOLD else ""
    said = (
        f"post: {counted(depth, 'norm')} behind the sums stand in the way back{loses}. model.order=pre leaves the "
        "skips free; with post, a warm-up of the learning rate helps."
    )
    space = {"model.order": "choice(post,pre)", "lr.value": log_range(*_around(case))}
    return Suspect("order of norm and sum", said, TELLING + 0.5 if loses else WITHOUT_ANOTHER, space)


def batch_norm_in_depth(case: Case) -> Suspect | None:
    """A deep plain network with batch norms, whose gradients grow from layer to layer at step 0.

    By a factor of about 1.2 per layer, whatever the init (Yang et al. 2019); skips bound it.
    """
    plain = case.choices["normalization"] == "batch" and not case.parts["residual"].joins
    if not plain or not case.exploded.any() or case.symptoms.gain < 1.0:
        return None
    factor = 10 ** (case.symptoms.gain / case.symptoms.distance)
    said = (
        f"batch norms make gradients grow by a factor of {compact(factor)} per {case.symptoms.kind} "
        "at step 0, whatever the init; skips, or another norm, bound it."
    )
    return Suspect("normalization", said, TELLING, {"normalization": "choice(batch,layer,none)"})


def _around(case: Case) -> tuple[float, float]:
    rate = float(case.parts["lr"].value) or 1e-3
    return rate / 10, rate * 10
