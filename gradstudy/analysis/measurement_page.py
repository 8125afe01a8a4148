"""One measured configuration in a notebook: what it is made of, what became of its seeds, and what theory says."""

from collections.abc import Mapping

import pandas as pd

from gradstudy.analysis.notebook_page import code, paragraph, table
from gradstudy.analysis.trial_words import level_word, verdicts_words

SHOWN = ["seed", "gain_init", "vanishing", "exploding", "learned", "verdict", "first_bad_step"]
WAYS_ON = (
    ".plot()  # the signal from place to place, before and after training",
    ".plot_signal()  # the same on every step",
    ".gradients()  # every measured value; .members has all responses",
)


def measurement_page(members: pd.DataFrame, choices: Mapping[str, str], theory: str) -> str:
    """How did the gradients of this configuration behave? HTML, with everything escaped.

    `members` has a row per seed; `theory` is what mean-field theory says of the first step, or why it says nothing.
    """
    made_of = ", ".join(f"{group}={choice}" for group, choice in choices.items() if choice != "none")
    rows = members[SHOWN].map(lambda value: "-" if pd.isna(value) else level_word(value))
    return "".join(
        [
            paragraph(f"{verdicts_words(members['verdict'])}.", heading="Seeds:"),
            paragraph(made_of),
            table(rows),
            paragraph(f"Responses are in decades. Theory: {theory}."),
            code("\n".join(WAYS_ON)),
        ]
    )
