"""What papers and algebra say of random networks: every number once, by its row in the table of ground truths."""

import numpy as np

from support.flows import gaussian_mean

CRITICAL_TANH = {
    (1.0, 0.0): 0.0,
    (1.4242, 0.01): 0.273,
    (1.7610, 0.05): 0.570,
    (1.9861, 0.1): 0.806,
    (2.2852, 0.2): 1.164,
    (2.5051, 0.3): 1.461,
}
"""G9: (sigma_w^2, sigma_b^2) on the line chi_1 = 1, and the power q* that z settles at (Poole et al. 2016)."""
CHI_1_OF_TANH = {0.5: 0.43199, 1.0: 0.75903, 2.5: 1.13352}
"""G9: sigma_w^2 E[tanh'(z)^2], z ~ N(0, q*), at sigma_b^2 = .05 (Schoenholz et al. 2017), by sigma_w^2."""
DEPTH_SCALES_OF_TANH = {1.0: 3.627, 1.3: 7.834}
"""G10: 1 / |ln chi_1|, in the ordered phase also that of the likeness of samples; at sigma_b^2 = .05."""
SIGMOID_POWER, SIGMOID_CHI_1 = 0.26469, 0.055721
"""G8b: q* and chi_1 at n Var W = 1 and b = 0; below 1/16, as phi' <= 1/4."""
BEHIND_BATCH_NORM = {
    "identity": (1.0, 1e-9),
    "relu": (np.pi / (np.pi - 1), 2e-9),
    "tanh": (1.177807, 5e-7),
    "sigmoid": (1.034, 5e-4),
}
"""G25, G27: the factor per layer in a large batch, E[phi'^2] / Var[phi] at z ~ N(0, 1), and how exactly it is known."""
BEHIND_LAYER_NORM = {"identity": (1.0, 1e-9), "relu": (1.0, 1e-9), "tanh": (1.177807, 5e-7)}
"""G28: E[phi'^2] / E[phi^2]."""
RELU_IN_SMALL_BATCHES = {8: 1.7882, 32: 1.5220, 256: 1.4732}
"""G26, as printed."""


OVER_100_STEPS = {0.9: -4.575749, 1.0: 0.0, 1.1: 4.139269}
"""G39: log10 of what a linear recurrence of this spectral radius does to the gradient (Pascanu et al. 2013)."""
OVER_150_STEPS = {1.0: 0.0, 0.9: -6.863624, 1.1: 6.208903}
"""G43: the same of c I where every ReLU is open (Le, Jaitly & Hinton 2015)."""
TANH_STREAM = {10: 14.06, 40: 575.5}
"""G35: what so many blocks z + W tanh(z) do to the power of the gradient (Yang & Schoenholz 2017).

At 40 blocks the stream has a power of 31 and tanh' is a narrow peak, which Gauss-Hermite nodes step over: 575.5 is what
scipy.integrate.quad gives.
"""


def tanh_stream(blocks: int) -> tuple[float, float]:
    """The power of the stream, and of the gradient over so many blocks: q + E tanh^2, and times 1 + E tanh'^2."""
    power = gradient = 1.0
    for _ in range(blocks):
        gradient *= 1 + gaussian_mean(lambda z: (1 - np.tanh(z) ** 2) ** 2, power)
        power += gaussian_mean(lambda z: np.tanh(z) ** 2, power)
    return power, gradient


def relu_behind_batch_norm(batch: int) -> float:
    """Yang et al. 2019, Theorem 8 of their appendix; 5 samples at least."""
    c = -1 / (batch - 1)
    angle = np.pi - np.arccos(c)
    kernel, slope = (np.sqrt(1 - c * c) + angle * c) / np.pi, angle / np.pi
    return (slope + batch - 1) / ((batch - 3) * (1 - kernel)) - 1 / (batch - 3)


def linear_behind_batch_norm(batch: int) -> float:
    return (batch - 2) / (batch - 3)
