"""The stacked maps of images: a convolution of every member, and its twins that share no weights.

All take x [member, sample, channel, height, width] to as many pixels, stride 1, and have the same constructor.
`keeps_pixels`: a pixel is made of those around it, and not of all.
"""

import math
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from gradstudy.factors.model.layers import Linear, Weight, looks_by_hand, watched
from gradstudy.factors.model.random_maps import random_map
from gradstudy.kernels.compiled import runs_compiled
from gradstudy.kernels.convolving import correlate_into, weigh_into
from gradstudy.layer_parts import Adjust, Layers
from gradstudy.network import Parameter, Pass
from gradstudy.random_network import Law, PixelWindow, RandomMap

Image = tuple[int, int, int]
"""(channel, height, width)."""


@dataclass(frozen=True)
class Window(PixelWindow):
    """What one output pixel sees: `kernel` x `kernel` pixels around its own, and beyond the border `padding`."""

    def __post_init__(self) -> None:
        if self.kernel % 2 == 0:
            raise ValueError(f"kernel must be odd, so that it has a centre, got {self.kernel}: use {self.kernel + 1}")

    def check(self, image: Image) -> None:
        """ValueError where the border would be wrapped around more than once."""
        if self.padding == "circular" and self.kernel // 2 > min(image[1:]):
            raise ValueError(
                f"a kernel of {self.kernel} wraps images of {image[1]} x {image[2]} pixels around more than once: "
                f"use model.kernel={2 * min(image[1:]) + 1} or less, or model.padding=zeros"
            )

    def padded(self, images: Tensor) -> tuple[Tensor, int]:
        """The images [.., .., height, width], and how many zeros around them are left for the map to add."""
        margin = self.kernel // 2
        if self.padding == "zeros":
            return images, margin
        if margin:
            images = Wrapped.apply(images, margin)  # type: ignore[no-untyped-call]  # torch leaves it open
        return images, 0


class Wrapped(torch.autograd.Function):
    """Images [.., .., height, width] that go on behind each border with what is at the other one.

    As F.pad(mode="circular"), whose backward fills the whole image with zeros for each of the borders: a step of a
    circular network took twice as long.
    """

    @staticmethod
    def forward(ctx: Any, images: Tensor, margin: int) -> Tensor:
        ctx.margin = margin
        tall = torch.cat([images[:, :, -margin:], images, images[:, :, :margin]], dim=2)
        return torch.cat([tall[..., -margin:], tall, tall[..., :margin]], dim=3)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        margin = ctx.margin
        for dim in (3, 2):
            size = gradient.shape[dim] - 2 * margin
            before, inside, behind = torch.split(gradient, [margin, size, margin], dim)
            gradient = inside.clone(memory_format=torch.contiguous_format)
            gradient.narrow(dim, size - margin, margin).add_(before)
            gradient.narrow(dim, 0, margin).add_(behind)
        return gradient, None


