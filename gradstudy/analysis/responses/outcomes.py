"""Who does well: gradients within bounds, and something learned where that was possible."""

import pandas as pd

from gradstudy.records import HEALTHY, LEARNED, STUCK


def enough_budget(members: pd.DataFrame) -> bool:
    """Whether some member of these learned, so that the others could have had time for it."""
    return "outcome" in members and bool((members["outcome"] == LEARNED).any())


def well(members: pd.DataFrame) -> "pd.Series[bool]":
    """Whether each member's gradients are healthy, and it learned wherever others of these did.

    Where nobody learned, the budget was too short for anybody, and being stuck is held against none.
    """
    healthy = members["verdict"] == HEALTHY
    return healthy & (members["outcome"] != STUCK) if enough_budget(members) else healthy
