"""What the levels of causes do, and which factors act together, on the page."""

import re

import numpy as np
import pandas as pd
import pytest

from gradstudy.analysis.space.coordinates import CodedTrials, encode
from gradstudy.analysis.space.levels import level_table
from gradstudy.records import DUMMY, Factor
from gradstudy.report.html.sections.ranking_section import interactions, levels

ACT = Factor("act", ("tanh", "relu", "elu"))
GAIN = Factor("gain", low=0.0, high=3.0)
EVIDENCE = [{"factor": "act"}, {"factor": "gain"}]
NONE = {"verdict": "no evidence", "evidence": False}


@pytest.fixture
def section(make_findings, make_ranking):
    """Of four trials with two seeds: values 0, 2 (tanh), 6 (relu) and 10 (elu), which diverged; gains 0.1 to 2.9."""

    def made(*rows, factors=(ACT, GAIN), **fields):
        trials = pd.DataFrame({"act": ["tanh", "tanh", "relu", "elu"], "gain": [0.1, 0.2, 1.5, 2.9], "dummy": 0.5})
        trials = trials.assign(trial=[3, 4, 8, 9], vanishing=[0.0, 2.0, 6.0, 10.0])
        members = pd.concat([trials.assign(seed=seed, exploding=0.0, verdict="healthy") for seed in (0, 1)])
        members.loc[members["trial"] == 9, "verdict"] = "diverged"
        members.loc[(members["trial"] == 8) & (members["seed"] == 1), "verdict"] = "diverged"
        screen = CodedTrials(factors, encode(trials, factors), trials["vanishing"].to_numpy())
        table = level_table(screen, np.array([0, 0, 1, 2]), 0.95)
        findings = make_findings(members, info={"factors": (*factors, DUMMY)})
        return levels(make_ranking(*rows, levels=table, **fields), findings)

    return made


def test_every_level_has_its_counts_its_mean_and_its_difference(section, tables):
    rows = tables(section(EVIDENCE[0], factors=(ACT,)))[0]
    assert [row[0] for row in rows[1:]] == ["tanhn=2", "relun=1, 1 diverged", "elun=1, 2 diverged"]
    assert [row[2:] for row in rows[1:]] == [["1.0reference"], ["6.0+5.0"], ["10.0+9.0"]]


def test_points_stand_at_their_values_and_diverged_trials_apart(section):
    html = section(EVIDENCE[0], factors=(ACT,))
    found = re.findall(r'<path class="(\w+)" d="((?:M\d+ \d+h1)+)" data-trials="([\d ]+)"', html)
    assert [(kind, trials) for kind, _, trials in found] == [("none", "3 4"), ("some", "8"), ("all", "9")]
    across = [int(x) for _, d, _ in found for x in re.findall(r"M(\d+)", d)]
    # the axis has a margin of 3 % of the range at either end: from -0.3 to 10.3
    assert across == [round(1000 * (value + 0.3) / 10.6) for value in (0.0, 2.0, 6.0, 10.0)]


def test_a_number_is_scattered_over_its_range_once(section, tables):
    html = section(EVIDENCE[1], factors=(GAIN,))
    (points,) = [d for kind, d in re.findall(r'<path class="(\w+)" d="([^"]+)" data', html) if kind == "none"]
    # gains 0.1 and 0.2 of 3; values 0 and 2 on the axis from -0.3 to 10.3, upwards
    assert points == "M33 972h1M67 783h1"
    assert tables(html)[0][0] == ["0 to 1 n=2", "1 to 2 n=1, 1 diverged", "2 to 3 n=1, 2 diverged"]
    assert tables(html)[0][1] == ["mean 1.0reference", "mean 6.0+5.0", "mean 10.0+9.0"]


def test_causes_are_shown_and_other_factors_are_folded(section):
    html = section(EVIDENCE[0], {"factor": "gain", **NONE})
    shown, folded = html.split("<details>")
    assert "act" in shown
    assert "gain" not in shown
    assert "1 factor without evidence: gain" in folded


def test_without_any_row_of_a_ranking_all_levels_are_folded(section):
    assert "2 factors without evidence: act, gain" in section()


def test_a_mean_and_the_interval_of_its_difference_stand_beside_the_references_mean(make_ranking, findings):
    html = levels(findings.rankings[0], findings).partition("activation:")[2]
    own = findings.rankings[0].levels.head(3)
    values = findings.run.members.groupby("trial")["vanishing"].mean()
    low, high = values.min() - 0.03 * np.ptp(values), values.max() + 0.03 * np.ptp(values)
    reference = own["mean"].iloc[0]
    begin, end = (
        (100 * (reference + own[side].iloc[2] - low) / (high - low)) for side in ("effect_low", "effect_high")
    )
    found = re.findall(r'"interval" style="left: ([\d.]+)%; right: ([\d.]+)%"', html)[1]
    assert [float(found[0]), 100 - float(found[1])] == pytest.approx([begin, end], abs=0.01)
    floors = re.findall(r'"floor" style="left: ([\d.]+)%"', html)[:3]
    assert [float(place) for place in floors] == pytest.approx([100 * (reference - low) / (high - low)] * 3, abs=0.01)


def test_what_is_said_of_a_point_names_its_value_and_its_seeds(section):
    assert '"8": "6 (1 healthy, 1 diverged)"' in section(EVIDENCE[0])


def test_levels_are_text(make_findings, make_ranking):
    odd = Factor("<b>", ('"><script>', "</script>"))
    members = pd.DataFrame({"trial": [0, 1], "seed": 0, "<b>": odd.levels, "dummy": 0.5})
    members = members.assign(vanishing=[1.0, 2.0], exploding=0.0, verdict="healthy")
    table = level_table(CodedTrials((odd,), np.array([[0.0], [1.0]]), np.array([1.0, 2.0])), np.zeros(2), 0.95)
    html = levels(make_ranking(levels=table), make_findings(members, info={"factors": (odd, DUMMY)}))
    assert "<b>" not in html
    assert html.count("<script") == html.count("</script") == 1


def test_without_levels_there_is_nothing_to_see(make_ranking, make_findings, findings):
    assert levels(make_ranking({}), findings) == ""


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
