"""A batch norm whose batch is too small for statistics."""

from gradstudy.report.diagnosis.suspects.suspect import PROVEN, TELLING, Case, Suspect

FEW_SAMPLES = 4
"""Samples: the mean and deviation of so few are mostly luck."""


def few_in_a_batch(case: Case) -> Suspect | None:
    """A batch norm sees one sample, two, or a few, per feature.

    Of one sample the mean is the sample itself, so that its output is 0 and no gradient passes (pytorch#4534). Of two,
    the output is +1 and -1 whatever they are, and the gradient is as good as zero. Of three or four the deviation may
    be as small as one likes, and the gradient's mean square has no bound (Yang et al. 2019).
    """
    samples, task = case.parts["task"].smallest_batch, case.parts["task"]
    several = len(task.shape.inputs) > 1 and case.choices["model"] != "mlp"  # pixels and time steps count as samples
    if (
        case.choices["normalization"] != "batch"
        or samples > FEW_SAMPLES
        or several
        or not (case.ill.any() or case.is_silent)
    ):
        return None
    why = {
        1: "of one sample a batch norm makes exactly 0, and passes no gradient back",
        2: "of two samples a batch norm makes +1 and -1 whatever they are, and passes next to no gradient back",
    }.get(samples, f"the mean and deviation of {samples} samples are mostly luck, and gradients have no bound")
    said = f"task.batch_size is {samples}, and {why}. Use 16 or more, or a norm of single samples, such as layer."
    space = {
        "task.batch_size": f"choice({samples},8,32)",
        "normalization": "choice(batch,layer,none)",
    }
    return Suspect("batch size", said, PROVEN if samples <= 2 else TELLING + 0.9, space)
