"""How an object shows itself in a notebook: paragraphs and tables, with everything that people named escaped."""

import html
from collections.abc import Sequence

import pandas as pd

ALIGNED_LEFT = "text-align: left"
WHOLE = "white-space: nowrap"
CODE = "font-family: monospace; white-space: pre-wrap; text-align: left"
SHORT_CELL = 24
"""Letters that stay on one line of a table."""


def paragraph(words: str, *, heading: str = "") -> str:
    """Words as words, behind a heading in bold."""
    bold = f"<b>{html.escape(heading)}</b> " if heading else ""
    return f"<p>{bold}{html.escape(words)}</p>"


def code_block(line: str) -> str:
    """What a person may copy; long ones are folded to the eye, and stay whole when copied."""
    return f'<pre style="{CODE}">{html.escape(line)}</pre>'


def html_table(frame: pd.DataFrame, *, muted: Sequence[bool] = ()) -> str:
    """A table of words, read from the left; rows that are `muted` [row] stand back."""
    faint = list(muted) or [False] * len(frame)
    heading = "".join(f'<th style="{ALIGNED_LEFT}; {WHOLE}">{html.escape(str(name))}</th>' for name in frame.columns)
    rows = "".join(
        _row(values, stands_back) for values, stands_back in zip(frame.to_numpy().tolist(), faint, strict=True)
    )
    return f"<table><thead><tr>{heading}</tr></thead><tbody>{rows}</tbody></table>"


def folded(summary: str, content: str) -> str:
    """What opens when it is asked for."""
    return f"<details><summary>{html.escape(summary)}</summary>{content}</details>"


def _row(values: Sequence[object], muted: bool) -> str:
    return "<tr>" + "".join(_cell(str(value), muted) for value in values) + "</tr>"


def _cell(words: str, muted: bool) -> str:
    looks = (ALIGNED_LEFT, *([WHOLE] if len(words) <= SHORT_CELL else []), *(["opacity: 0.6"] if muted else []))
    return f'<td style="{"; ".join(looks)}">{html.escape(words)}</td>'
