"""Which factors act together, as a square: what each does alone on the diagonal, what two do together beside it."""

import pandas as pd

from gradstudy.records import DUMMY


def interaction_matrix(table: pd.DataFrame, interactions: pd.DataFrame) -> pd.DataFrame:
    """Shares of the variance [factor, factor], in the order of the ranking; nan where a pair has none.

    `table` and `interactions` are those of a `Ranking`: first-order shares, and second-order ones. A factor without a
    first-order share has no row, and the dummy has none.
    """
    known = table[table["first"].notna() & (table["factor"] != DUMMY.name)].set_index("factor")["first"]
    matrix = pd.DataFrame(float("nan"), index=known.index, columns=known.index)
    for name, share in known.items():
        matrix.loc[name, name] = share
    pairs = interactions[interactions[["factor_a", "factor_b"]].isin(list(known.index)).all(axis=1)]
    for a, b, share in zip(pairs["factor_a"], pairs["factor_b"], pairs["share"], strict=True):
        matrix.loc[a, b] = matrix.loc[b, a] = share
    return matrix
