"""What does a map of the signal show? In words, for who cannot see it and for who points at a field."""

from gradstudy.analysis.signal_map import SignalMap
from gradstudy.report.flow_table import amplitude


def amplitude_words(decades: float) -> str:
    """`3e-12`, `exactly 0`, or `not finite`."""
    if abs(decades) == float("inf"):
        return "not finite" if decades > 0 else "exactly 0"
    return amplitude(decades)


def map_words(signal: SignalMap) -> str:
    """How large is the signal at both ends of the network, on the first and on the last step?"""
    first, last = signal.places[0], signal.places[-1]
    where = f"{len(signal.places)} places, {first} to {last}" if first != last else first
    ends = dict.fromkeys((0, len(signal.steps) - 1))
    told = (f"at step {signal.steps[row]} {_at_ends(signal, row)}" for row in ends)
    return f"Signal at {where}: {'; '.join(told)}."


def _at_ends(signal: SignalMap, row: int) -> str:
    last = f"{amplitude_words(signal.decades[row, -1])} at {signal.places[-1]}"
    if len(signal.places) == 1:
        return last
    return f"{last} and {amplitude_words(signal.decades[row, 0])} back at {signal.places[0]}"
