"""How far stored trials bring confirmations, and what these ask beyond: so they are gone on with, and read back."""

from collections.abc import Hashable, Mapping, Sequence
from typing import cast

import pandas as pd

from gradstudy.analysis.cure.confirmation import Ask, Confirmation
from gradstudy.analysis.prescription.experience import levels_in
from gradstudy.records import Factor, Level, MemberRows

Outcomes = Mapping[Hashable, MemberRows]
"""What was measured of configurations that were tried, by the key of what asked for it."""


def known_of(members: pd.DataFrame, factors: Sequence[Factor], seeds: int) -> dict[Hashable, MemberRows]:
    """What these members of confirm trials say, in a study of so many `seeds`: fresh ones are counted from there."""
    found: dict[Hashable, MemberRows] = {}
    for _, own in members.groupby("trial"):
        first = int(own["seed"].min()) - seeds
        asked = Ask(levels_in(own.iloc[0], factors), range(first, first + len(own)))
        found.setdefault(asked.key, cast(MemberRows, own.to_dict("records")))  # whose columns are all named by text
    return found


def trial_of(members: pd.DataFrame, factors: Sequence[Factor], levels: Mapping[str, Level]) -> int | None:
    """The last trial among these members that has exactly these levels; None where none has."""
    first = members.drop_duplicates("trial")
    numbers = [int(row["trial"]) for _, row in first.iterrows() if levels_in(row, factors) == dict(levels)]
    return max(numbers, default=None)


def replay(confirmations: Sequence[Confirmation], known: Outcomes) -> list[Ask]:
    """Tells them all that is known, round by round; what they ask in the first round that is not known as a whole.

    All of them go on side by side, so that a launch that goes on asks what an undisturbed one would have asked next.
    """
    while True:
        asked = {ask.key: ask for confirmation in confirmations for ask in confirmation.asks()}
        if not asked or asked.keys() - known.keys():
            return [ask for key, ask in asked.items() if key not in known]
        for confirmation in confirmations:
            for ask in confirmation.asks():
                confirmation.tell(ask, known[ask.key])
