"""The benchmark's results as plain tables: one per question, a line per row and size, a column per method."""

import pandas as pd

from planted.scores import SCORES
from planted.truths import truths

COVERAGE = ("total", "first", "rank", "width", "nulls", "power", "false", "denied")
INTERACTION = 0.02
"""A factor with that much more share in total than by itself acts together with others. Divergence does that too."""


def print_tables(scores: pd.DataFrame) -> None:
    """Print what every method did, then whether gradstudy's intervals hold, then the aims."""
    screens = scores.groupby(["row", "n"])["seed"].nunique()
    print(f"at least {screens.min()} screens per row and size\n")
    for name, question in SCORES.items():
        print(f"{name}: {question}\n")
        print(_by_method(scores, name), "\n")
    ours = scores[scores["method"] == "gradstudy"]
    if len(ours):
        print(
            "gradstudy (%): how often its 95 % intervals hold the truth of a cause (total, first, rank), how wide that"
        )
        print(
            "of a total is, and how often it holds the 0 of a null factor; power, the causes it has evidence for; and"
        )
        print(
            "studies with false evidence for any null factor, or with a cause that is denied: wrongly of `no effect`\n"
        )
        print(_coverage(ours), "\n")
    if {"gradstudy"} < set(scores["method"]):
        print(_best(scores))


def _by_method(scores: pd.DataFrame, name: str) -> str:
    # The two variants of a method stand one under the other: "dropped" is a line of its own.
    variant = scores["method"].str.endswith("dropped").map({False: "", True: "dropped"})
    method = scores["method"].str.removesuffix(" dropped")
    lines = scores.assign(method=method, variant=variant)
    table = lines.pivot_table(index=["row", "variant", "n"], columns="method", values=name, aggfunc="mean", sort=False)
    overall = lines[variant == ""].pivot_table(index="n", columns="method", values=name, aggfunc="mean", sort=False)
    overall.index = pd.MultiIndex.from_tuples([("all rows", "", n) for n in overall.index])
    return _text(pd.concat([table.sort_index(level="n", sort_remaining=False), overall]), name)


def _coverage(ours: pd.DataFrame) -> str:
    table = ours.pivot_table(index=["row", "n"], values=list(COVERAGE), aggfunc="mean", sort=False)
    overall = ours.pivot_table(index="n", values=list(COVERAGE), aggfunc="mean", sort=False)
    overall.index = pd.MultiIndex.from_tuples([("all rows", n) for n in overall.index])
    return _text(pd.concat([table, overall]).reindex(columns=COVERAGE), "coverage")


def _text(table: pd.DataFrame, name: str) -> str:
    shown = table if name == "seconds" else 100 * table
    shown.index = [" ".join(str(part) for part in key if part != "") for key in shown.index]
    form = "{:.2f}" if name == "seconds" else "{:.0f}"
    return shown.to_string(float_format=form.format, na_rep="-")


def _has_interactions(row: str) -> bool:
    total, first = truths(row)
    return any(total[name] - first[name] > INTERACTION for name in total)


def _best(scores: pd.DataFrame) -> str:
    hard = scores[scores["row"].map(_has_interactions)]
    lines = ["On rows with divergence or interactions, where is a peer better than gradstudy?"]
    for name in ("top-1", "top-3", "tau"):
        table = hard.pivot_table(index=["row", "n"], columns="method", values=name, aggfunc="mean", sort=False)
        peers = table.drop(columns="gradstudy")
        lost = table[peers.max(axis=1) > table["gradstudy"]]
        told = [f"{row} n = {n}: {peers.loc[(row, n)].idxmax()}" for row, n in lost.index]
        lines.append(f"  {name}: {'; '.join(told) or 'nowhere'} ({len(table)} rows and sizes)")
    return "\n".join(lines)
