"""Axes that pyplot never hears of, and records whose signal is given."""

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gradstudy.records import MemberRecord, Series


@pytest.fixture
def axes() -> Axes:
    return Figure(figsize=(5, 4)).subplots()


@pytest.fixture
def make_member():
    """A record with this signal [step, place] and nothing else."""

    def made(signal, *, seed=0, first_bad_step=None) -> MemberRecord:
        values = np.array(signal, dtype=float)
        places = tuple(f"layer_{place:02d}" for place in range(1, values.shape[1] + 1))
        series = {"signal": Series(places, np.arange(len(values)), values)}
        return MemberRecord(0, seed, series, first_bad_step)

    return made


@pytest.fixture
def legend():
    """What stands in the legend of axes."""

    def words(axes: Axes) -> list[str]:
        found = axes.get_legend()
        return [text.get_text() for text in found.get_texts()] if found else []

    return words
