"""How is an amplitude written that is known by its decades?"""

import numpy as np


def amplitude(decades: float) -> str:
    """How is the amplitude of so many decades written? `3e-53`; float64 itself may have no such number."""
    exponent = int(np.floor(decades))
    digit = round(10.0 ** (decades - exponent))
    return f"1e{exponent + 1:+03d}" if digit == 10 else f"{digit}e{exponent:+03d}"
