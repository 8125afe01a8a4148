"""What a perceptron and a convolutional network share: one map behind the other, each read through a nonlinearity."""

from collections.abc import Sequence

from torch import Tensor

from gradstudy.factors.model.layers import Nonlinearity, SkipJoin, StackedMap, check_joins, parameters_and_buffers
from gradstudy.factors.model.random_maps import Side, random_feedforward, random_stage
from gradstudy.layer_parts import Layers
from gradstudy.network import Pass
from gradstudy.random_network import Facts, NoTheory, RandomFeedforward


class Chain:
    """z_1 = W_1 x, z_l = join(z_{l-1}, W_l phi(N(z_{l-1}))), and phi(N(z_L)) at its end.

    `maps` are the W_l in order, `names` and `sizes` the names and features of their layers. `skips` are the maps that
    z_{l-1} passes on its way to the join, from the second layer on; None where it passes as it is.
    """

    def __init__(
        self,
        names: Sequence[str],
        sizes: Sequence[int],
        maps: Sequence[StackedMap],
        layers: Layers,
        *,
        skips: Sequence[StackedMap | None] = (),
        spatial: bool = False,
    ):
        joins = len(maps) - 1
        check_joins(layers, joins)
        named = list(zip(names, sizes, strict=True))
        self.maps, self.skips, self.layers = maps, skips or [None] * joins, layers
        self.nonlinearities = [Nonlinearity(name, size, layers, spatial=spatial) for name, size in named]
        self.joins = [SkipJoin(name, size, joins, layers) for name, size in named[1:]]
        self.parameters, self.buffers = parameters_and_buffers(
            *self.maps, *self.nonlinearities, *self.joins, *filter(None, self.skips)
        )

    def __call__(self, run: Pass, x: Tensor) -> tuple[Tensor, list[tuple[Tensor, ...]]]:
        """phi(N(z_L)), and z_1 to z_L as places of a flow."""
        z = self.maps[0](run, x)
        points: list[tuple[Tensor, ...]] = [(z,)]
        for before, one, skip, join in zip(self.nonlinearities, self.maps[1:], self.skips, self.joins, strict=False):
            around, through = join.fork(run, z)
            branch = one(run, before(run, through))
            z = join(run, around if skip is None else skip(run, around), branch)
            points.append((z,))
        return self.nonlinearities[-1](run, z), points

    def random_network(self, facts: Facts, *, side: Side = None, spatial: bool = False) -> RandomFeedforward:
        """What theory takes it for; NoTheory where a map stands in a skip, or a part has none."""
        if any(self.skips):
            raise NoTheory("a projection stands in the skip")
        first, *others = [one.random_map(facts.law) for one in self.maps]
        stages = [random_stage(("norm", "activation", one), self.layers, blocks=len(others)) for one in others]
        return random_feedforward(first, stages, self.layers, facts, side=side, spatial=spatial)
