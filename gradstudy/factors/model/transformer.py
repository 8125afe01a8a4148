"""The transformer encoder: a residual stream of tokens, and sublayers that read from it and add to it."""

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import torch
from torch import Tensor

from gradstudy.factors.model.attention import Attention
from gradstudy.factors.model.layers import Linear, Normalized, SkipJoin, activation, as_sequence, parameters_and_buffers
from gradstudy.factors.model.random_maps import by_token, random_feedforward, random_stage
from gradstudy.layer_parts import Adjust, Layers
from gradstudy.network import Flow, Pass, Shape, numbered
from gradstudy.parts import MOST_LAYERS, WIDEST_LAYER, Part, number, word
from gradstudy.random_network import BranchStep, Facts, Law, Norm, NoTheory, RandomFeedforward, RandomMap, RandomStage


@dataclass(frozen=True)
class Transformer(Part, group="model"):
    """`depth` blocks of self-attention and W_2 phi(W_1 x), on an embedding of `width` features per token.

    `order` says where a sublayer f is normalised: `pre` is x + f(N(x)) with one more N before the read-out, `post` is
    N(x + f(x)) (Vaswani et al. 2017; Xiong et al. 2020 compare them). Skips come from residual and N from
    normalization; residual=additive with normalization=layer makes the classic. The feed-forward sublayer is
    `feedforward` times as wide; without `attention` it stands alone in its block. `positions` are fixed and added to
    the embedding. An encoder masks nothing: where a task wants an output at each step, that step has seen all others.
    """

    width: int = number(32, at_least=1, at_most=WIDEST_LAYER)
    depth: int = number(2, at_least=1, at_most=MOST_LAYERS)
    heads: int = number(4, at_least=1, at_most=1_024)
    feedforward: int = number(4, at_least=1, at_most=64)
    order: str = word("pre", "post")
    attention: bool = True
    positions: str = word("sinusoidal", "none")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.attention and self.width % self.heads:
            divisors = [str(heads) for heads in range(1, self.width + 1) if self.width % heads == 0]
            raise ValueError(
                f"heads must divide the width, {self.width}, got {self.heads}: use one of {', '.join(divisors)}, or "
                "another width"
            )

    @property
    def joins(self) -> int:
        """How many residual connections stand one behind the other."""
        return self.depth * (2 if self.attention else 1)

    def network(self, shape: Shape, layers: Layers) -> "TransformerNetwork":
        if layers.normalization.after:
            raise ValueError(
                "normalization.after=true has no place in a transformer, which is normalised before or behind its "
                "sublayers: set it to false, and choose model.order=pre or model.order=post"
            )
        return TransformerNetwork(self, shape, layers)


class TransformerNetwork:
    """Inputs are [member, batch, time, feature], an image is read row by row; the mean over tokens is read out.

    The flow points are the residual stream [member, batch, token, width] after each block. A block's weights are named
    and shaped as those of torch.nn.TransformerEncoderLayer, behind the prefix `layer_01`, ...; in between, tokens count
    as samples: [member, batch * token, width].
    """

    greedy = ()

    def __init__(self, model: Transformer, shape: Shape, layers: Layers):
        self.model, self.layers, self.each_step = model, layers, shape.each_step
        self.length, features = shape.sequence
        names = numbered("layer", model.depth)
        self.embedding = Linear("embedding", features, model.width, layers)
        self.blocks = [_block(name, self.length, model, layers) for name in names]
        self.norms = [Normalized("norm", model.width, layers)] if model.order == "pre" else []
        self.readout = Linear("readout", model.width, shape.outputs, layers)
        sublayers = [sublayer for block in self.blocks for sublayer in block]
        self.parameters, self.buffers = parameters_and_buffers(self.embedding, *sublayers, *self.norms, self.readout)
        self.places = {"signal": names}

    def narrowest(self, batch: int) -> int:
        return batch * self.model.width * (self.length if self.each_step else 1)

    def __call__(self, run: Pass, inputs: Tensor) -> Flow:
        stream, points = self._embedded(run, as_sequence(inputs)), []
        for block in self.blocks:
            x = stream.flatten(1, 2)
            for sublayer in block:
                x = sublayer(run, x)
            stream = x.view_as(stream)
            points.append((stream,))
        return Flow(self._read_out(run, stream), {"signal": points})

    def _embedded(self, run: Pass, inputs: Tensor) -> Tensor:
        """The residual stream [member, batch, token, width] before the first block."""
        stream = torch.unflatten(self.embedding(run, inputs.flatten(1, 2)), 1, inputs.shape[1:3])
        if self.model.positions == "none":
            return stream
        return stream + sinusoids(self.length, self.model.width, stream.device, stream.dtype)

    def _read_out(self, run: Pass, stream: Tensor) -> Tensor:
        x = stream.flatten(1, 2)
        for normalize in self.norms:
            x = normalize(run, x)
        if self.each_step:
            return torch.unflatten(self.readout(run, x), 1, stream.shape[1:3])
        return self.readout(run, x.view_as(stream).mean(2))

    def random_network(self, facts: Facts) -> RandomFeedforward:
        stages = [sublayer.random_stage(facts.law) for block in self.blocks for sublayer in block]
        norm = self.layers.normalization.norm()
        if norm == "batch":
            raise NoTheory("a batch norm sees the tokens of a sample together, and these are read out alike")
        if norm != "none" and self.model.order == "post":
            raise NoTheory("the stream of order=post is normalised behind every sublayer")
        tokens = as_sequence(torch.from_numpy(facts.inputs.typical)[None])[0].numpy()
        alone, first = replace(facts, inputs=by_token(facts.inputs, tokens)), self._embedding(norm, facts.law)
        return random_feedforward(first, stages, self.layers, alone, stem=True, last=("norm",))

    def _embedding(self, norm: Norm, law: Law) -> RandomMap:
        """The map of the inputs to theory, to which positions add the same power for every sample."""
        plain = self.embedding.random_map(law)
        if self.model.positions == "none":
            return plain
        if norm != "none":
            raise NoTheory("positions give the stream a mean over features, which a norm takes away")
        placed = sinusoids(self.length, self.model.width, torch.device("cpu"), torch.float64)
        return replace(plain, bias=plain.bias + placed.square().mean().item())


