"""Screens whose truth is known by algebra."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, ndtr

from gradstudy.random_network import ActivationCurve
from gradstudy.records import DUMMY, Factor


@pytest.fixture
def make_members() -> Callable[..., pd.DataFrame]:
    """Members of trials with these values: equal over seeds but for normal noise whose mean over seeds is 0."""

    def made(trials: pd.DataFrame, values, *, response="gain", seeds=1, noise=0.0) -> pd.DataFrame:
        members = trials.assign(trial=np.arange(len(trials)), verdict="healthy")
        members = members.loc[members.index.repeat(seeds)].reset_index(drop=True)
        scatter = noise * np.random.default_rng(5).normal(size=(len(trials), seeds))
        measured = np.asarray(values, dtype=float)[:, None] + scatter - scatter.mean(axis=1, keepdims=True)
        return members.assign(seed=np.tile(np.arange(seeds), len(trials)), **{response: measured.ravel()})

    return made


@pytest.fixture
def draw_trials() -> Callable[..., pd.DataFrame]:
    """Independent uniform values of factors that all live everywhere."""

    def drawn(factors, count: int, seed: int = 0) -> pd.DataFrame:
        random = np.random.default_rng(seed)
        return pd.DataFrame(
            {
                factor.name: random.uniform(factor.low, factor.high, count)
                if factor.is_number
                else [factor.levels[code] for code in random.integers(len(factor.levels), size=count)]
                for factor in factors
            }
        )

    return drawn


@pytest.fixture
def mixed_screen(draw_trials) -> tuple[list[Factor], pd.DataFrame, np.ndarray]:
    """An exclusive or, a parabola, a threshold that lives under one level in three, and two null factors.

    y = [a is not b] + 2 u^2 + log10(threshold) where clip is norm, with u uniform on -1..1, threshold log-uniform on
    0.1..10. Variances: 1/4, 16/45, and for clip and threshold together 1/9; in the threshold's support 1/3.
    """
    factors = [
        Factor("a", ("p", "q")),
        Factor("b", ("p", "q")),
        Factor("u", low=-1.0, high=1.0),
        Factor("clip", ("none", "norm", "value")),
        Factor("decades", low=-1.0, high=1.0),
        Factor("null", ("x", "y", "z")),
        DUMMY,
    ]
    trials = draw_trials(factors, 128, seed=1)
    lives = trials["clip"] == "norm"
    values = (trials["a"] != trials["b"]) + 2 * trials["u"] ** 2 + trials["decades"].where(lives, 0.0)
    trials["threshold"] = (10.0 ** trials["decades"]).where(lives)
    factors[4] = Factor("threshold", low=0.1, high=10.0, log=True)
    return factors, trials.drop(columns="decades"), values.to_numpy(dtype=float)


@pytest.fixture
def curves() -> dict[str, ActivationCurve]:
    """Activations and their slopes in plain NumPy, by name."""
    return {
        "identity": ActivationCurve(lambda z: z, np.ones_like),
        "relu": ActivationCurve(lambda z: np.maximum(z, 0.0), lambda z: (z > 0) * 1.0),
        "leaky": ActivationCurve(lambda z: np.where(z > 0, z, 0.2 * z), lambda z: np.where(z > 0, 1.0, 0.2)),
        "hard_tanh": ActivationCurve(lambda z: np.clip(z, -1.0, 1.0), lambda z: (np.abs(z) < 1) * 1.0),
        "tanh": ActivationCurve(np.tanh, lambda z: 1.0 - np.tanh(z) ** 2),
        "sigmoid": ActivationCurve(expit, lambda z: expit(z) * expit(-z)),
        "gelu": ActivationCurve(
            lambda z: z * ndtr(z), lambda z: ndtr(z) + z * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
        ),
    }


@pytest.fixture(
    params=[
        ("identity", 1 / 3, 1 / 3),
        ("identity", 1.0, 1.0),
        ("relu", 2.0, 1.0),
        ("relu", 1.0, 1 / 2),
        ("relu", 1 / 3, 1 / 6),
        ("leaky", 2.0, 1.04),
        ("leaky", 2 / 1.04, 1.0),
    ],
    ids=lambda row: f"{row[0]}-{row[1]:.3g}",
)
def homogeneous(request, curves) -> tuple[ActivationCurve, float, float]:
    """A curve of two straight lines through 0, a weight, and the factor by which a layer of them multiplies power.

    The factor is the weight times half the sum of the squared slopes (G1, G2, G4), backward and forward.
    """
    name, weight, factor = request.param
    return curves[name], weight, factor
