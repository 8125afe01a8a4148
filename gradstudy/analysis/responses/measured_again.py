"""Members of a stored study whose responses are measured once more, from their records."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from gradstudy.analysis.responses.member_row import verdict
from gradstudy.analysis.settings import Analysis
from gradstudy.records import MemberRecord
from gradstudy.response import RESPONSES

MEMBER = ["trial", "seed"]


def lacking(members: pd.DataFrame) -> list[int]:
    """The trials in which some member lacks a response: they were measured before it existed."""
    unknown = members.reindex(columns=list(RESPONSES)).isna().any(axis=1)
    return sorted(members.loc[unknown, "trial"].unique().tolist())


def measured_again(
    members: pd.DataFrame, records: Iterable[MemberRecord], settings: Analysis, *, keep: bool
) -> pd.DataFrame:
    """The members with the responses and verdicts of their records; missing where no record is left.

    With `keep` what they have stays as it is, and only what they lack is measured.
    """
    rows = [(record.trial, record.seed, *_measured(record, settings)) for record in records]
    names = [*RESPONSES, "verdict"]
    fresh = pd.DataFrame(rows, columns=[*MEMBER, *names]).set_index(MEMBER)
    table = members.set_index(MEMBER)
    for name in RESPONSES:
        if name not in table:
            table.insert(list(table).index("verdict"), name, np.nan)
    table[names] = table[names].fillna(fresh) if keep else fresh
    return table.reset_index()


def _measured(record: MemberRecord, settings: Analysis) -> tuple[float | str, ...]:
    """The responses in their order, and the verdict."""
    found = {}
    for name, response in RESPONSES.items():
        try:
            found[name] = response.measure(record, settings)
        except KeyError:  # a quantity that nobody recorded then
            found[name] = float("nan")
    return (*found.values(), verdict(found, record.first_bad_step is not None, settings))
