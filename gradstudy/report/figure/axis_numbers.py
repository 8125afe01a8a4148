"""Which numbers stand beside an axis? Round ones, at most a few."""

from matplotlib.ticker import MaxNLocator


def whole_ticks(low: float, high: float, most: int = 4) -> list[int]:
    """Round whole numbers from `low` to `high`, both of them whole: steps, or decades."""
    return [round(tick) for tick in _round(low, high, most, integer=True)] or [round(low)]


def number_ticks(low: float, high: float, most: int = 4) -> list[float]:
    """Round numbers from `low` to `high`."""
    return [float(tick) for tick in _round(low, high, most, integer=False)]


def decade_word(decade: float) -> str:
    """`1e-12`, and 1 or 0.1 as they are."""
    return f"{10.0**decade:g}" if -2 <= decade <= 2 else f"1e{decade:+03.0f}"


def _round(low: float, high: float, most: int, *, integer: bool) -> list[float]:
    ticks = MaxNLocator(most, integer=integer).tick_values(low, high)
    return [tick for tick in ticks if low - 1e-9 * abs(low) <= tick <= high + 1e-9 * abs(high)] if high > low else []
