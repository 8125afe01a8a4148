"""Which suspects there are, the most telling first: the table that a new rule joins."""

import numpy as np

from gradstudy.report.diagnosis.suspects.batch_statistics import few_in_a_batch
from gradstudy.report.diagnosis.suspects.data_at_fault import size_of_inputs, size_of_targets, uneven_features
from gradstudy.report.diagnosis.suspects.float_floor import below_eps, below_the_floor
from gradstudy.report.diagnosis.suspects.idle_units import mostly_dead, mostly_saturated
from gradstudy.report.diagnosis.suspects.long_sequences import longer_than_memory
from gradstudy.report.diagnosis.suspects.norm_order import batch_norm_in_depth, behind_the_sum
from gradstudy.report.diagnosis.suspects.single_steps import nothing_clips
from gradstudy.report.diagnosis.suspects.starting_weights import activation_under_init, all_alike, size_of_weights
from gradstudy.report.diagnosis.suspects.step_size import (
    hardly_moves,
    into_sharper_ground,
    over_the_curvature,
    too_far_a_step,
)
from gradstudy.report.diagnosis.suspects.strong_regularization import (
    decay_outweighs,
    held_short,
    mostly_dropped,
    pulled_to_zero,
)
from gradstudy.report.diagnosis.suspects.suspect import (
    POSSIBLE,
    PROVEN,
    TELLING,
    WITHOUT_ANOTHER,
    Case,
    Suspect,
    SuspectRule,
)

RULES: tuple[SuspectRule, ...] = (
    few_in_a_batch,
    all_alike,
    over_the_curvature,
    into_sharper_ground,
    too_far_a_step,
    hardly_moves,
    size_of_inputs,
    uneven_features,
    size_of_targets,
    size_of_weights,
    activation_under_init,
    longer_than_memory,
    behind_the_sum,
    batch_norm_in_depth,
    nothing_clips,
    decay_outweighs,
    pulled_to_zero,
    held_short,
    mostly_dropped,
    mostly_dead,
    mostly_saturated,
    below_the_floor,
    below_eps,
)
MOST_SUSPECTS = 4
"""Suspects that are named: of more, none is the one."""


def ranked_suspects(case: Case) -> tuple[Suspect, ...]:
    """The suspects of a configuration, the most telling first; none where nothing is wrong with it."""
    if not case.ill.any():
        return ()
    with np.errstate(all="ignore"):
        found = [suspect for rule in RULES if (suspect := rule(case)) is not None]
    found.sort(key=lambda suspect: -suspect.weight)
    if not found:
        return ()
    first = found[0].weight  # beside a proof, what else may be is no help
    least = TELLING if first >= PROVEN else POSSIBLE if first >= POSSIBLE else WITHOUT_ANOTHER
    return tuple(suspect for suspect in found[:MOST_SUSPECTS] if suspect.weight >= least)
