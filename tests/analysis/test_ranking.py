import re

import numpy as np
import pandas as pd
import pytest

from gradstudy.analysis.ranking import COLUMNS, rank, seed_noise
from gradstudy.analysis.settings import Analysis
from gradstudy.errors import InputError
from gradstudy.records import DUMMY, Factor

DEPTHS = (4, 8, 16, 32)
INITS = ("default", "xavier", "he")
NORMS = ("none", "layer", "batch")
# Decades of gradient power per layer at width 256 by norm and activation, for the three inits (mean-field theory).
SLOPES = {
    "none": {
        "linear": (-0.4771, 0.0, 0.3010),
        "relu": (-0.7783, -0.3012, 0.0),
        "tanh": (-0.4853, -0.0527, 0.0318),
        "sigmoid": (-1.7002, -1.2572, -1.0005),
    },
    "layer": {"linear": (0.0,) * 3, "relu": (-0.0099,) * 3, "tanh": (0.0580,) * 3, "sigmoid": (-0.8330,) * 3},
    "batch": {"linear": (0.0,) * 3, "relu": (0.1512,) * 3, "tanh": (0.0580,) * 3, "sigmoid": (-0.0296,) * 3},
}
GRID = [Factor("depth", DEPTHS), Factor("act", tuple(SLOPES["none"])), Factor("init", INITS), Factor("norm", NORMS)]
QUICK = Analysis(draws=32)
ONE = [Factor("x"), DUMMY]


@pytest.fixture
def theory():
    """All 144 cells of depth x activation x init x norm: slope times the steps between first and last layer."""
    cells = pd.MultiIndex.from_product([factor.levels for factor in GRID], names=[factor.name for factor in GRID])
    trials = cells.to_frame(index=False)
    slopes = [SLOPES[row.norm][row.act][INITS.index(row.init)] for row in trials.itertuples()]
    return trials.assign(dummy=np.random.default_rng(0).random(144)), slopes * (trials["depth"] - 1)


def by_factor(ranking):
    return ranking.table.set_index("factor")


def test_the_theory_of_deep_networks_at_initialisation_is_read_off(theory, make_members):
    ranking = rank(make_members(*theory), [*GRID, DUMMY], "gain")
    assert ranking.table["factor"].tolist() == ["act", "norm", "depth", "init", "dummy"]
    shares = by_factor(ranking)["share"]
    cube = theory[1].to_numpy().reshape(4, 4, 3, 3)
    for axis, factor in enumerate(GRID):
        assert shares[factor.name] == pytest.approx(cube.var(axis=axis).mean() / cube.var(), abs=0.02)
    published = {"act": 0.601, "norm": 0.469, "depth": 0.416, "init": 0.130}
    assert {name: shares[name] for name in published} == pytest.approx(published, abs=0.03)
    assert by_factor(ranking)["evidence"].to_dict() == {**dict.fromkeys(published, True), "dummy": False}
    pairs = ranking.interactions.set_index(["factor_a", "factor_b"])["share"]
    assert pairs[("depth", "act")] == pytest.approx(0.147, abs=0.02)
    assert pairs[("act", "norm")] == pytest.approx(0.105, abs=0.02)
    assert ranking.fit > 0.95


def test_planted_causes_are_found_and_null_factors_are_not(mixed_screen, make_members):
    factors, trials, values = mixed_screen
    ranking = rank(make_members(trials, values, seeds=2, noise=0.2), factors, "gain")
    table = by_factor(ranking)
    assert set(table.index[table["evidence"]]) == {"a", "b", "u", "clip", "threshold"}
    assert table.loc["threshold", ["conditional", "trials"]].tolist() == [True, (trials["clip"] == "norm").sum()]
    assert table["conditional"].sum() == 1
    assert table.loc["u", "direction"] == "lowest in the middle"
    assert table.loc["threshold", "direction"].startswith("higher threshold raises it by")
    assert ranking.interactions.loc[0, ["factor_a", "factor_b"]].tolist() == ["a", "b"]
    hidden = re.search(r"which the test cannot see: (.*?)\.", ranking.note)
    # a and b act as XOR; clip acts mostly where its threshold lives, too little for a test of clip by itself
    assert {"a", "b"} <= set(hidden[1].split(", ")) <= {"a", "b", "clip"}
    assert ranking.noise_floor == table.loc["dummy", "share_high"] < 0.05


