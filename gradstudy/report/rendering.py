"""The one Jinja environment: whatever a template is given is text, and stays text."""

import re
from math import isfinite
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from gradstudy.words.number_words import counted, fraction, percent, percent_words, rounded
from gradstudy.words.trial_words import threshold_words

_TEMPLATES = Environment(
    loader=PackageLoader(__package__, "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def breakable(name: object) -> Markup:
    """A name that may go on in the next line behind a dot or an underscore."""
    return Markup(re.sub(r"([._])(?=[A-Za-z])", r"\1<wbr>", str(escape(name))))


_TEMPLATES.filters.update(fraction=fraction, percent=percent, percent_words=percent_words, rounded=rounded)
_TEMPLATES.filters.update(breakable=breakable, counted=counted, threshold=threshold_words)
_TEMPLATES.tests["finite"] = isfinite


def render(template: str, **view: Any) -> Markup:
    """The HTML that a template makes of what it is shown; everything is escaped but what is Markup already."""
    return Markup(_TEMPLATES.get_template(template).render(view))
