"""The residual network, of convolutions or of fully connected maps."""

from dataclasses import dataclass

from torch import Tensor

from gradstudy.factors.model.convolution import Convolution, Readout, Window
from gradstudy.factors.model.layers import Linear, Nonlinearity, StackedLayer, parameters_and_buffers
from gradstudy.factors.model.random_maps import random_feedforward, random_stage
from gradstudy.factors.model.residual_block import Block, Feedforward, MakeMap, Original, Preactivation
from gradstudy.layer_parts import Adjust, Layers
from gradstudy.network import Flow, Pass, Shape, numbered
from gradstudy.parts import MOST_LAYERS, WIDEST_LAYER, Part, number, word
from gradstudy.random_network import Facts, RandomFeedforward

BLOCKS: dict[str, type[Block]] = {"preactivation": Preactivation, "original": Original, "feedforward": Feedforward}


@dataclass(frozen=True)
class ResNet(Part, group="model"):
    """A stem, `depth` residual blocks of two maps with `width` channels or units, and a linear read-out.

    `kind` "conv" convolves images and averages over pixels before the read-out, "dense" has fully connected maps.
    `block` is "preactivation" (He et al. 2016b), "original" (He et al. 2015) or "feedforward" (no activation before the
    first map). How skip and branch are joined is the residual's business: with residual=none it is the plain twin.
    """

    width: int = number(8, at_least=1, at_most=WIDEST_LAYER)
    depth: int = number(4, at_least=1, at_most=MOST_LAYERS)
    kind: str = word("conv", "dense")
    block: str = word(*BLOCKS)
    kernel: int = number(3, at_least=1, at_most=99)
    padding: str = word("zeros", "circular")

    def __post_init__(self) -> None:
        super().__post_init__()
        Window(self.kernel, self.padding)

    def network(self, shape: Shape, layers: Layers) -> "ResNetNetwork":
        if self.block != "preactivation" and layers.normalization.after:
            raise ValueError(
                f"normalization.after=true moves norms behind activations, and block={self.block} keeps the two apart: "
                "set it to false, or use model.block=preactivation"
            )
        standardizes, zero = layers.normalization.standardizes, layers.residual.adjust(self.depth, maps=2, index=1)
        if self.block == "original" and standardizes and zero is not None:
            raise ValueError(
                "in block=original a norm follows the last map of a branch, and would undo its start at zero: use "
                "model.block=preactivation, or residual=rezero"
            )
        return ResNetNetwork(self, shape, layers)


class ResNetNetwork:
    """The flow points are the stream after each block.

    The original block gives its stream through phi, so its stem does too; the others leave N and phi to the read-out.
    """

    greedy = ()

    def __init__(self, model: ResNet, shape: Shape, layers: Layers):
        names, spatial = numbered("layer", model.depth), model.kind == "conv"
        self.layers, self.side = layers, shape.image[1:] if spatial else None
        self.stem, make_map, self.readout = RESNET_KINDS[model.kind](model, shape, layers)
        self.blocks = [
            BLOCKS[model.block](name, model.width, make_map, layers, blocks=model.depth, spatial=spatial)
            for name in names
        ]
        self.early = model.block == "original"
        self.outer = Nonlinearity("stem" if self.early else "readout", model.width, layers, spatial=spatial)
        self.parameters, self.buffers = parameters_and_buffers(self.stem, *self.blocks, self.outer, self.readout)
        self.places = {"signal": names}

    def narrowest(self, batch: int) -> int:
        return self.stem.narrowest(batch)

    def __call__(self, run: Pass, inputs: Tensor) -> Flow:
        x = self.stem(run, inputs)
        if self.early:
            x = self.outer(run, x)
        points = []
        for block in self.blocks:
            x = block(run, x)
            points.append((x,))
        return Flow(self.readout(run, x if self.early else self.outer(run, x)), {"signal": points})

    def random_network(self, facts: Facts) -> RandomFeedforward:
        branches = [block.random_branch(facts.law) for block in self.blocks]
        stages = [random_stage(branch, self.layers, blocks=len(branches)) for branch in branches]
        first = self.stem.random_map(facts.law)
        return random_feedforward(first, stages, self.layers, facts, side=self.side, stem=True)


Ends = tuple["Convolution | _Stem", MakeMap, StackedLayer]
"""The stem, what makes a map of the stream by name, and the read-out."""


def _convolutional(model: ResNet, shape: Shape, layers: Layers) -> Ends:
    window, image = Window(model.kernel, model.padding), (model.width, *shape.image[1:])

    def make_map(name: str, adjust: Adjust) -> Convolution:
        return Convolution(name, image, model.width, layers, window=window, adjust=adjust)

    stem = Convolution("stem", shape.image, model.width, layers, window=window)
    return stem, make_map, Readout(image, shape.outputs, layers, pool=True)


def _dense(model: ResNet, shape: Shape, layers: Layers) -> Ends:
    def make_map(name: str, adjust: Adjust) -> Linear:
        return Linear(name, model.width, model.width, layers, adjust=adjust)

    return _Stem(shape.features, model.width, layers), make_map, Linear("readout", model.width, shape.outputs, layers)


class _Stem(Linear):
    """A linear map of inputs of any shape, flattened."""

    def __init__(self, features: int, width: int, layers: Layers):
        super().__init__("stem", features, width, layers)
        self.width = width

    def narrowest(self, batch: int) -> int:
        return batch * self.width

    def __call__(self, run: Pass, x: Tensor) -> Tensor:
        return super().__call__(run, x.flatten(2))


RESNET_KINDS = {"conv": _convolutional, "dense": _dense}
