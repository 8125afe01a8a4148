"""Normalisations of features: over samples (batch), or over the features of one sample (layer, group, instance, rms).

Each has PyTorch's affine map behind it, a weight and a bias per feature that start at 1 and 0. On images a feature is
a channel, and its pixels are normalised together.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from gradstudy.factors.coefficients import per_member
from gradstudy.factors.parameter_shapes import filled
from gradstudy.layer_parts import Normalization, TensorMap
from gradstudy.network import Local, Parameter
from gradstudy.parts import number
from gradstudy.random_network import Norm, NoTheory


def per_feature(vector: Tensor, like: Tensor) -> Tensor:
    """[member, feature], shaped to broadcast over `like` [member, sample, feature, ...]."""
    return vector.view(vector.shape[0], 1, -1, *[1] * (like.dim() - 3))


@dataclass(frozen=True)
class FeatureNormalization(Normalization):
    """y = weight * standardised x + bias; `after`: it follows the activation instead of preceding it.

    `over`: all features of a sample ("layer"), each feature over samples ("batch"), or something else (None).
    """

    standardizes = True
    over: ClassVar[Norm | None] = None

    after: bool = False
    eps: float = number(1e-5, above=0.0)

    def parameters(self, name: str, size: int, *, spatial: bool = False) -> tuple[Parameter, ...]:
        return filled(f"{name}.weight", size, 1.0), filled(f"{name}.bias", size, 0.0)

    def at(self, local: Local) -> TensorMap:
        weight, bias = local["weight"], local["bias"]
        return lambda x: self.standardized(local, x) * per_feature(weight, x) + per_feature(bias, x)

    def standardized(self, local: Local, x: Tensor) -> Tensor:
        """x with its mean and variance taken away."""
        raise NotImplementedError

    def norm(self) -> Norm:
        if self.after:
            raise NoTheory("a norm stands behind the activation")
        if self.over is None:
            raise NoTheory("this norm takes its mean and variance over part of a sample's features")
        return self.over


@dataclass(frozen=True)
class BatchNorm(FeatureNormalization):
    """Each feature over the samples (and pixels) of each member's batch (Ioffe & Szegedy 2015; nn.BatchNorm1d and 2d).

    Evaluation uses running statistics, which start at 0 and 1 and move by `momentum` on every training pass: before
    training, a held-out loss says little. Inside a recurrent cell they are shared by all time steps, and move at each
    (Cooijmans et al. 2017 keep them apart). A batch of one sample without pixels leaves the bias alone.
    """

    over: ClassVar[Norm | None] = "batch"

    momentum: float = number(0.1, at_least=0.0, at_most=1.0)

    def buffers(self, name: str, size: int) -> tuple[Parameter, ...]:
        return filled(f"{name}.running_mean", size, 0.0), filled(f"{name}.running_var", size, 1.0)

    def standardized(self, local: Local, x: Tensor) -> Tensor:
        eps = per_member(self.eps, x)
        if not local.training:
            mean, variance = (per_feature(local.buffer(name), x) for name in ("running_mean", "running_var"))
            return (x - mean) / (variance + eps).sqrt()
        y, mean, variance = standardize(x, eps, (1, *range(3, x.dim())))
        count = x.numel() // mean.numel()
        self._remember(local, "running_mean", mean.flatten(1))
        self._remember(local, "running_var", variance.flatten(1) * (count / max(1, count - 1)))  # unbiased, as torch
        return y

    def _remember(self, local: Local, name: str, value: Tensor) -> None:
        momentum = per_member(self.momentum, value)
        local.keep(name, (1 - momentum) * local.buffer(name) + momentum * value)


@dataclass(frozen=True)
class LayerNorm(FeatureNormalization):
    """All features of each sample together (Ba, Kiros & Hinton 2016; nn.LayerNorm).

    On images over channels and pixels with a weight and a bias per channel, which is nn.GroupNorm(1, channels), as
    Wu & He 2018 read it; nn.LayerNorm has them per pixel as well.
    """

    over: ClassVar[Norm | None] = "layer"

    def standardized(self, local: Local, x: Tensor) -> Tensor:
        return standardize(x, per_member(self.eps, x), tuple(range(2, x.dim())))[0]


@dataclass(frozen=True)
class GroupNorm(FeatureNormalization):
    """The features of each sample in `groups` groups, each by itself (Wu & He 2018; nn.GroupNorm)."""

    groups: int = number(4, at_least=1, at_most=1_000_000)

    def parameters(self, name: str, size: int, *, spatial: bool = False) -> tuple[Parameter, ...]:
        if size % self.groups:
            fitting = ", ".join(str(groups) for groups in range(1, size + 1) if size % groups == 0)
            raise ValueError(
                f"normalization.groups must divide the {size} features of {name.removesuffix('.norm')}, got "
                f"{self.groups}: choose one of {fitting}, or another model.width"
            )
        return super().parameters(name, size, spatial=spatial)

    def standardized(self, local: Local, x: Tensor) -> Tensor:
        grouped = torch.unflatten(x, 2, (self.groups, -1))
        return standardize(grouped, per_member(self.eps, grouped), tuple(range(3, grouped.dim())))[0].flatten(2, 3)


@dataclass(frozen=True)
class InstanceNorm(FeatureNormalization):
    """Each channel of each image by itself (Ulyanov, Vedaldi & Lempitsky 2016; nn.InstanceNorm2d with affine=True)."""

    def parameters(self, name: str, size: int, *, spatial: bool = False) -> tuple[Parameter, ...]:
        if not spatial:
            raise ValueError(
                f"normalization=instance averages over the pixels of an image, and {name.removesuffix('.norm')} has "
                "none: use model=cnn with a task of images, or normalization=layer"
            )
        return super().parameters(name, size, spatial=spatial)

    def standardized(self, local: Local, x: Tensor) -> Tensor:
        return standardize(x, per_member(self.eps, x), (3, 4))[0]


@dataclass(frozen=True)
class RmsNorm(FeatureNormalization):
    """x / sqrt(mean of x^2 over features + eps), without centring or bias (Zhang & Sennrich 2019; nn.RMSNorm).

    On images over channels and pixels, with a weight per channel.
    """

    over: ClassVar[Norm | None] = "layer"

    def parameters(self, name: str, size: int, *, spatial: bool = False) -> tuple[Parameter, ...]:
        return (filled(f"{name}.weight", size, 1.0),)

    def at(self, local: Local) -> TensorMap:
        weight = local["weight"]
        return lambda x: divide_by_rms(x, per_member(self.eps, x), tuple(range(2, x.dim()))) * per_feature(weight, x)


def standardize(x: Tensor, eps: Tensor, axes: tuple[int, ...]) -> tuple[Tensor, Tensor, Tensor]:
    """(x - mean) / sqrt(variance + eps), and the mean and the (biased) variance over `axes`, which stay as ones."""
    standardized: tuple[Tensor, Tensor, Tensor]
    standardized = _Standardize.apply(x, eps, axes, True)  # type: ignore[no-untyped-call]  # torch leaves it open
    return standardized


def divide_by_rms(x: Tensor, eps: Tensor, axes: tuple[int, ...]) -> Tensor:
    """x / sqrt(mean of x^2 + eps), the mean taken over `axes`."""
    divided: Tensor = _Standardize.apply(x, eps, axes, False)[0]  # type: ignore[no-untyped-call]  # torch leaves it open
    return divided


class _Standardize(torch.autograd.Function):
    """dL/dx = (g - mean(g) - y mean(g y)) / sqrt(variance + eps), without mean(g) where x was not centred.

    Half the time of what autograd makes of the same formula over features, and it keeps y only.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, eps: Tensor, axes: tuple[int, ...], centred: bool
    ) -> tuple[Tensor, Tensor, Tensor]:
        mean = x.mean(axes, keepdim=True) if centred else x.new_zeros(())
        y = x - mean
        variance = (y * y).mean(axes, keepdim=True)
        # a variance that overflowed has an inverse of 0, which would make an explosion a vanished signal
        inverse = torch.where(variance.isfinite(), 1 / (variance + eps).sqrt(), torch.nan)
        y *= inverse
        ctx.save_for_backward(y, inverse)
        ctx.axes, ctx.centred = axes, centred
        ctx.mark_non_differentiable(mean, variance)
        return y, mean, variance

    @staticmethod
    def backward(ctx: Any, gradient: Tensor, _mean: Tensor, _variance: Tensor) -> tuple[Tensor, None, None, None]:
        y, inverse = ctx.saved_tensors
        along = (gradient * y).mean(ctx.axes, keepdim=True)
        across = gradient - y * along
        if ctx.centred:
            across -= gradient.mean(ctx.axes, keepdim=True)
        return across.mul_(inverse), None, None, None