def test_the_table_keeps_its_contract(mixed_screen, make_members):
    factors, trials, values = mixed_screen
    table = rank(make_members(trials, values), factors, "gain", QUICK).table
    assert table.columns.tolist() == COLUMNS
    assert sorted(table["factor"]) == sorted(factor.name for factor in factors)
    assert table["rank"].tolist() == list(range(1, len(factors) + 1))
    assert table["share"].is_monotonic_decreasing
    assert ((table["share_low"] <= table["share"]) & (table["share"] <= table["share_high"])).all()
    assert ((table["rank_low"] <= table["rank"]) & (table["rank"] <= table["rank_high"])).all()
    assert table["test"].isin(["Kruskal-Wallis", "means", "Spearman", "xi"]).all()


@pytest.mark.parametrize("seed", range(4))
def test_noise_gives_no_evidence(draw_trials, make_members, seed):
    factors = [*GRID, Factor("lr"), DUMMY]
    trials = draw_trials(factors, 64, seed)
    ranking = rank(make_members(trials, np.random.default_rng(seed + 50).normal(size=64)), factors, "gain", QUICK)
    assert not ranking.table["evidence"].any()
    assert "Evidence for: no factor" in ranking.note


def test_the_same_members_in_any_order_give_the_same_ranking_to_the_bit(draw_trials, make_members):
    trials = draw_trials(ONE, 40)
    members = make_members(trials, trials["x"] ** 2, seeds=3, noise=0.1)
    rankings = [rank(rows, ONE, "gain", QUICK) for rows in (members, members, members.sample(frac=1, random_state=0))]
    for other in rankings[1:]:
        pd.testing.assert_frame_equal(other.table, rankings[0].table, check_exact=True)
        pd.testing.assert_frame_equal(other.interactions, rankings[0].interactions, check_exact=True)
        assert (other.fit, other.seed_noise) == (rankings[0].fit, rankings[0].seed_noise)


def test_one_diverged_seed_in_four_is_enough_to_be_seen(draw_trials, make_members):
    factors = [Factor("clip", ("none", "norm")), DUMMY]
    trials = draw_trials(factors, 48)
    members = make_members(trials, np.zeros(48), response="exploding", seeds=4)
    bad = (members["seed"] == 2) & (members["clip"] == "none")
    members.loc[bad, ["exploding", "verdict"]] = [10.0, "diverged"]
    ranking = rank(members, factors, "exploding", QUICK)
    assert by_factor(ranking).loc["clip", ["evidence", "direction"]].tolist() == [
        True,
        "none raises it by 2.5 decades over norm",
    ]
    assert ranking.diverged == bad.sum()


def test_factors_that_live_only_where_nothing_happens_are_no_causes(draw_trials, make_members):
    quiet = [Factor("eps"), Factor("beta"), Factor("decay")]
    factors = [Factor("optimizer", ("sgd", "adam")), Factor("clip", ("none", "norm")), *quiet, DUMMY]
    trials = draw_trials(factors, 96)
    for factor in quiet:
        trials[factor.name] = trials[factor.name].where(trials["optimizer"] == "adam")
    exploded = 10.0 * ((trials["optimizer"] == "sgd") & (trials["clip"] == "none"))
    noise = 0.1 * np.random.default_rng(3).normal(size=96)
    table = by_factor(rank(make_members(trials, exploded + noise), factors, "gain", QUICK))
    assert set(table.index[table["evidence"]]) == {"optimizer", "clip"}


def test_seed_noise_is_the_pure_error_of_a_trial_mean_over_the_variance_of_means():
    # Means 0 and 4: variance 8. Within: variances 2 and 8 over two seeds each, 5 pooled, 2.5 for a mean.
    members = pd.DataFrame({"trial": [0, 0, 1, 1], "gain": [-1.0, 1.0, 2.0, 6.0]})
    assert seed_noise(members, "gain") == pytest.approx(2.5 / 8)


