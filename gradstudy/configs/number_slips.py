"""Numbers as people write them: percent, powers, roots, fractions, with units; and lists of what is to vary."""

import math
import re

FACTORS = {"%": 0.01, "k": 1e3, "K": 1e3, "M": 1e6}


def number_way(name: str, value: object) -> str:
    """What to write for a key that was given this in place of a number, as a sentence to append; or nothing."""
    if isinstance(value, list) and value:
        return f" Write space.{name}='choice({', '.join(map(str, value))})' to vary it."
    if not isinstance(value, str):
        return ""
    if ends := re.fullmatch(r"(\d+)\s*(?:-|\.\.+|to)\s*(\d+)", value.strip()):
        return f" Write space.{name}='int(interval({ends[1]}, {ends[2]}))' to vary it."
    try:
        number = _number(value.strip())
    except OverflowError:
        return ""
    return "" if number is None or math.isinf(number) else f" Write {name}={number:.12g}."


def _number(text: str) -> float | None:
    """The number that this text is to a person."""
    digits = r"([+-]?\d*\.?\d+(?:[eE][+-]?\d+)?)"
    if root := re.fullmatch(r"(?:math\.|np\.)?sqrt\(\s*(\d*\.?\d+)\s*\)", text):
        return math.sqrt(float(root[1]))
    if power := re.fullmatch(rf"{digits}\s*(?:\^|\*\*)\s*([+-]?\d{{1,2}})", text):
        return math.pow(float(power[1]), float(power[2])) if float(power[1]) else None
    if fraction := re.fullmatch(rf"{digits}\s*/\s*{digits}", text):
        return float(fraction[1]) / float(fraction[2]) if float(fraction[2]) else None
    if scaled := re.fullmatch(rf"{digits}\s*([%kKM])", text):
        return float(scaled[1]) * FACTORS[scaled[2]]
    if united := re.fullmatch(rf"{digits}\s*[A-Za-z]+", text):
        return float(united[1])
    return None
