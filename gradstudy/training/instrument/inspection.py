"""Quantities of a probe: numbers [member] from the activations and gradients of a stacked network.

Sums of measured values are norms, or are taken term by term: `sum` and `mean` add up in an order that depends on the
number of members.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from gradstudy.kernels.compiled import runs_compiled
from gradstudy.kernels.rows import lengths_of_steps, products_of_rows, shares_marked
from gradstudy.kernels.units import look_at_slopes
from gradstudy.network import Applied, spread_over
from gradstudy.training.flat import Flat
from gradstudy.training.instrument.norms import SAFE, norms

SATURATED_SLOPE = 0.05
"""A unit is saturated where its slope is less than this part of the slope at 0: tanh beyond 0.975 of its range."""

Applications = Sequence[tuple[Callable[[Tensor], Tensor], Tensor, Tensor]]
"""A nonlinearity's function, input [member, sample, unit, ...] and output in a graph, once per time it was applied."""
Slopes = Sequence[Tensor]
"""The nonlinearity's slopes there, shaped alike."""


def dead_units(slopes: Slopes) -> Tensor:
    """The share of units whose slope is exactly 0 on every sample (pixel, time step), [member]."""
    # the largest of its size, and not .all() of comparisons, which torch does one by one
    largest = torch.stack([slope.abs().amax((1, *range(3, slope.dim()))) for slope in slopes]).amax(0)
    return (largest == 0).double().mean(1)


def saturated_units(slopes: Slopes, steepest: Tensor) -> Tensor:
    """The share of units on a flat end of their nonlinearity, averaged over samples (pixels, time steps), [member].

    `steepest` [member] is the slope at 0.
    """
    flat = [(slope.abs() < SATURATED_SLOPE * spread_over(steepest, slope)).flatten(1).sum(1) for slope in slopes]
    return torch.stack(flat).sum(0).double() / sum(slope[0].numel() for slope in slopes)


def flat_units(
    rule: int, coefficients: Tensor, sites: Sequence[Sequence[Applied]], limits: Tensor
) -> tuple[Tensor, Tensor]:
    """The shares of dead and of saturated units, [site, member] each, where a slope follows from the value.

    `sites` are nonlinearities by this rule, and `limits` [member] the sizes of a slope below which a unit is saturated.
    """
    units = torch.tensor([[values[0].units] for values in sites])
    awake = torch.zeros(len(sites), len(limits), int(units.max()), dtype=torch.bool)
    flat = torch.zeros(len(sites), len(limits), dtype=torch.float64)
    given = coefficients.numpy(), limits.numpy()
    for values, *found in zip(sites, awake.numpy(), flat.numpy(), strict=True):
        for one in values:
            where = tuple(one.values.shape), one.first, one.row, one.units, one.entries
            look_at_slopes(rule, *given, one.values.view(-1).numpy(), *where, *found)
    looked_at = [
        [sum((one.values.shape[1] - one.first) * one.units * one.entries for one in values)] for values in sites
    ]
    return (units - awake.sum(2)) / units.double(), flat / torch.tensor(looked_at)


def slopes(applications: Applications) -> Slopes:
    """phi' wherever a nonlinearity was applied: of a function that acts element by element. The graph is kept."""
    return [_slope(x, y) for _, x, y in applications]


def as_applied(y: Tensor) -> Applied:
    """A nonlinearity's output [member, sample, unit, ...] as values to look at; no copy where samples lie last."""
    first, last = y.detach(), y.detach().movedim(1, -1)
    rows = last.flatten(2).unsqueeze(1) if last.is_contiguous() else first.reshape(*y.shape[:3], -1).contiguous()
    return Applied(rows, units=y.shape[2], first=0, row=0, entries=rows.shape[3])


def slope_at_zero(function: Callable[[Tensor], Tensor], members: int) -> Tensor:
    """|phi'(0)| [member] of a nonlinearity without parameters of its own."""
    with torch.enable_grad():
        zero = torch.zeros(members, 1, dtype=torch.float64, requires_grad=True)
        return _slope(zero, function(zero)).flatten().abs()


def steepest(applications: Applications) -> Tensor:
    """phi'(0), [member]."""
    function, x, _ = applications[0]
    at_zero = torch.zeros_like(x).flatten(1)[:, :1]
    with torch.enable_grad():
        zero = spread_over(at_zero, x).requires_grad_()
        return _slope(zero, function(zero)).flatten().abs()


def _slope(x: Tensor, y: Tensor) -> Tensor:
    return torch.autograd.grad(y.sum(), x, retain_graph=True)[0]


def skip_share(through_skip: Tensor, through_branch: Tensor) -> Tensor:
    """The share of the squared gradient that comes back through the skip, [member]; nan where nothing comes back."""
    both = norms([through_skip, through_branch])
    squares = (both / both.amax(0)).square()  # the largest is 1: no square leaves the range
    return squares[0] / (squares[0] + squares[1])


def shares_by_distance(signals: Sequence[Tensor], times: Sequence[int]) -> Tensor:
    """Of single answers' signals the share that is left 1, 2, ... steps before the answer, [distance, member].

    `signals` [time, member] are each that of the answer at one of `times`, counted from 1, and shares are of what is
    there at its own time. The median over the answers that have so many steps before them; nan where nothing is asked.
    """
    distances, members = signals[0].shape[0] - 1, signals[0].shape[1]
    shares = signals[0].new_full((len(signals), distances, members), torch.nan)
    for own, signal, time in zip(shares, signals, times, strict=True):
        own[: time - 1] = signal[: time - 1].flip(0) / signal[time - 1]
    return shares.nanquantile(0.5, dim=0)


