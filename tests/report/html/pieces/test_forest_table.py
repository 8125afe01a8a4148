import re

import numpy as np
import pytest

from gradstudy.report.html.pieces.forest_table import forest_table

FLOOR = {"factor": "dummy", "verdict": "noise floor", "evidence": False, "share": 0.01, "share_high": 0.05}
NOTHING = {"verdict": "no evidence", "evidence": False, "share_low": 0.0}
UNKNOWN = dict.fromkeys(("share", "share_low", "share_high", "first", "p", "rank_low", "rank_high"), np.nan)


def places(html, mark):
    """At which per cents does this mark stand, row by row?"""
    return [
        float(found) for found in re.findall(rf'<span class="{mark}" style="left: ([\d.]+)%', html.split("legend")[0])
    ]


def test_every_factor_has_a_row_with_the_words_of_the_terminal(make_ranking, tables):
    rows = tables(forest_table(make_ranking({"factor": "init", "share": 0.634}, FLOOR)))[0]
    assert rows[1][0] == "init"
    assert rows[1][2:] == [".63 [.10, .30]", ".15", "1-2", "KW p=.020", "evidence"]
    assert rows[2][-1] == "noise floor"


def test_a_statistician_finds_the_names_of_the_indices_beside_the_plain_words(make_ranking):
    html = forest_table(make_ranking({}))
    assert "share: total-effect (Sobol) index, alone and together with others" in html
    assert "own: first-order index, without others" in html


def test_marks_stand_where_the_axis_says(make_ranking):
    html = forest_table(
        make_ranking({"share": 0.2, "share_low": 0.1, "share_high": 0.39, "first": 0.05}, noise_floor=0.02)
    )
    # the axis ends at the first tenth beyond .39, which is .4
    assert places(html, "point") == [50.0]
    assert places(html, "own") == [12.5]
    assert places(html, "floor") == [5.0]
    assert 'class="interval" style="left: 25.0%; right: 2.5' in html


def test_the_noise_floor_is_drawn_in_every_row_and_none_where_there_is_none(make_ranking):
    rows = ({"factor": "init"}, {"factor": "act"}, FLOOR)
    assert len(places(forest_table(make_ranking(*rows)), "floor")) == 3
    assert "floor" not in forest_table(make_ranking({"factor": "init"}, noise_floor=np.nan))


def test_an_axis_never_goes_beyond_one(make_ranking):
    assert places(forest_table(make_ranking({"share": 1.0, "share_high": 1.0})), "point") == [100.0]


def test_what_is_no_evidence_says_so_and_is_muted(make_ranking, tables):
    html = forest_table(make_ranking({"factor": "init", **NOTHING}))
    assert tables(html)[0][1][-1] == "no evidence"
    assert html.count('<tr class="unproven">') == 1


def test_rough_shares_are_marked(make_ranking, tables):
    assert tables(forest_table(make_ranking({}, fit=0.4)))[0][1][2].startswith("~.20")


def test_without_a_fit_intervals_stay_and_points_do_not(make_ranking, tables):
    html = forest_table(make_ranking({"share": np.nan, "first": np.nan}, fit=-0.1))
    assert tables(html)[0][1][2] == "? [.10, .30]"
    assert not places(html, "point")
    assert len(places(html, "interval")) == 1


def test_a_factor_that_was_not_ranked_has_a_row_without_marks(make_ranking, tables):
    html = forest_table(make_ranking({}, {"factor": "lr", **UNKNOWN, "verdict": "not ranked", "evidence": False}))
    assert tables(html)[0][2][2:] == ["-", "-", "-", "-", "not ranked"]
    assert len(places(html, "interval")) == 1


def test_a_conditional_factor_says_in_how_many_trials_it_lives(make_ranking):
    assert "lives in 43 trials" in forest_table(make_ranking({"conditional": True, "trials": 43}))


def test_the_tip_says_the_whole_sentence(make_ranking):
    html = forest_table(make_ranking({"factor": "act"}))
    assert 'data-tip="act: relu raises it by 4.1 decades over tanh\nshare .20 [.10, .30], ' in html


def test_names_are_text(make_ranking):
    html = forest_table(make_ranking({"factor": "<script>x</script>", "direction": '"><b>'}))
    assert "<script" not in html
    assert "<b>" not in html


@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_the_heading_names_the_confidence(make_ranking, tables, confidence):
    heading = tables(forest_table(make_ranking({}, confidence=confidence)))[0][0]
    assert heading[2] == f"share [{100 * confidence:.0f} %]"


def test_where_nothing_was_ranked_there_is_nothing_to_see(make_ranking):
    assert forest_table(make_ranking()) == ""
