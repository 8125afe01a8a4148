"""Self-attention in machine code: for each member, eight samples at a time are the lanes of a vector.

Heads of few features over few tokens are products far too small for a BLAS: most of a transformer's step went into
calling it once per sample and head, and into the copies that bring heads together. Here one member's eight samples lie
as [feature, token, sample] in the nearest cache, and every sum is over whole vectors.
"""

from math import sqrt

import numpy as np
from numpy import float32 as f4

from gradstudy.kernels.compiled import compiled_freely
from gradstudy.kernels.hyperbolic import power_and_rest
from gradstudy.kernels.lanes import add_product, load, nothing, store


@compiled_freely
def attend_into(projected, heads, mixed):  # type: ignore[no-untyped-def]
    """Writes softmax(Q K^T / sqrt(features of a head)) V to `mixed`, [member, sample, token, width].

    `projected` [member, sample, token, 3 width] has the features of Q, K and V, each head by head.
    """
    members, samples, length, width = mixed.shape
    head, row = width // heads, length * 8
    qkv, made, weight = _room(3 * width * row), _room(width * row), _room(row)
    for member in range(members):
        for first in range(0, samples, 8):
            _gather(projected[member], first, qkv)
            for query in range(heads * length):
                of_head, token = query // length * head, query % length
                at = of_head * row + token * 8
                _weigh(qkv, at, width * row + of_head * row, head, weight)
                for feature in range(of_head, of_head + head):
                    value, total = (2 * width + feature) * row, nothing(qkv)
                    for other in range(0, row, 8):
                        total = add_product(total, load(weight, other), load(qkv, value + other))
                    store(made, feature * row + token * 8, total)
            _scatter(made, first, mixed[member])


@compiled_freely
def attend_back_into(projected, heads, gradients, back):  # type: ignore[no-untyped-def]
    """Writes the gradients of `projected` to `back`, given those of what `attend_into` made of it."""
    members, samples, length, width = gradients.shape
    head, row, scale = width // heads, length * 8, f4(1 / sqrt(width // heads))
    qkv, given, weight, slope = _room(3 * width * row), _room(width * row), _room(row), _room(row)
    found, mean = _room(3 * width * row), _room(8)
    for member in range(members):
        for first in range(0, samples, 8):
            _gather(projected[member], first, qkv)
            _gather(gradients[member], first, given)
            found[:] = 0
            for query in range(heads * length):
                of_head, token = query // length * head, query % length
                at = of_head * row + token * 8
                _weigh(qkv, at, width * row + of_head * row, head, weight)
                mean[:] = 0
                for other in range(0, row, 8):
                    total = nothing(qkv)
                    for feature in range(of_head, of_head + head):
                        here = load(given, feature * row + token * 8)
                        value = (2 * width + feature) * row + other
                        total = add_product(total, here, load(qkv, value))
                        store(found, value, add_product(load(found, value), load(weight, other), here))
                    store(slope, other, total)
                    store(mean, 0, add_product(load(mean, 0), load(weight, other), total))
                for other in range(0, row, 8):
                    for sample in range(8):
                        slope[other + sample] = weight[other + sample] * (slope[other + sample] - mean[sample]) * scale
                for feature in range(of_head, of_head + head):
                    at, total = feature * row + token * 8, nothing(qkv)
                    for other in range(0, row, 8):
                        key, here = (width + feature) * row + other, load(slope, other)
                        total = add_product(total, here, load(qkv, key))
                        store(found, key, add_product(load(found, key), here, load(qkv, at)))
                    store(found, at, total)
            _scatter(found, first, back[member])


@compiled_freely
def _weigh(qkv, query, keys, head, weight):  # type: ignore[no-untyped-def]
    """Writes the weights of all tokens for one query of one head, [token, sample], given where query and keys begin."""
    row, scale = len(weight), f4(1 / sqrt(head))
    largest, total_of = np.full(8, -np.inf, np.float32), np.zeros(8, np.float32)
    for other in range(0, row, 8):
        total = nothing(qkv)
        for feature in range(0, head * row, row):
            total = add_product(total, load(qkv, query + feature), load(qkv, keys + feature + other))
        store(weight, other, total)
        for sample in range(8):
            here = weight[other + sample]
            largest[sample] = largest[sample] if here < largest[sample] else here
    for other in range(0, row, 8):
        for sample in range(8):
            weight[other + sample] = (weight[other + sample] - largest[sample]) * scale
    for entry in range(row):
        here = weight[entry]  # at most 0, or nan
        power, rest = power_and_rest(f4(-87) if here < f4(-87) else here)
        weight[entry] = power + rest
    for other in range(0, row, 8):
        for sample in range(8):
            total_of[sample] += weight[other + sample]
    for sample in range(8):
        total_of[sample] = f4(1) / total_of[sample]
    for other in range(0, row, 8):
        for sample in range(8):
            weight[other + sample] *= total_of[sample]


@compiled_freely
def _room(entries):  # type: ignore[no-untyped-def]
    return np.zeros(entries, np.float32)


@compiled_freely
def _gather(images, first, into):  # type: ignore[no-untyped-def]
    """Copies eight samples of [sample, token, feature] to [feature, token, sample]; those that are not there stay 0."""
    samples, length, features = images.shape
    if first + 8 > samples:
        into[:] = 0
    for sample in range(first, min(first + 8, samples)):
        for token in range(length):
            for feature in range(features):
                into[(feature * length + token) * 8 + sample - first] = images[sample, token, feature]


@compiled_freely
def _scatter(source, first, images):  # type: ignore[no-untyped-def]
    """The way back."""
    samples, length, features = images.shape
    for sample in range(first, min(first + 8, samples)):
        for token in range(length):
            for feature in range(features):
                images[sample, token, feature] = source[(feature * length + token) * 8 + sample - first]
