"""What every option of a studied group refuses: a number beyond one of its bounds, and a word it does not know."""

import re
from dataclasses import fields, replace
from typing import get_type_hints

import pytest
from support.enrolled import option_part, options

from gradstudy.parts import STUDIED

BOUNDS = {
    "above 0": "activation.beta clipping.clipping clipping.eps clipping.max_norm clipping.max_value lr.every "
    "normalization.eps regularization.max_norm",
    "at_least 0": "activation.alpha activation.negative_slope init.bias_std init.gain init.limit init.std lr.drop "
    "lr.final lr.pct_start lr.value lr.warmup model.frozen normalization.momentum optimizer.alpha optimizer.beta1 "
    "optimizer.beta2 optimizer.eps optimizer.initial_accumulator optimizer.momentum optimizer.weight_decay "
    "pretraining.corruption pretraining.rate regularization.dropout regularization.l1 regularization.weight_decay "
    "residual.depth_power task.length task.noise task.outliers task.scale task.side task.spread",
    "at_least 1": "init.connections lr.div_factor lr.final_div_factor model.depth model.feedforward model.heads "
    "model.kernel model.width normalization.groups optimizer.history optimizer.max_iter pretraining.k "
    "pretraining.steps task.batch_size task.features task.length task.outputs task.teacher_depth task.teacher_width",
    "at_least 2": "task.points",
    "at_least 8": "task.length",
    "at_least 10": "task.length",
    "at_least -1e+30": "task.outlier_scale",
    "below 1": "lr.pct_start optimizer.alpha optimizer.beta1 optimizer.beta2 optimizer.momentum "
    "pretraining.corruption regularization.dropout",
    "at_most 1": "lr.drop lr.every lr.final lr.warmup normalization.momentum task.outliers",
    "at_most 30": "task.spread",
    "at_most 64": "model.feedforward",
    "at_most 99": "model.kernel",
    "at_most 100": "task.teacher_depth",
    "at_most 1000": "optimizer.history optimizer.max_iter pretraining.k",
    "at_most 1024": "model.heads task.side",
    "at_most 4096": "task.features task.outputs task.teacher_width",
    "at_most 10000": "model.depth model.frozen",
    "at_most 16384": "model.width",
    "at_most 65536": "task.features task.outputs",
    "at_most 100000": "task.length",
    "at_most 1e+06": "init.connections normalization.groups pretraining.steps task.batch_size task.points",
    "at_most 1e+30": "task.outlier_scale task.scale",
    "words": "init.mode init.nonlinearity model.block model.kind model.order model.padding model.positions "
    "model.sharing",
    "none": "activation.start init.bias_mean init.negative_slope init.value model.forget_bias residual.bias "
    "residual.scale residual.skip_scale residual.start",
}
"""Every bound of every field of the studied groups, those aside that are true or false."""


def declared(group):
    """(part, its field, "bound limit" or "words" or "none") of every option of a group."""
    for part in (option_part(group, option) for option in options(group)):
        for entry in fields(part):
            if get_type_hints(type(part))[entry.name] is not bool:
                for bound, limit in entry.metadata.items() or [("none", None)]:
                    yield part, entry, bound if bound in ("words", "none") else f"{bound} {limit:g}"


def test_every_bound_that_a_field_declares_is_known():
    found = {(bound, f"{group}.{entry.name}") for group in STUDIED for _, entry, bound in declared(group)}
    assert found == {(bound, name) for bound, names in BOUNDS.items() for name in names.split()}


@pytest.mark.parametrize("group", STUDIED)
def test_what_lies_beyond_a_bound_is_refused_with_the_bound(group):
    for part, entry, bound in declared(group):
        if bound == "words":
            wrong, message = "unknown", f"must be one of {', '.join(entry.metadata['words'])}, got 'unknown'"
        elif bound == "none":
            continue
        else:
            kind, limit = bound.split()[0], entry.metadata[bound.split()[0]]
            away = {"above": 0, "below": 0, "at_least": -1, "at_most": 1}[kind] * max(1, abs(limit))
            wrong, message = limit + away, f"must be {kind.replace('_', ' ')} {limit}, got"
            wrong = (wrong, wrong) if isinstance(getattr(part, entry.name), tuple) else wrong
        with pytest.raises(ValueError, match=re.escape(f"{entry.name} {message}")):
            replace(part, **{entry.name: wrong})
