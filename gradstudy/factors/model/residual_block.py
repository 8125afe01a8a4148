"""Residual blocks of two maps: where normalisation and activation stand beside the skip."""

from collections.abc import Callable

from torch import Tensor

from gradstudy.factors.model.layers import (
    Activated,
    Nonlinearity,
    Normalized,
    SkipJoin,
    StackedLayer,
    StackedMap,
    parameters_and_buffers,
)
from gradstudy.layer_parts import Adjust, Layers
from gradstudy.network import Pass
from gradstudy.random_network import BranchStep, Law, NoTheory

MakeMap = Callable[[str, Adjust], StackedMap]
"""(name, what is done to what is drawn) -> a map of the stream to its own shape."""


class Block:
    """x -> join(x, branch(x)), the stream x [member, sample, feature] or [member, sample, channel, height, width].

    `size` is the number of features or channels, `blocks` how many blocks the network has. A subclass says what stands
    beside the two maps of its branch; phi is followed by dropout, but not in the stream itself.
    """

    def __init__(self, name: str, size: int, make_map: MakeMap, layers: Layers, *, blocks: int, spatial: bool):
        adjusts = [layers.residual.adjust(blocks, maps=2, index=index) for index in range(2)]
        self.first, self.second = (
            make_map(f"{name}.{which}", adjust) for which, adjust in zip(("first", "second"), adjusts, strict=True)
        )
        self.join = SkipJoin(name, size, blocks, layers)
        self.beside = self.stand(name, size, layers, spatial=spatial)
        self.parameters, self.buffers = parameters_and_buffers(self.first, self.second, *self.beside, self.join)

    def stand(self, name: str, size: int, layers: Layers, *, spatial: bool) -> list[StackedLayer]:
        """What stands beside the maps, in order."""
        raise NotImplementedError

    def branch(self, run: Pass, x: Tensor) -> Tensor:
        """What is joined with the stream."""
        raise NotImplementedError

    def random_branch(self, law: Law) -> tuple[BranchStep, ...]:
        """What theory takes its branch for; NoTheory where the stream is no sum of maps."""
        raise NoTheory("this residual block does not say what its branch is made of")

    def __call__(self, run: Pass, x: Tensor) -> Tensor:
        around, through = self.join.fork(run, x)
        return self.join(run, around, self.branch(run, through))


class Preactivation(Block):
    """x + W_2 a(W_1 a(x)), a = phi(N(.)): nothing stands in the way of the stream (He et al. 2016b)."""

    def stand(self, name: str, size: int, layers: Layers, *, spatial: bool) -> list[StackedLayer]:
        return [Nonlinearity(f"{name}.{which}", size, layers, spatial=spatial) for which in ("first", "second")]

    def branch(self, run: Pass, x: Tensor) -> Tensor:
        before, between = self.beside
        return self.second(run, between(run, self.first(run, before(run, x))))

    def random_branch(self, law: Law) -> tuple[BranchStep, ...]:
        return "norm", "activation", self.first.random_map(law), "norm", "activation", self.second.random_map(law)


class Original(Block):
    """phi(x + N(W_2 phi(N(W_1 x)))): the first residual network, whose stream is rectified (He et al. 2015)."""

    def stand(self, name: str, size: int, layers: Layers, *, spatial: bool) -> list[StackedLayer]:
        between = Nonlinearity(f"{name}.first", size, layers, spatial=spatial)
        behind = Normalized(f"{name}.second.norm", size, layers, spatial=spatial)
        return [between, behind, Activated(f"{name}.second", layers)]

    def branch(self, run: Pass, x: Tensor) -> Tensor:
        between, behind, _ = self.beside
        return behind(run, self.second(run, between(run, self.first(run, x))))

    def random_branch(self, law: Law) -> tuple[BranchStep, ...]:
        raise NoTheory("the stream of block=original passes an activation behind every block")

    def __call__(self, run: Pass, x: Tensor) -> Tensor:
        return self.beside[-1](run, super().__call__(run, x))


class Feedforward(Preactivation):
    """x + W_2 phi(W_1 N(x)): no activation before the first map, as in a transformer (Xiong et al. 2020, pre-LN)."""

    def stand(self, name: str, size: int, layers: Layers, *, spatial: bool) -> list[StackedLayer]:
        before = Normalized(f"{name}.first.norm", size, layers, spatial=spatial)
        return [before, Activated(f"{name}.second", layers, drops=True)]

    def random_branch(self, law: Law) -> tuple[BranchStep, ...]:
        return "norm", self.first.random_map(law), "activation", self.second.random_map(law)
