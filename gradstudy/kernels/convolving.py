"""Convolutions of small images in machine code, all members in one call: a third of the time of oneDNN's, by groups.

Images are [member, channel, y, x, sample]: what a kernel sees of a row of pixels, shifted by any of its taps, then is
one run of memory, and samples fill the lanes of a vector however small the image is. Products are those of a matrix of
weights with the taps, which are read where they lie, in a copy of one member's images with a border around them.
"""

import numpy as np

from gradstudy.kernels.compiled import compiled_freely
from gradstudy.kernels.lanes import add_product, load, spread, store


@compiled_freely
def correlate_into(images, weights, biases, wraps, made):  # type: ignore[no-untyped-def]
    """Writes sum over taps of weight * pixel + bias to `made`, [member, output, y, x, sample].

    `weights` are [member, output, channel, kernel, kernel]. Behind the border are zeros, or `wraps`: the other side.
    """
    members, outputs, _, kernel, _ = weights.shape
    height, width, samples = images.shape[2:]
    bordered, taps = _room(images, kernel)
    pitch, run = bordered.shape[1], width * samples
    wide, fours = run + 16, -(-outputs // 4)
    row, bias = np.empty(4 * fours * wide, images.dtype), np.zeros(4 * fours, images.dtype)
    weight = np.zeros(fours * len(taps) * 4, images.dtype)  # what comes behind the last output is not looked at
    for member in range(members):
        _surround(images[member], kernel // 2, wraps, bordered)
        flat, to = bordered.reshape(-1), made[member].reshape(outputs, height, run)
        own = weights[member].reshape(outputs, -1)
        for o in range(outputs):
            bias[o] = biases[member, o]
            for tap in range(len(taps)):
                weight[(o // 4 * len(taps) + tap) * 4 + o % 4] = own[o, tap]
        for y in range(height):
            for first in range(0, run, 16):
                for four in range(fours):
                    a0 = a1 = spread(bias, 4 * four)
                    b0 = b1 = spread(bias, 4 * four + 1)
                    c0 = c1 = spread(bias, 4 * four + 2)
                    d0 = d1 = spread(bias, 4 * four + 3)
                    for tap in range(len(taps)):
                        at, factor = y * pitch + first + taps[tap], (four * len(taps) + tap) * 4
                        low, high = load(flat, at), load(flat, at + 8)
                        a, b = spread(weight, factor), spread(weight, factor + 1)
                        a0, a1 = add_product(a0, a, low), add_product(a1, a, high)
                        b0, b1 = add_product(b0, b, low), add_product(b1, b, high)
                        c, d = spread(weight, factor + 2), spread(weight, factor + 3)
                        c0, c1 = add_product(c0, c, low), add_product(c1, c, high)
                        d0, d1 = add_product(d0, d, low), add_product(d1, d, high)
                    at = 4 * four * wide + first
                    for low, high in ((a0, a1), (b0, b1), (c0, c1), (d0, d1)):
                        store(row, at, low)
                        store(row, at + 8, high)
                        at += wide
            for o in range(outputs):
                _copy(row[o * wide : o * wide + run], to[o, y])


@compiled_freely
def weigh_into(images, gradients, wraps, weights, biases):  # type: ignore[no-untyped-def]
    """Writes the gradients of weights and biases, given those of what `correlate_into` made of the same images."""
    members, outputs, _, kernel, _ = weights.shape
    height, width, samples = images.shape[2:]
    bordered, taps = _room(images, kernel)
    pitch, run = bordered.shape[1], width * samples
    wide, fours = run + 8, -(-outputs // 4)
    row, sums = np.zeros(4 * fours * wide, images.dtype), np.empty(fours * len(taps) * 32, images.dtype)
    for member in range(members):
        _surround(images[member], kernel // 2, wraps, bordered)
        flat, given = bordered.reshape(-1), gradients[member].reshape(outputs, height, run)
        sums[:] = 0
        for y in range(height):
            for o in range(outputs):
                _copy(given[o, y], row[o * wide : o * wide + run])
            for four in range(fours):
                for tap in range(0, len(taps), 2):
                    # eight lanes for each of four outputs, and the same for the next tap, if there is one
                    last = min(tap + 1, len(taps) - 1)
                    to, other = (four * len(taps) + tap) * 32, (four * len(taps) + last) * 32
                    a0, b0, c0, d0 = load(sums, to), load(sums, to + 8), load(sums, to + 16), load(sums, to + 24)
                    a1, b1 = load(sums, other), load(sums, other + 8)
                    c1, d1 = load(sums, other + 16), load(sums, other + 24)
                    for at in range(0, run, 8):
                        low, high = load(flat, y * pitch + taps[tap] + at), load(flat, y * pitch + taps[last] + at)
                        given_at = 4 * four * wide + at
                        a, b = load(row, given_at), load(row, given_at + wide)
                        a0, a1 = add_product(a0, a, low), add_product(a1, a, high)
                        b0, b1 = add_product(b0, b, low), add_product(b1, b, high)
                        c, d = load(row, given_at + 2 * wide), load(row, given_at + 3 * wide)
                        c0, c1 = add_product(c0, c, low), add_product(c1, c, high)
                        d0, d1 = add_product(d0, d, low), add_product(d1, d, high)
                    for there, (a, b, c, d) in ((other, (a1, b1, c1, d1)), (to, (a0, b0, c0, d0))):
                        store(sums, there, a)
                        store(sums, there + 8, b)
                        store(sums, there + 16, c)
                        store(sums, there + 24, d)
        own, lanes = weights[member].reshape(outputs, -1), sums.reshape(fours, len(taps), 4, 8)
        for o in range(outputs):
            for tap in range(len(taps)):
                own[o, tap] = lanes[o // 4, tap, o % 4].sum()
            biases[member, o] = given[o].sum()


@compiled_freely
def _room(images, kernel):  # type: ignore[no-untyped-def]
    """Zeros for one member's images with a border, [channel * y, x * sample], and where in it each tap begins.

    A row is longer than what is in it by as much as a vector may read beyond.
    """
    channels, height, width, samples = images.shape[1:]
    rows, pitch = height + kernel - 1, (width + kernel - 1) * samples + 16
    taps = np.empty(channels * kernel * kernel, np.int64)
    for tap in range(len(taps)):
        channel, inside = divmod(tap, kernel * kernel)
        taps[tap] = (channel * rows + inside // kernel) * pitch + inside % kernel * samples
    return np.zeros((channels * rows, pitch), images.dtype), taps


@compiled_freely
def _surround(images, margin, wraps, bordered):  # type: ignore[no-untyped-def]
    """Copies [channel, y, x, sample] into a room with zeros, or with itself, all around."""
    channels, height, width, samples = images.shape
    rows, edge, run = height + 2 * margin, margin * samples, width * samples
    lines = images.reshape(channels, height, run)
    for channel in range(channels):
        for y in range(-margin if wraps else 0, height + margin if wraps else height):
            line, there = lines[channel, y % height], bordered[channel * rows + margin + y]
            _copy(line, there[edge : edge + run])
            if wraps:
                _copy(line[run - edge :], there[:edge])
                _copy(line[:edge], there[edge + run : edge + run + edge])


@compiled_freely
def _copy(source, to):  # type: ignore[no-untyped-def]
    """A plain loop: to assign a slice takes ten times as long."""
    for entry in range(len(source)):
        to[entry] = source[entry]