@lru_cache(maxsize=8)
def sinusoids(length: int, width: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    """Fixed positions [token, width]: sin and cos of t / 10000^(2i / width) in columns 2i and 2i + 1.

    Vaswani et al. 2017, section 3.5. Kept, because a copy to an accelerator on every step would make it wait.
    """
    column = torch.arange(width, dtype=torch.float64)
    angle = torch.arange(length, dtype=torch.float64).unsqueeze(1) / 10000 ** ((column - column % 2) / width)
    return torch.where(column % 2 == 0, angle.sin(), angle.cos()).to(device, dtype)


class _FeedForward:
    """W_2 phi(W_1 x) for every token, with dropout behind phi."""

    def __init__(self, place: str, model: Transformer, layers: Layers, adjusts: tuple[Adjust, Adjust]):
        self.place, self.layers, inner = place, layers, model.feedforward * model.width
        self.first = Linear(f"{place}.linear1", model.width, inner, layers, adjust=adjusts[0])
        self.second = Linear(f"{place}.linear2", inner, model.width, layers, adjust=adjusts[1])
        learned = layers.activation.parameters(f"{place}.activation")
        self.parameters = (*self.first.parameters, *learned, *self.second.parameters)
        self.buffers = (*self.first.buffers, *self.second.buffers)

    def __call__(self, run: Pass, x: Tensor) -> Tensor:
        own = run.at(self.place)
        activate, drop = activation(own, self.layers), self.layers.regularization.drop
        return self.second(run, drop(own.at("activation"))(activate(self.first(run, x))))

    def random_branch(self, law: Law) -> tuple[BranchStep, ...]:
        return self.first.random_map(law), "activation", self.second.random_map(law)


Branch = Attention | _FeedForward


def _block(place: str, length: int, model: Transformer, layers: Layers) -> list["_Sublayer"]:
    """Attention, where there is any, and the feed-forward sublayer; counted as torch counts its norms."""
    first, last = (layers.residual.adjust(model.joins, maps=2, index=index) for index in (0, 1))
    branches: dict[int, Branch] = {}
    if model.attention:
        size = (length, model.width)
        branches[1] = Attention(f"{place}.self_attn", size, layers, heads=model.heads, adjusts=(first, last))
    branches[2] = _FeedForward(place, model, layers, (first, last))
    return [_Sublayer(place, index, branch, model, layers) for index, branch in branches.items()]


class _Sublayer:
    """One branch of the residual stream [member, batch * token, width]: normalised, dropped out and joined."""

    def __init__(self, place: str, index: int, branch: Branch, model: Transformer, layers: Layers):
        self.branch, self.pre = branch, model.order == "pre"
        self.place, self.layers, self.blocks = f"{place}.join{index}", layers, model.joins
        self.norm = Normalized(f"{place}.norm{index}", model.width, layers)
        self.join = SkipJoin(self.place, model.width, model.joins, layers)
        self.parameters, self.buffers = parameters_and_buffers(branch, self.join, self.norm)

    def __call__(self, run: Pass, x: Tensor) -> Tensor:
        around, through = self.join.fork(run, x)
        branch = self.branch(run, self.norm(run, through) if self.pre else through)
        joined = self.join(run, around, self.layers.regularization.drop(run.at(self.place))(branch))
        return joined if self.pre else self.norm(run, joined)

    def random_stage(self, law: Law) -> RandomStage:
        """What theory takes it for: the branch's own dropout multiplies its power by 1 / (1 - p), there and back."""
        plain = random_stage(("norm", *self.branch.random_branch(law)), self.layers, blocks=self.blocks)
        return replace(plain, scale=plain.scale / math.sqrt(1 - self.layers.regularization.dropped()))
