"""How numbers are written, the same on every page."""

import re

import numpy as np

SMALLEST_SHARE = 0.005


def fraction(number: float) -> str:
    """What seldom exceeds 1, with two digits and no leading zero: `.47`, and `-` where it is no number."""
    if not np.isfinite(number):
        return "-"
    digits = f"{abs(number):.2f}"
    return ("-" if number < 0 and digits != "0.00" else "") + digits.removeprefix("0")


def visible(share: float) -> str:
    """A share in a crowd of others: `.47`, and nothing where it would read as nothing."""
    return fraction(share) if share >= SMALLEST_SHARE else ""


def percent_words(share: float) -> str:
    """What somebody chose, such as a confidence, with all of its digits: `95 %`, `99.5 %`."""
    return f"{100 * share:g} %"


def percent(count: int, total: int) -> str:
    """A count as a part of the total: `23 %`, and `<1 %` for what is more than nothing."""
    share = 100 * count / max(total, 1)
    return "<1 %" if 0 < share < 1 else f"{share:.0f} %"


def percent_interval(low: float, high: float) -> str:
    """The ends of a share: `36 to 59 %`."""
    return f"{100 * low:.0f} to {100 * high:.0f} %"


def counted(number: int, what: str) -> str:
    """`1 trial`, `2 trials`"""
    return f"{number} {what}{'' if number == 1 else 's'}"


def rounded(number: float, digits: int) -> str:
    """`2.8`, and `-` where it is missing."""
    return "-" if np.isnan(number) else f"{round(number, digits) + 0.0:.{digits}f}"  # + 0.0: no negative zero


def compact(number: float, digits: int = 3) -> str:
    """So many digits at most: `0.012`, `12300`, `1.23e+06`, and `0` for a zero of either sign."""
    return f"{float(f'{number:.{digits}g}') + 0.0:g}"


def signed(number: float, digits: int) -> str:
    """`+2.8`, and `+0.0` for what rounds to nothing."""
    return f"{round(number, digits) + 0.0:+.{digits}f}"


_FACTOR = "a factor of about"


def factor_words(decades: float) -> str:
    """What so many decades are, up or down: `a factor of about 2.5`, `... 30000`, and `... 10^6` from there on."""
    size = abs(decades)
    if size >= 5.5:
        return f"{_FACTOR} 10^{size:.0f}"
    return f"{_FACTOR} {float(f'{10**size:.{2 if size < 2 else 1}g}'):g}"


_DECADES = re.compile(r"(?<![\w.])(\d+\.?\d*) decades(?! per\b)")


def glossed(text: str) -> str:
    """The text, its first number of decades told as a factor too: `5.2 decades (a factor of about 10^5)`."""
    if _FACTOR in text:
        return text
    return _DECADES.sub(lambda found: f"{found[0]} ({factor_words(float(found[1]))})", text, count=1)


def amplitude(decades: float) -> str:
    """The amplitude of so many decades: `3e-53`; float64 itself may have no such number."""
    exponent = int(np.floor(decades))
    digit = round(10.0 ** (decades - exponent))
    return f"1e{exponent + 1:+03d}" if digit == 10 else f"{digit}e{exponent:+03d}"