class Convolution:
    """One kernel for all pixels: torch.nn.Conv2d(padding="same") for every member.

    In machine code where there is any; its output lies [member, channel, y, x, sample] in memory. On a GPU all members
    are one grouped convolution, whose output lies [sample, member, ...]. Either is handed on as a view, so that the
    next one finds it in order.
    """

    kernel_per_pixel, keeps_pixels = False, True

    def __init__(self, name: str, image: Image, outputs: int, layers: Layers, *, window: Window, adjust: Adjust = None):
        window.check(image)
        self.window, self.image = window, (outputs, *image[1:])
        kernels = math.prod(image[1:]) if self.kernel_per_pixel else 1
        shape = (kernels * outputs, image[0], window.kernel, window.kernel)
        bound = 1 / math.sqrt(math.prod(shape[1:]))
        weight = Parameter(f"{name}.weight", shape, "hidden", bound, blocks=kernels, adjust=adjust)
        self.weight, self.bias = Weight(weight, layers.normalization), f"{name}.bias"
        bias = Parameter(self.bias, shape[:1], "bias", bound, adjust=adjust)
        self.parameters, self.buffers = (*self.weight.parameters, bias), self.weight.buffers

    def narrowest(self, batch: int) -> int:
        return math.prod(self.image)

    def __call__(self, run: Pass, x: Tensor) -> Tensor:
        return watched(run, self.weight.name, self.output(run, x, self.weight(run), run.parameters[self.bias]))

    def output(self, run: Pass, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        if runs_compiled(x) or looks_by_hand(run, x):
            made: Tensor = Convolved.apply(x, weight, bias, self.window)  # type: ignore[no-untyped-call]
            return made
        if x.device.type == "cpu":
            return torch.stack([self._alone(*one) for one in zip(x, weight, bias, strict=True)])
        images, margin = self.window.padded(x.transpose(0, 1).flatten(1, 2))
        output = F.conv2d(images, weight.flatten(0, 1), bias.flatten(), padding=margin, groups=len(weight))
        return torch.unflatten(output, 1, bias.shape).transpose(0, 1)

    def _alone(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """Of one member: by groups, oneDNN adds up in an order that depends on how many there are."""
        images, margin = self.window.padded(x)
        return F.conv2d(images, weight, bias, padding=margin)

    def random_map(self, law: Law) -> RandomMap:
        return random_map(self.weight.drawn, law, window=PixelWindow(self.window.kernel, self.window.padding))


class Convolved(torch.autograd.Function):
    """`Convolution` in machine code: the gradient of its inputs is a convolution with the kernels turned around."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, window: Window) -> Tensor:
        images, weight, ctx.window = _samples_last(x), weight.contiguous(), window
        ctx.save_for_backward(images, weight)
        return _samples_second(_correlated(images, weight, bias.contiguous(), window))

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor, Tensor, None]:
        (images, weight), given = ctx.saved_tensors, _samples_last(gradient)
        of_weight, of_bias = torch.empty_like(weight), weight.new_empty(weight.shape[:2])
        wraps = ctx.window.padding == "circular"
        weigh_into(images.numpy(), given.numpy(), wraps, of_weight.numpy(), of_bias.numpy())
        if not ctx.needs_input_grad[0]:
            return None, of_weight, of_bias, None
        turned = weight.flip(3, 4).transpose(1, 2).contiguous()
        back = _correlated(given, turned, weight.new_zeros(turned.shape[:2]), ctx.window)
        return _samples_second(back), of_weight, of_bias, None


def _correlated(images: Tensor, weight: Tensor, bias: Tensor, window: Window) -> Tensor:
    made = images.new_empty(*weight.shape[:2], *images.shape[2:])
    arrays = (tensor.detach().numpy() for tensor in (images, weight, bias))
    correlate_into(*arrays, window.padding == "circular", made.numpy())
    return made


def _samples_last(images: Tensor) -> Tensor:
    return images.permute(0, 2, 3, 4, 1).contiguous()


def _samples_second(images: Tensor) -> Tensor:
    return images.permute(0, 4, 1, 2, 3)


class LocallyConnected(Convolution):
    """The same connections with a kernel and a bias of its own at every pixel: no weights are shared.

    The weight is [pixel * out, in, kernel, kernel], pixels row by row; each pixel's block is filled by itself.
    """

    kernel_per_pixel = True

    def narrowest(self, batch: int) -> int:
        return batch * super().narrowest(batch)

    def output(self, run: Pass, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        members, samples, _, height, width = x.shape
        images, margin = self.window.padded(x.flatten(0, 1))
        seen = torch.unflatten(F.unfold(images, self.window.kernel, padding=margin), 0, (members, samples))
        products = seen.permute(0, 3, 1, 2).flatten(0, 1)  # [member * pixel, sample, in * kernel * kernel]
        kernels = weight.reshape(len(products), self.image[0], -1).transpose(1, 2)
        output = torch.baddbmm(bias.reshape(len(products), 1, -1), products, kernels)
        return output.view(members, height, width, samples, -1).permute(0, 3, 4, 1, 2)


class Dense:
    """The dense twin: a fully connected map between all units, channel by channel; `window` is not used."""

    keeps_pixels = False

    def __init__(self, name: str, image: Image, outputs: int, layers: Layers, *, window: Window, adjust: Adjust = None):
        self.image = (outputs, *image[1:])
        self.linear = Linear(name, math.prod(image), math.prod(self.image), layers, adjust=adjust)
        self.parameters, self.buffers = self.linear.parameters, self.linear.buffers

    def narrowest(self, batch: int) -> int:
        return batch * math.prod(self.image)

    def __call__(self, run: Pass, x: Tensor) -> Tensor:
        return torch.unflatten(self.linear(run, x.flatten(2)), 2, self.image)

    def random_map(self, law: Law) -> RandomMap:
        return self.linear.random_map(law)


class Readout:
    """A linear read-out [member, sample, output] of an image's channels, averaged over pixels, or of all its units."""

    def __init__(self, image: Image, outputs: int, layers: Layers, *, pool: bool):
        self.pool = pool
        self.linear = Linear("readout", image[0] if pool else math.prod(image), outputs, layers)
        self.parameters, self.buffers = self.linear.parameters, self.linear.buffers

    def __call__(self, run: Pass, x: Tensor) -> Tensor:
        # the mean of samples that lie last hands its gradient back as it found them, and contiguous: the strides of a
        # batched product would otherwise grow with the number of members
        features = x.permute(0, 2, 3, 4, 1).mean((2, 3)).transpose(1, 2) if self.pool else x.flatten(2)
        return self.linear(run, features.contiguous())