def test_seed_noise_is_unknown_without_replicates():
    assert np.isnan(seed_noise(pd.DataFrame({"trial": [0, 1], "gain": [0.0, 1.0]}), "gain"))


@pytest.mark.parametrize(
    ("count", "values", "says"),
    [(5, np.arange(5.0), "5 trials, at least 8"), (32, np.full(32, 10.0), "the response is 10 in every trial")],
    ids=["few trials", "constant"],
)
def test_what_cannot_be_ranked_comes_back_empty_with_the_reason(draw_trials, make_members, count, values, says):
    ranking = rank(make_members(draw_trials(ONE, count), values, response="exploding"), ONE, "exploding")
    assert ranking.table.columns.tolist() == COLUMNS
    assert ranking.table.empty
    assert np.isnan([ranking.fit, ranking.noise_floor]).all()
    assert says in ranking.note
    assert ranking.trials == count


def test_all_diverged_is_said(draw_trials, make_members):
    members = make_members(draw_trials(ONE, 16), np.full(16, 10.0), response="exploding").assign(verdict="diverged")
    ranking = rank(members, ONE, "exploding")
    assert ranking.diverged == 16
    assert "Every member diverged" in ranking.note


def test_a_factor_that_never_varied_has_missing_numbers_and_is_named(draw_trials, make_members):
    factors = [Factor("x"), Factor("fixed", ("a", "b")), DUMMY]
    trials = draw_trials(factors, 32).assign(fixed="a")
    ranking = rank(make_members(trials, trials["x"]), factors, "gain", QUICK)
    row = by_factor(ranking).loc["fixed"]
    assert row[["share", "rank", "rank_low", "p"]].isna().all()
    assert not row["evidence"]
    assert ranking.table["factor"].iloc[-1] == "fixed"
    assert "Not ranked, too few trials or values: fixed" in ranking.note


def test_without_a_dummy_the_note_says_what_evidence_rests_on(draw_trials, make_members):
    trials = draw_trials(ONE, 32)
    ranking = rank(make_members(trials, trials["x"]), ONE[:1], "gain", QUICK)
    assert np.isnan(ranking.noise_floor)
    assert by_factor(ranking).loc["x", "evidence"]
    assert "Without a dummy factor" in ranking.note


def test_seeds_that_drown_the_factors_are_said_to(draw_trials, make_members):
    trials = draw_trials(ONE, 32)
    members = make_members(trials, trials["x"], seeds=2, noise=20.0)
    assert "add seeds" in rank(members, ONE, "gain", QUICK).note


@pytest.mark.parametrize(
    ("change", "response", "says"),
    [
        (lambda rows: rows, "explodng", "Did you mean 'exploding'"),
        (lambda rows: rows.head(0), "gain", "got none"),
        (lambda rows: rows.drop(columns="x"), "gain", r"needs the columns \['x'\]"),
        (lambda rows: rows.assign(gain=np.inf), "gain", "must be finite"),
    ],
    ids=["response", "rows", "column", "infinite"],
)
def test_nonsense_is_refused(draw_trials, make_members, change, response, says):
    members = make_members(draw_trials(ONE, 16), np.arange(16.0))
    with pytest.raises(InputError, match=says):
        rank(change(members), ONE, response)


def test_a_ranking_shows_itself_in_a_notebook(draw_trials, make_members):
    factors = [Factor("x<y"), DUMMY]
    trials = draw_trials(factors, 32)
    ranking = rank(make_members(trials, trials["x<y"]), factors, "gain", QUICK)
    page = ranking._repr_html_()
    assert "x&lt;y" in page
    assert "x<y" not in page
    axes = ranking.plot(title="why")
    assert [label.get_text() for label in axes.get_yticklabels()] == ["dummy", "x<y"]
    assert axes.get_title() == "why"


def test_a_plot_of_nothing_is_refused_with_the_reason(draw_trials, make_members):
    ranking = rank(make_members(draw_trials(ONE, 4), np.arange(4.0)), ONE, "gain")
    with pytest.raises(InputError, match="at least 8"):
        ranking.plot()
