"""Names in a picture, as they were given."""

MOST = 28
"""A longer name leaves no room for what is drawn."""


def letters(name: object) -> str:
    """A name letter by letter, cut where it is too long: two dollar signs are no formula, and a line break is a blank.

    Matplotlib would read `$...$` as one, and refuse what is none.
    """
    whole = " ".join(str(name).split())
    shown = whole if len(whole) <= MOST else f"{whole[: MOST - 1]}…"
    return shown.replace("$", r"\$")
