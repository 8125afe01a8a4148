"""Initialisations: the law from which a member's hidden weight matrices are drawn.

Each fills one member's ordinary [out, in] or [out, in, height, width] weight with that member's own generator (fans of
a stacked tensor would be wrong). `gain` multiplies the weight; biases are N(bias_mean, bias_std^2), zero unless asked.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor, nn

from gradstudy.factors.parameter_shapes import fans
from gradstudy.network import Parameter
from gradstudy.parts import Part, number, word
from gradstudy.random_network import NoTheory

NONLINEARITIES = ("relu", "linear", "sigmoid", "tanh", "leaky_relu", "selu")
"""Those for which torch.nn.init.calculate_gain knows a gain."""


@dataclass(frozen=True)
class Init(Part, group="init"):
    """The law of a network's hidden weights and of its biases.

    `looks_at_data`: after the draw, weights are scaled map by map, so that what each makes of a batch has the variance
    gain^2. `centred`: of a kernel only the centre is drawn, the rest is 0. `beyond_theory`: why there is no `variance`.
    """

    looks_at_data = False
    centred = False
    beyond_theory = "this init does not say which variance its weights have"

    gain: float = number(1.0, at_least=0.0)

    def check(self, weights: Sequence[Parameter]) -> None:
        """ValueError where this law cannot fill the hidden and recurrent weights of a network."""

    def weight(self, matrix: Tensor, bound: float, generator: Generator) -> None:
        """Fills one member's ordinary weight [out, in] or [out, in, height, width] in place."""
        raise NotImplementedError

    def bias(self, vector: Tensor, bound: float, generator: Generator) -> None:
        """Fills one member's bias [out] in place."""
        raise NotImplementedError

    def variance(self, shape: Sequence[int], bound: float) -> float:
        """Var W of a weight of this shape; NoTheory unless a wide layer takes entries for independent with mean 0."""
        raise NoTheory(self.beyond_theory)

    def bias_power(self, bound: float) -> float:
        """E[b^2] of biases with mean 0; NoTheory where theirs is another."""
        raise NoTheory("this init does not say how its biases are drawn")


@dataclass(frozen=True)
class Default(Init):
    """PyTorch's own law for the layer, U(-bound, bound) for weights and biases, times `gain` for hidden weights."""

    def weight(self, matrix: Tensor, bound: float, generator: Generator) -> None:
        nn.init.uniform_(matrix, -bound, bound, generator=generator).mul_(self.gain)

    def bias(self, vector: Tensor, bound: float, generator: Generator) -> None:
        nn.init.uniform_(vector, -bound, bound, generator=generator)

    def variance(self, shape: Sequence[int], bound: float) -> float:
        return (self.gain * bound) ** 2 / 3

    def bias_power(self, bound: float) -> float:
        return bound**2 / 3


@dataclass(frozen=True)
class Gained(Init):
    """A law of weights with biases b ~ N(bias_mean, bias_std^2)."""

    bias_std: float = number(0.0, at_least=0.0)
    bias_mean: float = 0.0

    def bias(self, vector: Tensor, bound: float, generator: Generator) -> None:
        nn.init.normal_(vector, self.bias_mean, self.bias_std, generator=generator)

    def bias_power(self, bound: float) -> float:
        if self.bias_mean:
            raise NoTheory(f"biases of mean {self.bias_mean:g} shift pre-activations, whose mean theory takes for 0")
        return self.bias_std**2


@dataclass(frozen=True)
class Constant(Gained):
    """W_ij = gain * value: the symmetry trap, in which all units of a layer stay copies of each other."""

    beyond_theory = "weights that are all equal are not drawn independently"
    value: float = 0.1

    def weight(self, matrix: Tensor, bound: float, generator: Generator) -> None:
        nn.init.constant_(matrix, self.gain * self.value)


@dataclass(frozen=True)
class Normal(Gained):
    """W ~ N(0, (gain std)^2), whatever the fan-in (Pascanu, Mikolov & Bengio 2013 start from std 0.1)."""

    std: float = number(0.1, at_least=0.0)

    def weight(self, matrix: Tensor, bound: float, generator: Generator) -> None:
        nn.init.normal_(matrix, 0.0, self.gain * self.std, generator=generator)

    def variance(self, shape: Sequence[int], bound: float) -> float:
        return (self.gain * self.std) ** 2


