"""How many numbers enter and leave a unit of a weight."""

import math
from collections.abc import Sequence


def fans(shape: Sequence[int]) -> tuple[int, int]:
    """(fan_in, fan_out) of an ordinary weight [out, in] or [out, in, height, width]: units times pixels of the kernel.

    As torch.nn.init counts them.
    """
    outputs, inputs, *kernel = shape
    return inputs * math.prod(kernel), outputs * math.prod(kernel)
