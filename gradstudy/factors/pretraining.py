"""Pretraining: what is done to a network's layers, one after the other and without targets, before it is trained."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from gradstudy.factors.coefficients import Coefficient, per_member
from gradstudy.layer_parts import TensorMap
from gradstudy.network import GreedyLayer, Network, Pass
from gradstudy.parts import Part, number

UniformDraws = Callable[[str, Sequence[int], int], Tensor]
"""(place, shape [member, ...], step) -> numbers in [0, 1) of each member's own stream."""
Draw = Callable[[Sequence[int], int], Tensor]
"""The same at the place of one layer."""


@dataclass(frozen=True)
class Tied:
    """A layer that gives back what it reads: up by W [member, out, in] and `phi`, down by W transposed and `back`.

    `weights` are W, the hidden units' bias b [member, out] and that of the visible units c [member, in], which is
    forgotten after pretraining.
    """

    weights: tuple[Tensor, ...]
    phi: TensorMap
    back: TensorMap

    def up(self, x: Tensor) -> Tensor:
        """phi(W x + b), [member, batch, out], for x [member, batch, in]."""
        weight, bias, _ = self.weights
        return self.phi(torch.baddbmm(bias.unsqueeze(1), x, weight.transpose(1, 2)))

    def down(self, hidden: Tensor) -> Tensor:
        """back(W^T h + c), [member, batch, in], for h [member, batch, out]."""
        weight, _, bias = self.weights
        return self.back(torch.baddbmm(bias.unsqueeze(1), hidden, weight))

    def moved(self, rate: Coefficient, directions: Sequence[Tensor]) -> "Tied":
        """After a step of `rate` [member] along a direction for each of W, b and c."""
        pairs = zip(self.weights, directions, strict=True)
        return replace(self, weights=tuple(value + per_member(rate, value) * along for value, along in pairs))


@dataclass(frozen=True)
class NoPretraining(Part, group="pretraining"):
    """Training starts from the initial weights."""

    def check(self, network: Network) -> None:
        """ValueError where such a network has no layers to pretrain."""

    def pretrain(
        self, network: Network, run: Pass, inputs: Callable[[], Tensor], uniform: UniformDraws
    ) -> Mapping[str, Tensor]:
        """The parameters that it changes, by name; `inputs` draws the next batch [member, batch, ...]."""
        return {}

    @property
    def changes_weights(self) -> bool:
        """Whether weights leave the law that drew them before training starts."""
        return type(self).pretrain is not NoPretraining.pretrain


@dataclass(frozen=True)
class Greedy(NoPretraining):
    """Layer by layer: each learns for `steps` batches to give back its own input, which the layers below it make.

    Plain steps of `rate` from the initial weights. What is given back passes the same phi; with `linear_inputs` that
    of the first layer does not, for inputs outside phi's range. A layer is phi(W x + b): normalisation, residual
    connections and dropout come into play with training only, and what an activation learns stays as it was filled.
    Frozen layers keep their initial weights and hand their output on. Each batch is new and passes all layers below,
    so that the cost grows with the square of the depth.
    """

    steps: int = number(1000, at_least=1, at_most=1_000_000)
    rate: float = number(0.05, at_least=0.0)
    linear_inputs: bool = False

    def check(self, network: Network) -> None:
        if not network.greedy:
            raise ValueError(
                "pretraining goes layer by layer, and this model has no layers that stand by themselves: use model=mlp "
                "or pretraining=none"
            )
        if any(parameter.adjust is not None for parameter in network.parameters):
            raise ValueError(
                "pretraining cannot start from layers that residual=zero_init or fixup sets to zero: use "
                "residual=rezero or additive, or pretraining=none"
            )

    @torch.no_grad()
    def pretrain(
        self, network: Network, run: Pass, inputs: Callable[[], Tensor], uniform: UniformDraws
    ) -> Mapping[str, Tensor]:
        below: list[Tied] = []
        changed: dict[str, Tensor] = {}
        for layer in network.greedy:
            tied, draw = self._start(layer, run, first=not below), partial(uniform, layer.weight)
            if layer.trained:
                for step in range(self.steps):
                    x = inputs().flatten(2)
                    for encoder in below:
                        x = encoder.up(x)
                    tied = self.step(tied, x, draw, step)
                changed |= dict(zip((layer.weight, layer.bias), tied.weights, strict=False))
            below.append(tied)
        return changed

    def _start(self, layer: GreedyLayer, run: Pass, *, first: bool) -> Tied:
        weight, bias = run.parameters[layer.weight], run.parameters[layer.bias]
        phi = self.nonlinearity(layer, Pass(run.parameters, run.buffers))
        back = torch.nn.Identity() if first and self.linear_inputs else phi
        return Tied((weight, bias, torch.zeros_like(weight[:, 0])), phi, back)

    def nonlinearity(self, layer: GreedyLayer, run: Pass) -> TensorMap:
        """phi while the layer is pretrained."""
        return layer.activation(run)

    def step(self, tied: Tied, x: Tensor, draw: Draw, step: int) -> Tied:
        """The layer after one update on its input x [member, batch, in]."""
        raise NotImplementedError


@dataclass(frozen=True)
class Rbm(Greedy):
    """Restricted Boltzmann machines: contrastive divergence by `k` steps of Gibbs sampling (Hinton 2002, 2006).

    W += rate (<h v>_data - <h v>_reconstruction), means over the batch. Whatever the network's activation is, units are
    logistic: h and v are probabilities, and the hidden units are sampled on their way down (Hinton 2010). Linear
    inputs are Gaussian units of variance 1.
    """

    k: int = number(1, at_least=1, at_most=1_000)

    def nonlinearity(self, layer: GreedyLayer, run: Pass) -> TensorMap:
        return torch.sigmoid

    def step(self, tied: Tied, x: Tensor, draw: Draw, step: int) -> Tied:
        before = hidden = tied.up(x)
        for turn in range(self.k):
            sample = draw(hidden.shape, step * self.k + turn) < hidden
            seen = tied.down(sample.to(hidden.dtype))
            hidden = tied.up(seen)
        weight = torch.bmm(before.transpose(1, 2), x) - torch.bmm(hidden.transpose(1, 2), seen)
        return tied.moved(self.rate / x.shape[1], (weight, (before - hidden).sum(1), (x - seen).sum(1)))


@dataclass(frozen=True)
class Autoencoder(Greedy):
    """Autoencoders: phi(W^T phi(W x + b) + c) shall be x (Bengio et al. 2007), also where parts of x are missing.

    phi is the network's own activation, and the error squared, summed over features and averaged over the batch. Each
    input is set to zero with probability `corruption`, and the clean one is asked for: a denoising autoencoder (Vincent
    et al. 2008). Cross-entropy is the papers' choice for sigmoids; it has no minimum for what lies outside [0, 1].
    """

    corruption: float = number(0.0, at_least=0.0, below=1.0)

    def step(self, tied: Tied, x: Tensor, draw: Draw, step: int) -> Tied:
        uniform = draw(x.shape, step)
        corrupted = torch.where(uniform < per_member(self.corruption, uniform), 0.0, x)
        with torch.enable_grad():
            leaves = tuple(value.detach().requires_grad_() for value in tied.weights)
            trial = replace(tied, weights=leaves)
            error = (trial.down(trial.up(corrupted)) - x).square().sum() / x.shape[1]
            gradients = torch.autograd.grad(error, leaves)
        return tied.moved(-self.rate, gradients)
