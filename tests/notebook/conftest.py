"""Axes that pyplot never hears of, and what stands in their legends."""

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure


@pytest.fixture
def axes() -> Axes:
    return Figure(figsize=(5, 4)).subplots()


@pytest.fixture
def legend():
    """What stands in the legend of axes."""

    def words(axes: Axes) -> list[str]:
        found = axes.get_legend()
        return [text.get_text() for text in found.get_texts()] if found else []

    return words