@dataclass(frozen=True)
class Uniform(Gained):
    """W ~ gain * U(-limit, limit), whatever the fan-in: Var W = (gain limit)^2 / 3."""

    limit: float = number(0.1, at_least=0.0)

    def weight(self, matrix: Tensor, bound: float, generator: Generator) -> None:
        nn.init.uniform_(matrix, -self.limit, self.limit, generator=generator).mul_(self.gain)

    def variance(self, shape: Sequence[int], bound: float) -> float:
        return (self.gain * self.limit) ** 2 / 3


@dataclass(frozen=True)
class Lecun(Gained):
    """W ~ N(0, gain^2 / fan_in): keeps the variance of a linear layer (LeCun, Bottou, Orr & Mueller 1998)."""

    def weight(self, matrix: Tensor, bound: float, generator: Generator) -> None:
        nn.init.kaiming_normal_(matrix, nonlinearity="linear", generator=generator).mul_(self.gain)

    def variance(self, shape: Sequence[int], bound: float) -> float:
        return self.gain**2 / fans(shape)[0]


@dataclass(frozen=True)
class XavierUniform(Gained):
    """W ~ gain * U(-a, a) with a = sqrt(6 / (fan_in + fan_out)) (Glorot & Bengio 2010, eq. 16)."""

    def weight(self, matrix: Tensor, bound: float, generator: Generator) -> None:
        nn.init.xavier_uniform_(matrix, self.gain, generator=generator)

    def variance(self, shape: Sequence[int], bound: float) -> float:
        return 2 * self.gain**2 / sum(fans(shape))


@dataclass(frozen=True)
class XavierNormal(Gained):
    """W ~ N(0, 2 gain^2 / (fan_in + fan_out)) (Glorot & Bengio 2010, eq. 12)."""

    def weight(self, matrix: Tensor, bound: float, generator: Generator) -> None:
        nn.init.xavier_normal_(matrix, self.gain, generator=generator)

    def variance(self, shape: Sequence[int], bound: float) -> float:
        return 2 * self.gain**2 / sum(fans(shape))


@dataclass(frozen=True)
class Kaiming(Gained):
    """Var W = (gain g)^2 / fan, with torch.nn.init.calculate_gain's g of the nonlinearity (He et al. 2015, eq. 10, 14).

    `mode=fan_in` keeps the variance of the signal on its way forward, `fan_out` that of the gradient on its way back.
    """

    mode: str = word("fan_in", "fan_out")
    nonlinearity: str = word(*NONLINEARITIES)
    negative_slope: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.negative_slope and self.nonlinearity != "leaky_relu":
            raise ValueError(
                f"negative_slope={self.negative_slope:g} means nothing to nonlinearity={self.nonlinearity}: set "
                "nonlinearity=leaky_relu, or leave negative_slope at 0"
            )

    def fill(self, law: Callable[..., Tensor], matrix: Tensor, generator: Generator) -> None:
        """Fills a weight in place by one of torch.nn.init's laws of this name, times the gain."""
        law(matrix, self.negative_slope, self.mode, self.nonlinearity, generator).mul_(self.gain)

    def variance(self, shape: Sequence[int], bound: float) -> float:
        fan = fans(shape)[self.mode == "fan_out"]
        known = nn.init.calculate_gain(self.nonlinearity, self.negative_slope)  # type: ignore[arg-type]  # a checked word
        return (self.gain * known) ** 2 / fan


@dataclass(frozen=True)
class KaimingUniform(Kaiming):
    """W ~ U(-a, a) with a = gain g sqrt(3 / fan) (He et al. 2015)."""

    def weight(self, matrix: Tensor, bound: float, generator: Generator) -> None:
        self.fill(nn.init.kaiming_uniform_, matrix, generator)


@dataclass(frozen=True)
class KaimingNormal(Kaiming):
    """W ~ N(0, (gain g)^2 / fan) (He et al. 2015)."""

    def weight(self, matrix: Tensor, bound: float, generator: Generator) -> None:
        self.fill(nn.init.kaiming_normal_, matrix, generator)