def update_ratio(flat: Flat, before: Tensor, after: Tensor) -> Tensor:
    """How far each trained parameter in these rows moved, in its own norm, [parameter, member]; taken in float64."""
    if runs_compiled(before):
        return _of_trained(flat, lengths_of_steps, before, after)
    old, new = ([one.double() for one in _trained(flat, rows)] for rows in (before, after))
    return norms([other - one for one, other in zip(old, new, strict=True)]) / norms(old)


def marked_shares(flat: Flat, marks: Tensor) -> Tensor:
    """Which part of each trained parameter is marked in rows of bools, [parameter, member]."""
    if runs_compiled(marks, torch.bool):
        return _of_trained(flat, shares_marked, marks)
    return torch.stack(
        [one.reshape(len(one), -1).count_nonzero(1).double() / one[0].numel() for one in _trained(flat, marks)]
    )


def _trained(flat: Flat, rows: Tensor) -> list[Tensor]:
    return list(flat.views(rows).values())[: flat.trained]


def _of_trained(flat: Flat, function: Callable[..., None], *rows: Tensor) -> Tensor:
    """What a compiled function finds in each trained parameter of these rows, [parameter, member]."""
    found = torch.empty(flat.trained, len(rows[0]), dtype=torch.float64)
    places = (np.array(bounds[: flat.trained]) for bounds in (flat.starts, flat.ends))
    function(*(one.numpy() for one in rows), *places, found.numpy())
    return found


def cosine(before: Tensor, after: Tensor, length: int) -> Tensor:
    """That of two gradients, the first entries of rows [member, entry], as [member]; nan where one of them is 0."""
    if not runs_compiled(before, torch.float64):
        return _careful_cosine(before, after, length)
    products = torch.empty(3, len(before), dtype=torch.float64)
    products_of_rows(before.numpy(), after.numpy(), length, products.numpy())
    low, high = (limit * limit for limit in SAFE[torch.float64])
    safe = ((products[:2] > low) & (products[:2] < high)).all(0)
    found = (products[2] / (products[0].sqrt() * products[1].sqrt())).clamp(-1.0, 1.0)
    return found if bool(safe.all()) else torch.where(safe, found, _careful_cosine(before, after, length))


def _careful_cosine(before: Tensor, after: Tensor, length: int) -> Tensor:
    """The same where no square may leave the range."""
    gradients = before[:, :length], after[:, :length]
    one, other = (gradient / norms([gradient])[0].unsqueeze(1) for gradient in gradients)
    squares = norms([one + other, one - other]).square()
    return (squares[0] - squares[1]) / 4


def sample_correlation(place: Sequence[Tensor]) -> Tensor:
    """The mean cosine between two samples' values [member, batch, ...] at one flow point, [member]."""
    return _mean_cosine(torch.cat([tensor.flatten(2) for tensor in place], dim=2))


def _mean_cosine(vectors: Tensor) -> Tensor:
    """Over all pairs of the vectors [member, vector, entry]: (|sum of unit vectors|^2 - n) / (n (n - 1))."""
    count, lengths = vectors.shape[1], torch.linalg.vector_norm(vectors, dim=2, keepdim=True)
    together = norms([sum((vectors / lengths).unbind(1))])[0]
    return (together.square() - count) / (count * (count - 1))


def jacobian(outputs: Tensor, inputs: Tensor, samples: int) -> Tensor:
    """d output_n / d input_n of the first so many samples, [member, sample, output, input].

    One backward pass per sample and output: where a batch norm couples samples, summing over them would mix in what
    one sample's input does to another one's output.
    """
    rows = [
        torch.autograd.grad(outputs[:, n].flatten(1)[:, o].sum(), inputs, retain_graph=True)[0][:, n].flatten(1)
        for n in range(min(samples, outputs.shape[1]))
        for o in range(outputs[0, 0].numel())
    ]
    return torch.unflatten(torch.stack(rows, dim=1), 1, (-1, outputs[0, 0].numel()))


def singular_values(jacobians: Tensor) -> Tensor:
    """Those of [member, sample, output, input], from the largest, averaged over samples: [value, member].

    nan for a member whose Jacobian is not finite.
    """
    finite = jacobians.isfinite().flatten(1).all(1)
    values = torch.linalg.svdvals(torch.where(spread_over(finite, jacobians), jacobians, 0.0)).unbind(1)
    return torch.where(finite.unsqueeze(1), sum(values) / len(values), torch.nan).t()


def jacobian_correlation(jacobians: Tensor) -> Tensor:
    """The mean cosine between the Jacobians of two samples, [member]: near 0, gradients are shattered.

    It is what two samples' input gradients of a random read-out have in common (Balduzzi et al. 2017).
    """
    return _mean_cosine(jacobians.flatten(2))


def noise_scale(groups: Sequence[Tensor], size: int) -> Tensor:
    """tr(covariance of one sample's gradient) / |mean gradient|^2, [member]: the batch that would halve the noise.

    McCandlish et al. 2018, eq. 2.9. `groups` are the gradients [member, entry] of disjoint groups of `size` samples;
    both numbers are estimated without bias from them. inf where the mean cannot be told from noise.
    """
    count = len(groups)
    mean = torch.stack(list(groups)).sum(0) / count
    scatter = norms([group - mean for group in groups]).square().unbind()
    noise = size * sum(scatter) / (count - 1)
    signal = norms([mean])[0].square() - noise / (size * count)
    return torch.where(signal > 0, noise / signal, torch.where(signal.isnan(), torch.nan, torch.inf))
