"""Self-attention of every member: each token is a weighted mean over all tokens of its sequence."""

import math
from typing import Any

import torch
from torch import Tensor

from gradstudy.factors.model.layers import Linear, Weight
from gradstudy.kernels.attending import attend_back_into, attend_into
from gradstudy.kernels.compiled import runs_compiled
from gradstudy.layer_parts import Adjust, Layers
from gradstudy.network import Parameter, Pass
from gradstudy.random_network import BranchStep, Law, NoTheory


class Attention:
    """softmax(Q K^T / sqrt(width / heads)) V for every head, and one map back (Vaswani et al. 2017).

    `x` is [member, batch * token, width], with `length` tokens per sample; no token is masked. Named and shaped as
    torch.nn.MultiheadAttention, whose laws init=default takes. `adjusts` change the drawn weights of its two maps.
    """

    def __init__(self, name: str, size: tuple[int, int], layers: Layers, *, heads: int, adjusts: tuple[Adjust, Adjust]):
        self.length, width = size
        self.heads, self.head = heads, width // heads
        # torch draws Q, K and V as one Xavier matrix [3 width, width]
        joint = Parameter(
            f"{name}.in_proj_weight",
            (3 * width, width),
            "hidden",
            math.sqrt(6 / (4 * width)),
            blocks=3,
            adjust=adjusts[0],
        )
        back = Parameter(f"{name}.out_proj.weight", (width, width), "hidden", 1 / math.sqrt(width), adjust=adjusts[1])
        self.in_proj = _Projection(joint, f"{name}.in_proj_bias", layers)
        self.out_proj = _Projection(back, f"{name}.out_proj.bias", layers)
        self.parameters = (*self.in_proj.parameters, *self.out_proj.parameters)
        self.buffers = (*self.in_proj.buffers, *self.out_proj.buffers)

    def __call__(self, run: Pass, x: Tensor) -> Tensor:
        projected = self.in_proj(run, x)
        if runs_compiled(x):
            attended = Attended.apply(projected, self.heads, self.length)  # type: ignore[no-untyped-call]
            return self.out_proj(run, attended)
        queries, keys, values = self._split(projected)
        weights = torch.bmm(queries / math.sqrt(self.head), keys.transpose(1, 2)).softmax(-1)
        mixed = torch.bmm(weights, values).view(-1, self.heads, self.length, self.head)
        return self.out_proj(run, mixed.transpose(1, 2).reshape(x.shape))

    def random_branch(self, law: Law) -> tuple[BranchStep, ...]:
        """NoTheory: there is none of attention."""
        raise NoTheory("attention weights tokens by what they hold: only attention=false has a theory here")

    def _split(self, projected: Tensor) -> tuple[Tensor, ...]:
        """[member, batch * token, 3 width] -> Q, K and V, each [member * batch * head, token, feature of a head].

        One copy for all three: bmm would else make one of each.
        """
        apart = projected.view(-1, self.length, 3, self.heads, self.head).permute(2, 0, 3, 1, 4)
        return apart.reshape(3, -1, self.length, self.head).unbind(0)


class Attended(torch.autograd.Function):
    """[member, batch * token, 3 width] -> [member, batch * token, width] in machine code, weights made anew on the way
    back."""

    @staticmethod
    def forward(ctx: Any, projected: Tensor, heads: int, length: int) -> Tensor:
        ctx.heads, apart = heads, torch.unflatten(projected, 1, (-1, length)).contiguous()
        ctx.save_for_backward(apart)
        mixed = apart.new_empty(*apart.shape[:3], apart.shape[3] // 3)
        attend_into(apart.numpy(), heads, mixed.numpy())
        return mixed.flatten(1, 2)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        (apart,) = ctx.saved_tensors
        given, back = gradient.contiguous().view(*apart.shape[:3], -1), torch.empty_like(apart)
        attend_back_into(apart.numpy(), ctx.heads, given.numpy(), back.numpy())
        return back.flatten(1, 2), None, None


class _Projection(Linear):
    """A linear map with names of its own, whose biases start at zero with init=default."""

    def __init__(self, weight: Parameter, bias: str, layers: Layers):
        self.weight, self.bias = Weight(weight, layers.normalization), bias
        self.parameters = (*self.weight.parameters, Parameter(bias, weight.shape[:1], "bias", adjust=weight.adjust))
        self.buffers = self.weight.buffers