@dataclass(frozen=True)
class Sparse(Gained):
    """Each unit has at most `connections` non-zero incoming weights, N(0, (gain std)^2), at random (Martens 2010)."""

    connections: int = number(15, at_least=1, at_most=1_000_000)
    std: float = number(1.0, at_least=0.0)

    def weight(self, matrix: Tensor, bound: float, generator: Generator) -> None:
        nn.init.normal_(matrix, 0.0, self.gain * self.std, generator=generator)
        incoming = matrix.view(len(matrix), -1)
        # not nn.init.sparse_: it thins out the outgoing weights, and takes their places from the global generator
        order = torch.rand(incoming.shape, dtype=torch.float64, generator=generator).argsort(dim=1)
        incoming.masked_fill_(order >= self.connections, 0.0)

    def variance(self, shape: Sequence[int], bound: float) -> float:
        fan_in = fans(shape)[0]
        if self.connections < min(5, fan_in):
            raise NoTheory(f"sums over connections={self.connections} weights are far from Gaussian: it takes 5")
        return (self.gain * self.std) ** 2 * min(1.0, self.connections / fan_in)


@dataclass(frozen=True)
class Orthogonal(Gained):
    """W = gain * Q with Q orthogonal: every singular value is the gain (Saxe, McClelland & Ganguli 2014).

    Of a rectangular weight, or a convolution's as [out, in * height * width], the rows or the columns are orthonormal.
    """

    def weight(self, matrix: Tensor, bound: float, generator: Generator) -> None:
        nn.init.orthogonal_(matrix, self.gain, generator=generator)

    def variance(self, shape: Sequence[int], bound: float) -> float:
        return self.gain**2 / max(shape[0], math.prod(shape[1:]))


@dataclass(frozen=True)
class DeltaOrthogonal(Gained):
    """gain * Q at the centre of each convolution's kernel and 0 elsewhere: an isometry of images (Xiao et al. 2018).

    A linear map beside them, such as the read-out, is a kernel of one tap: gain * Q.
    """

    centred = True

    def check(self, weights: Sequence[Parameter]) -> None:
        kernels = [weight for weight in weights if len(weight.shape) == 4]
        if not kernels:
            raise ValueError(
                "init=delta_orthogonal fills the kernels of convolutions, and this network has none: use "
                "init=orthogonal, or model=cnn with model.sharing=conv"
            )
        for kernel in kernels:
            outputs, inputs = kernel.shape[0] // kernel.blocks, kernel.shape[1]
            if outputs < inputs:
                raise ValueError(
                    "init=delta_orthogonal needs at least as many output as input channels, and "
                    f"{kernel.name} has {outputs} and {inputs}: set model.width to {inputs} or more, or init=orthogonal"
                )

    def weight(self, matrix: Tensor, bound: float, generator: Generator) -> None:
        nn.init.zeros_(matrix)
        centre = matrix[:, :, matrix.shape[2] // 2, matrix.shape[3] // 2] if matrix.dim() == 4 else matrix
        nn.init.orthogonal_(centre, self.gain, generator=generator)

    def variance(self, shape: Sequence[int], bound: float) -> float:
        return self.gain**2 / (max(shape[:2]) * math.prod(shape[2:]))


@dataclass(frozen=True)
class Identity(Gained):
    """W = gain * I: with ReLU the IRNN of Le, Jaitly & Hinton 2015. A convolution passes each channel on."""

    beyond_theory = "an identity is not drawn at random"

    def weight(self, matrix: Tensor, bound: float, generator: Generator) -> None:
        (nn.init.eye_ if matrix.dim() == 2 else nn.init.dirac_)(matrix).mul_(self.gain)


@dataclass(frozen=True)
class Lsuv(Orthogonal):
    """Orthogonal, then scaled layer by layer until W x has the variance gain^2 (Mishkin & Matas 2016).

    The variance over units and a batch of data; layer-sequential unit variance.
    """

    looks_at_data = True
    beyond_theory = "weights that are fitted to the data have no variance of their own"
    variance = Init.variance

    def check(self, weights: Sequence[Parameter]) -> None:
        for weight in weights:
            if weight.role == "recurrent":
                raise ValueError(
                    f"init=lsuv scales one map after the other, and {weight.name} feeds its output back to itself: "
                    "use init=orthogonal, or a model without recurrence (mlp, cnn, resnet, transformer)"
                )
            if weight.scale_free:
                raise ValueError(
                    f"init=lsuv chooses the scale of {weight.name}, and this normalization takes every scale away: "
                    "use init=orthogonal, or another normalization"
                )
