"""Initialisations: the law from which a member's hidden weight matrices are drawn.

Each fills one member's ordinary [out, in] matrix with that member's own generator (fans of a stacked tensor would be
wrong). `gain` multiplies the matrix; biases are zero, or normal with standard deviation `bias_std`.
"""

from dataclasses import dataclass

from torch import Generator, Tensor, nn

from gradstudy.network import Parameter
from gradstudy.parts import Part, number


@dataclass(frozen=True)
class Init(Part):
    """What every initialisation can say.

    `looks_at_data`: after the draw, weights are scaled map by map until each map's output has the variance gain^2.
    """

    looks_at_data = False

    gain: float = number(1.0, at_least=0.0)

    def check(self, parameter: Parameter) -> None:
        """ValueError where this law cannot fill such a weight."""

    def weight(self, matrix: Tensor, bound: float, generator: Generator) -> None:
        """Fills one member's ordinary weight [out, in] or [out, in, height, width] in place."""
        raise NotImplementedError

    def bias(self, vector: Tensor, bound: float, generator: Generator) -> None:
        """Fills one member's bias [out] in place."""
        raise NotImplementedError


@dataclass(frozen=True)
class Default(Init):
    """PyTorch's own law for the layer, U(-bound, bound) for weights and biases, times `gain` for hidden weights."""

    def weight(self, matrix: Tensor, bound: float, generator: Generator) -> None:
        nn.init.uniform_(matrix, -bound, bound, generator=generator).mul_(self.gain)

    def bias(self, vector: Tensor, bound: float, generator: Generator) -> None:
        nn.init.uniform_(vector, -bound, bound, generator=generator)


@dataclass(frozen=True)
class Gained(Init):
    """What the laws below share: biases that are zero unless `bias_std` is given."""

    bias_std: float = number(0.0, at_least=0.0)

    def bias(self, vector: Tensor, bound: float, generator: Generator) -> None:
        nn.init.normal_(vector, 0.0, self.bias_std, generator=generator)


@dataclass(frozen=True)
class Normal(Gained):
    """W ~ N(0, (gain std)^2), whatever the fan-in (Pascanu, Mikolov & Bengio 2013 start from std 0.1)."""

    std: float = number(0.1, at_least=0.0)

    def weight(self, matrix: Tensor, bound: float, generator: Generator) -> None:
        nn.init.normal_(matrix, 0.0, self.gain * self.std, generator=generator)


@dataclass(frozen=True)
class Orthogonal(Gained):
    """W = gain * Q with Q orthogonal: every singular value is the gain (Saxe, McClelland & Ganguli 2014)."""

    def weight(self, matrix: Tensor, bound: float, generator: Generator) -> None:
        nn.init.orthogonal_(matrix, self.gain, generator=generator)


@dataclass(frozen=True)
class Identity(Gained):
    """W = gain * I: with ReLU the IRNN of Le, Jaitly & Hinton 2015."""

    def weight(self, matrix: Tensor, bound: float, generator: Generator) -> None:
        nn.init.eye_(matrix).mul_(self.gain)
