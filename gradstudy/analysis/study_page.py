"""A study in a notebook: what it asks, what became of its networks, its first trials, and how to go on."""

from collections.abc import Sequence

import pandas as pd

from gradstudy.analysis.notebook_page import code, paragraph, table
from gradstudy.analysis.trial_words import level_word, verdicts_words
from gradstudy.records import DUMMY, SCREEN, StudyInfo

MOST_TRIALS = 6
OF_A_SCREEN = (
    'run.rank("vanishing")  # which factors are causes; .plot(), .plot_interactions(), .levels',
    "run.prescribe()  # the smallest changes that make failing trials healthy",
)
OF_A_HUNT = ("run.best()  # the trials that came closest to what was hunted for",)
OF_A_FACTOR = "run.plot_levels({0!r})  # what the levels of a factor do; run.plot_verdicts({0!r})"
OF_ANY = (
    "run.plot_signal(0)  # where and when the gradient of a trial vanishes or explodes",
    "run.trials, run.members  # tables; run.gradients(trial=0) is the whole record of a trial",
)


def study_page(info: StudyInfo, members: pd.DataFrame, trials: pd.DataFrame, ways: Sequence[str]) -> str:
    """What does a person want to see of a study first? HTML, with everything escaped.

    `trials` has a row per trial; `ways` are addresses and commands where there is more to see.
    """
    size = f"Trials: {len(trials)}, seeds per trial: {info.seeds}, steps: {info.steps}."
    factors = [factor.name for factor in info.factors if factor != DUMMY]
    shown = trials.head(MOST_TRIALS)
    of_shown = members[members["trial"].isin(shown["trial"])]
    more = f"and {len(trials) - len(shown)} more in run.trials" if len(trials) > len(shown) else ""
    own = OF_A_SCREEN if SCREEN in info.phases else OF_A_HUNT
    return "".join(
        [
            paragraph(info.question, heading=f"{info.name}:"),
            paragraph(f"{size} {len(members)} members: {verdicts_words(members['verdict'])}."),
            table(_rows(shown, factors, of_shown.groupby("trial")["verdict"].agg(verdicts_words))),
            paragraph(more),
            code("\n".join((*own, OF_A_FACTOR.format(factors[0]), *OF_ANY, *ways))),
        ]
    )


def _rows(trials: pd.DataFrame, factors: Sequence[str], verdicts: pd.Series) -> pd.DataFrame:
    """As they are read: three digits, and a dash where a factor does not live. `verdicts` in words, by trial."""
    columns = trials[["trial", "vanishing", "exploding", *factors]]
    words = columns.map(lambda value: "-" if pd.isna(value) else level_word(value))
    words.insert(1, "seeds", verdicts[trials["trial"]].to_numpy())
    return words
