"""The convolutional network, and its twins without weight sharing."""

from dataclasses import dataclass

from torch import Tensor

from gradstudy.factors.model.chain import Chain
from gradstudy.factors.model.convolution import Convolution, Dense, LocallyConnected, Readout, Window
from gradstudy.factors.model.layers import parameters_and_buffers
from gradstudy.layer_parts import Layers
from gradstudy.network import Flow, Pass, Shape, numbered
from gradstudy.parts import MOST_LAYERS, WIDEST_LAYER, Part, number, word
from gradstudy.random_network import Facts, RandomFeedforward

SHARING: dict[str, type[Convolution] | type[Dense]] = {"conv": Convolution, "local": LocallyConnected, "dense": Dense}


@dataclass(frozen=True)
class Cnn(Part, group="model"):
    """z_1 = W_1 * x, z_l = W_l * phi(z_{l-1}), output = W pool(phi(z_L)): `depth` convolutions of `width` channels.

    A plain network of stride 1 as mean-field theory has it (Xiao et al. 2018), `padding` "zeros" or "circular". A
    residual connection joins z_{l-1} and z_l, from the second layer on. `pool` averages over pixels before the
    read-out, which else reads every unit. `sharing` says who shares a kernel: all pixels ("conv"), none ("local": one
    kernel per pixel), or "dense": every unit is connected with every other (LeCun et al. 1989 compare the three).
    """

    width: int = number(8, at_least=1, at_most=WIDEST_LAYER)
    depth: int = number(4, at_least=1, at_most=MOST_LAYERS)
    kernel: int = number(3, at_least=1, at_most=99)
    padding: str = word("zeros", "circular")
    sharing: str = word(*SHARING)
    pool: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        Window(self.kernel, self.padding)

    def network(self, shape: Shape, layers: Layers) -> "CnnNetwork":
        return CnnNetwork(self, shape, layers)


class CnnNetwork:
    """Inputs [member, batch, channel, height, width]. The flow points are z_1 to z_L, before their nonlinearities."""

    greedy = ()

    def __init__(self, model: Cnn, shape: Shape, layers: Layers):
        names = numbered("layer", model.depth)
        window, make = Window(model.kernel, model.padding), SHARING[model.sharing]
        image = (model.width, *shape.image[1:])
        self.side = shape.image[1:] if make.keeps_pixels else None
        adjust = layers.residual.adjust(model.depth - 1, maps=1, index=0)
        self.first = make(names[0], shape.image, model.width, layers, window=window)
        others = [make(name, image, model.width, layers, window=window, adjust=adjust) for name in names[1:]]
        self.chain = Chain(names, [model.width] * model.depth, [self.first, *others], layers, spatial=True)
        self.readout = Readout(image, shape.outputs, layers, pool=model.pool)
        self.parameters, self.buffers = parameters_and_buffers(self.chain, self.readout)
        self.places = {"signal": names}

    def narrowest(self, batch: int) -> int:
        return self.first.narrowest(batch)

    def __call__(self, run: Pass, inputs: Tensor) -> Flow:
        hidden, points = self.chain(run, inputs)
        return Flow(self.readout(run, hidden), {"signal": points})

    def random_network(self, facts: Facts) -> RandomFeedforward:
        return self.chain.random_network(facts, side=self.side, spatial=True)
