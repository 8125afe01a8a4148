"""Residual connections: how a layer's input and its output are joined."""

from dataclasses import dataclass

import torch
from torch import Tensor

from gradstudy.factors.coefficients import elementwise, per_member
from gradstudy.factors.parameter_shapes import filled
from gradstudy.layer_parts import Adjust, Join, Residual
from gradstudy.network import Local, Parameter, spread_over
from gradstudy.parts import number
from gradstudy.random_network import NoTheory


@dataclass(frozen=True)
class NoResidual(Residual):
    """The layer's output replaces its input."""

    joins = False

    def at(self, local: Local, blocks: int) -> Join:
        return lambda skip, branch: branch

    def shares(self, blocks: int) -> tuple[float, float]:
        return 0.0, 1.0


@dataclass(frozen=True)
class Scaled(Residual):
    """skip_scale * skip + scale * L^-depth_power * branch in a network of L blocks (He 2016; Szegedy et al. 2017).

    One class serves additive, scaled, sqrt_half, inverse_sqrt_depth and inverse_depth, so that members that differ only
    in them train in one cohort. The signal of L independent branches grows as (1 + 1/L)^L, that is less than e, with
    depth_power 1/2 (Hanin & Rolnick 2018), and as (1 + 1/L^2)^L with 1; Marion et al. 2022 study the powers between.
    """

    scale: float = 1.0
    skip_scale: float = 1.0
    depth_power: float = number(0.0, at_least=0.0)
    projection: bool = False

    def at(self, local: Local, blocks: int) -> Join:
        branch_scale = self.scale * elementwise(lambda power: torch.pow(blocks, -power), self.depth_power)

        def join(skip: Tensor, branch: Tensor) -> Tensor:
            return skip * per_member(self.skip_scale, skip) + branch * per_member(branch_scale, branch)

        return join

    def shares(self, blocks: int) -> tuple[float, float]:
        return self.skip_scale, self.scale * blocks**-self.depth_power


@dataclass(frozen=True)
class ZeroInit(Residual):
    """skip + branch, where weight and bias of the branch's last map start at 0: every block starts as the identity.

    Goyal et al. 2017 start the last normalisation's weight at 0, De & Smith 2020 (SkipInit) a scalar behind the branch;
    here it is the last map, and no norm may follow it.
    """

    projection: bool = False

    def at(self, local: Local, blocks: int) -> Join:
        return torch.add

    def adjust(self, blocks: int, maps: int, index: int) -> Adjust:
        return Tensor.zero_ if index == maps - 1 else None

    def shares(self, blocks: int) -> tuple[float, float]:
        return 1.0, 0.0


@dataclass(frozen=True)
class Fixup(ZeroInit):
    """ZeroInit, and the other m - 1 maps of a branch start multiplied by L^(-1 / (2m - 2)) (Zhang, Dauphin & Ma 2019).

    In a branch of one map it is ZeroInit. The paper's scalar biases and multipliers are left out, and so is its
    read-out that starts at 0, which would send back no gradient at all at the first step.
    """

    def adjust(self, blocks: int, maps: int, index: int) -> Adjust:
        if index == maps - 1:
            return Tensor.zero_
        return lambda weight: weight.mul_(blocks ** (-1 / (2 * maps - 2)))


@dataclass(frozen=True)
class ReZero(Residual):
    """skip + alpha * branch with one learned alpha per join, from `start` on (Bachlechner et al. 2020).

    In a transformer that is one per sublayer, where the paper has one for both of a block.
    """

    start: float = 0.0
    projection: bool = False

    def parameters(self, name: str, size: int) -> tuple[Parameter, ...]:
        return (filled(f"{name}.alpha", 1, self.start),)

    def at(self, local: Local, blocks: int) -> Join:
        alpha = local["alpha"]
        return lambda skip, branch: skip + branch * spread_over(alpha, branch)

    def shares(self, blocks: int) -> tuple[float, float]:
        return 1.0, self.start


@dataclass(frozen=True)
class Gated(Residual):
    """T branch + (1 - T) skip, T = sigmoid(W_T skip + b_T): a highway (Srivastava, Greff & Schmidhuber 2015).

    b_T starts at `bias`, which keeps the gate nearly shut, and W_T by PyTorch's law. On images W_T is a 1 x 1 map.
    """

    bias: float = -2.0
    projection: bool = False

    def parameters(self, name: str, size: int) -> tuple[Parameter, ...]:
        return (
            Parameter(f"{name}.weight", (size, size), "edge", size**-0.5),
            filled(f"{name}.bias", size, self.bias),
        )

    def at(self, local: Local, blocks: int) -> Join:
        weight, bias = local["weight"].transpose(1, 2), local["bias"].unsqueeze(1)

        def join(skip: Tensor, branch: Tensor) -> Tensor:
            last = skip.movedim(2, -1)  # [member, sample, ..., feature]
            gate = torch.sigmoid(torch.baddbmm(bias, last.flatten(1, -2), weight))
            # the difference first: the result then lies in memory as the skip does
            return skip + (branch - skip) * gate.view(last.shape).movedim(-1, 2)

        return join

    def shares(self, blocks: int) -> tuple[float, float]:
        raise NoTheory("a gate multiplies skip and branch by numbers that depend on the skip")
