"""Normalisations of weights: the map of a layer is rescaled, and its features are left as they come.

A weight [out, in] or [out, in, height, width] is taken as the matrix [out, rest], also where several gates are stacked.
"""

from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Generator, Tensor

from gradstudy.layer_parts import Normalization
from gradstudy.network import Local, Parameter, spread_over
from gradstudy.random_network import Norm, NoTheory

START_ITERATIONS = 15
"""As torch.nn.utils.parametrizations.spectral_norm."""


@dataclass(frozen=True)
class WeightNorm(Normalization):
    """w = g v / ||v|| for every output unit; v is drawn by the init, and g starts at ||v|| (Salimans & Kingma 2016).

    g is [out, 1], so that what bounds a unit's incoming weights (max_norm) bounds g, which is their length.

    Where a residual connection rescales the drawn weight (zero_init, fixup), g starts at the rescaled norm and v stays
    as it was drawn: a branch that starts at 0 still has a direction in which to grow.
    """

    def weight_parameters(self, weight: Parameter) -> tuple[Parameter, ...]:
        def norm(source: Tensor, generator: Generator) -> Tensor:
            adjusted = source.clone()
            if weight.adjust is not None:
                weight.adjust(adjusted)
            length: Tensor = torch.linalg.vector_norm(adjusted.flatten(1), dim=1, keepdim=True)
            return length

        scale = Parameter(f"{weight.name}.scale", (weight.shape[0], 1), "own", fill=norm, of=weight.name)
        return replace(weight, adjust=None), replace(scale, trained=weight.trained)

    def weight_at(self, local: Local, weight: Tensor) -> Tensor:
        norm = torch.linalg.vector_norm(weight.flatten(2), dim=2, keepdim=True)
        factor = local["scale"] / torch.where(norm == 0, 1.0, norm)  # a unit whose v is exactly 0 stays at 0
        return weight * spread_over(factor, weight)

    def norm(self) -> Norm:
        return "none"  # with g = ||v|| the weight starts as it was drawn


@dataclass(frozen=True)
class SpectralNorm(Normalization):
    """w / sigma, sigma the largest singular value of w, followed by one power iteration a step (Miyato et al. 2018).

    sigma = u^T w v. u and v move on training passes only, after 15 iterations at the start, as in PyTorch.
    """

    def weight_parameters(self, weight: Parameter) -> tuple[Parameter, ...]:
        return (replace(weight, scale_free=True),)

    def weight_buffers(self, weight: Parameter) -> tuple[Parameter, ...]:
        out, rest = weight.shape[0], torch.Size(weight.shape[1:]).numel()
        return tuple(
            Parameter(f"{weight.name}.{side}", (size,), "own", fill=partial(_start, side), of=weight.name)
            for side, size in (("u", out), ("v", rest))
        )

    def weight_at(self, local: Local, weight: Tensor) -> Tensor:
        matrix, u, v = weight.flatten(2), local.buffer("u"), local.buffer("v")
        if local.training:
            u, v = iterate(matrix.detach(), u, v)
            local.keep("u", u)
            local.keep("v", v)
        sigma = (u * times(matrix, v)).sum(1)
        return weight / spread_over(torch.where(sigma == 0, 1.0, sigma), weight)

    def norm(self) -> Norm:
        raise NoTheory("spectral normalization divides by a singular value that fifteen iterations estimate")


def iterate(matrix: Tensor, u: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """One power iteration on [..., out, in]: nearer to the left and right singular vectors of the largest value."""
    u = _unit(times(matrix, v), u)
    return u, _unit(times(matrix.transpose(-2, -1), u), v)


def times(matrix: Tensor, vector: Tensor) -> Tensor:
    """The product of [..., out, in] and [..., in]."""
    return (matrix @ vector.unsqueeze(-1)).squeeze(-1)


def _unit(vector: Tensor, otherwise: Tensor) -> Tensor:
    """The direction of a vector; `otherwise` where there is none, as for a branch that starts at zero."""
    norm = torch.linalg.vector_norm(vector, dim=-1, keepdim=True)
    return torch.where(norm > 0, vector / norm, otherwise)


def _start(side: str, weight: Tensor, generator: Generator) -> Tensor:
    """u or v after the iterations at the start.

    Every parameter is filled by a generator of its own, and u and v must come of one draw: so it is a fixed one.
    """
    matrix, fixed = weight.flatten(1), torch.Generator().manual_seed(0)
    u, v = (_unit(torch.randn(size, generator=fixed, dtype=torch.float64), torch.zeros(size)) for size in matrix.shape)
    for _ in range(START_ITERATIONS):
        u, v = iterate(matrix, u, v)
    return {"u": u, "v": v}[side]
