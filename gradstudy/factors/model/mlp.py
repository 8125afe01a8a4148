"""The multilayer perceptron."""

from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from torch import Tensor

from gradstudy.factors.model.chain import Chain
from gradstudy.factors.model.dense_pass import DensePass
from gradstudy.factors.model.layers import Linear, parameters_and_buffers
from gradstudy.layer_parts import Layers, TensorMap
from gradstudy.network import Flow, GreedyLayer, Pass, Shape, numbered
from gradstudy.parts import MOST_LAYERS, WIDEST_LAYER, Part, number
from gradstudy.random_network import Facts, RandomFeedforward


@dataclass(frozen=True)
class Mlp(Part, group="model"):
    """z_1 = W_1 x, z_l = W_l phi(z_{l-1}), output = W phi(z_L): `depth` hidden layers of `width` units.

    `width` may be a list with one width per hidden layer, as [512, 256, 128]. A residual connection joins z_{l-1} and
    z_l, from the second layer on (He et al. 2016b, with one map per block). The first `frozen` layers keep their
    initial weights.
    """

    width: int | tuple[int, ...] = number(32, at_least=1, at_most=WIDEST_LAYER)
    depth: int = number(10, at_least=1, at_most=MOST_LAYERS)
    frozen: int = number(0, at_least=0, at_most=MOST_LAYERS)

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.width, tuple) and len(self.width) != self.depth:
            raise ValueError(
                f"width lists {len(self.width)} layers and depth is {self.depth}: give depth={len(self.width)}, or one "
                "number as width"
            )
        if self.frozen > self.depth:
            raise ValueError(f"frozen must be at most the depth, {self.depth}, got {self.frozen}")

    @property
    def widths(self) -> tuple[int, ...]:
        return self.width if isinstance(self.width, tuple) else (self.width,) * self.depth

    def network(self, shape: Shape, layers: Layers) -> "MlpNetwork":
        return MlpNetwork(shape, self.widths, self.frozen, layers)


class MlpNetwork:
    """Inputs of any shape, flattened. The flow points are z_1 to z_L.

    `greedy` are the hidden layers as a pretraining takes them.
    """

    def __init__(self, shape: Shape, widths: tuple[int, ...], frozen: int, layers: Layers):
        self.features, self.widths, self.layer_names = shape.features, widths, numbered("layer", len(widths))
        sizes = list(pairwise((shape.features, *widths)))
        adjusts = [None, *[layers.residual.adjust(len(widths) - 1, maps=1, index=0)] * (len(widths) - 1)]
        maps = [
            Linear(name, *size, layers, adjust=adjust, trained=index >= frozen)
            for index, (name, size, adjust) in enumerate(zip(self.layer_names, sizes, adjusts, strict=True))
        ]
        self.greedy = [
            GreedyLayer(one.weight.name, one.bias, partial(_phi, layers, name), trained=index >= frozen)
            for index, (name, one) in enumerate(zip(self.layer_names, maps, strict=True))
        ]
        skips = [_skip(name, *size, layers) for name, size in zip(self.layer_names[1:], sizes[1:], strict=True)]
        self.chain = Chain(self.layer_names, widths, maps, layers, skips=skips)
        self.readout = Linear("readout", widths[-1], shape.outputs, layers)
        self.by_hand = DensePass(self.layer_names, [*maps, self.readout], layers)
        self.parameters, self.buffers = parameters_and_buffers(self.chain, self.readout)
        self.places = {"signal": self.layer_names}

    def narrowest(self, batch: int) -> int:
        return batch * min(self.features, *self.widths)  # pretraining gives the inputs back through an activation

    def __call__(self, run: Pass, inputs: Tensor) -> Flow:
        x = inputs.flatten(2)
        if self.by_hand.serves(run, x):
            return self.by_hand(run, x)
        hidden, points = self.chain(run, x)
        return Flow(self.readout(run, hidden), {"signal": points})

    def random_network(self, facts: Facts) -> RandomFeedforward:
        return self.chain.random_network(facts)


def _phi(layers: Layers, name: str, run: Pass) -> TensorMap:
    return layers.activation.at(run.at(f"{name}.activation"))


def _skip(name: str, inputs: int, outputs: int, layers: Layers) -> Linear | None:
    """The projection of a skip where the number of features changes; none is needed where it stays."""
    if inputs == outputs or not layers.residual.joins:
        return None
    if not layers.residual.projection:
        raise ValueError(
            f"a residual connection cannot join {inputs} and {outputs} features: give all layers one width, set "
            "residual.projection=true, or choose residual=none"
        )
    return Linear(f"{name}.projection", inputs, outputs, layers)
