import numpy as np
import pandas as pd

from gradstudy.report.html.sections.ranking_section import interactions

PAIR = {"factor_a": "init", "factor_b": "act", "share": 0.25, "share_low": 0.1, "share_high": 0.4}
ROWS = ({"factor": "act", "first": 0.5}, {"factor": "init", "first": 0.125}, {"factor": "lr", "first": 0.0})
CELLS = pd.DataFrame(
    [
        ("init", "zero", "act", "tanh", 5, 0, 1.0),
        ("init", "zero", "act", "relu", 4, 3, 9.5),
        ("init", "one", "act", "tanh", 0, 0, np.nan),
        ("init", "one", "act", "relu", 6, 0, 2.0),
    ],
    columns=["factor_a", "level_a", "factor_b", "level_b", "trials", "diverged", "mean"],
)
LARGE = pd.DataFrame({"effect": [4.0]})
"""Differences of some decades: told with one digit."""


def test_the_share_of_a_pair_stands_where_they_meet_below_the_shares_alone(make_ranking, tables):
    table = tables(interactions(make_ranking(*ROWS, interactions=pd.DataFrame([PAIR]))))[0]
    assert table[0] == ["", "act", "init", "lr"]
    assert table[1:] == [["act", ".50"], ["init", ".25", ".12"], ["lr", "", "", ".00"]]


def test_the_largest_share_has_the_brightest_colour(make_ranking):
    html = interactions(make_ranking(*ROWS, interactions=pd.DataFrame([PAIR])))
    assert 'style="background: #fee838; color: #000">.50' in html  # cividis ends in this yellow
    assert 'style="background: #00224e; color: #fff">.00' in html


def test_a_tip_tells_the_interval_of_a_pair(make_ranking):
    assert "init × act: .25 [.10, .40] of the variance" in interactions(
        make_ranking(*ROWS, interactions=pd.DataFrame([PAIR]))
    )


def test_cells_show_means_counts_and_blanks(make_ranking, tables):
    html = interactions(make_ranking(*ROWS, cells=CELLS, levels=LARGE))
    assert tables(html)[1] == [["", "tanh", "relu"], ["zero", "1.0n=5", "9.5n=4"], ["one", "-n=0", "2.0n=6"]]
    assert "init=zero, act=relu: mean 9.5, n=4, 3 diverged" in html
    assert "init (down) × act (across)" in html


def test_a_pair_that_was_not_looked_at_is_blank(make_ranking, tables):
    assert tables(interactions(make_ranking(*ROWS)))[0][2] == ["init", "", ".12"]


def test_one_factor_or_a_surrogate_that_knows_no_shares_leaves_nothing_to_see(make_ranking):
    dummy = {"factor": "dummy", "verdict": "noise floor"}
    unknown = [{**row, "share": np.nan, "first": np.nan} for row in ROWS]
    assert interactions(make_ranking(ROWS[0], dummy)) == ""
    assert interactions(make_ranking(*unknown)) == ""


def test_names_and_levels_are_text(make_ranking):
    evil = CELLS.replace({"act": "<script>a", "tanh": '"><script>b'})
    rows = ({"factor": "<script>a"}, {"factor": "init"})
    assert "<script" not in interactions(make_ranking(*rows, cells=evil, levels=LARGE))
