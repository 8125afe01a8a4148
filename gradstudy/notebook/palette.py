"""The colours of every picture and page, which people with any colour vision can tell apart (Okabe & Ito 2008).

Colour is never the only carrier: a marker, a word or a place says the same.
"""

from gradstudy.records import VERDICTS
from gradstudy.words.trial_words import HEALTHY_BUT_STUCK

VERDICT_COLOURS = dict(zip(VERDICTS, ("#009E73", "#0072B2", "#E69F00", "#D55E00"), strict=True))
"""By verdict, from good to bad."""

FATE_COLOURS = {**VERDICT_COLOURS, HEALTHY_BUT_STUCK: "#CC79A7"}
"""By what is said of a member."""

ACCENT = VERDICT_COLOURS["vanishing"]
"""Bars, points and intervals that are no verdict."""

MUTED = "#7F7F7F"
"""What is there, and proves nothing."""

INK, SOFT, LINE = "#1C2126", "#57606A", "#D8DCDF"
"""Of a page on white: its words, those that are said less loudly, and its lines."""

SEQUENTIAL = "cividis"
"""Matplotlib's name for the colours of a heat map, dark for little and bright for much."""
