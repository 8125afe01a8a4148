"""An activation whose slope follows from its value, in machine code: PyTorch's tanh in float64 takes thrice the time.

Values lie as what enters does, member by member, in whatever order a map has left it.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from gradstudy.factors.coefficients import of_each
from gradstudy.kernels.rules import activate_rows, send_back_rows
from gradstudy.layer_parts import Activation


def ruled(activation: Activation, x: Tensor) -> Tensor:
    """phi(x) for x [member, ...] of an activation that has a rule."""
    assert activation.rule is not None, "asked for where there is one only"
    rule, coefficient = activation.rule
    coefficients = of_each(coefficient, len(x), x.dtype)
    values: Tensor = _Ruled.apply(rule, coefficients.numpy(), x)  # type: ignore[no-untyped-call]
    return values


class _Ruled(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rule: int, coefficients: Any, x: Tensor) -> Tensor:
        y = x.clone()
        if len(y) > 1 and y.stride(0) != y[0].numel():
            y = x.clone(memory_format=torch.contiguous_format)
        activate_rows(rule, coefficients, _rows(y))
        ctx.given = rule, coefficients
        ctx.save_for_backward(y)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, sent: Tensor) -> tuple[None, None, Tensor]:
        (y,), back = ctx.saved_tensors, torch.empty_like(ctx.saved_tensors[0])
        if sent.stride() != y.stride():
            sent = torch.empty_like(y).copy_(sent)
        send_back_rows(*ctx.given, *map(_rows, (y, sent, back)))
        return None, None, back


def _rows(dense: Tensor) -> Any:
    """[member, entry], as they lie."""
    size = dense[0].numel()
    return dense.detach().as_strided((len(dense), size), (size, 1)).numpy()
