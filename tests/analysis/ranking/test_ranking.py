import re
from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from support import factorial

from gradstudy.analysis.ranking.causes import RANKING_COLUMNS
from gradstudy.analysis.ranking.ranking import rank
from gradstudy.analysis.ranking.trial_outcomes import seed_noise
from gradstudy.analysis.settings import Analysis
from gradstudy.errors import InputError
from gradstudy.records import DUMMY, Factor

GRID = [Factor(name, levels) for name, levels in factorial.LEVELS.items()]
QUICK = Analysis(draws=32)
ONE = [Factor("x"), DUMMY]


@pytest.fixture
def attributed(monkeypatch):
    """Rankings whose shares are given, by factor as the two ends of their draws, instead of found."""

    def given(shares, *, fit=0.9, first=0.5, pairs=()):  # the surrogate needs what has a share for certain
        draws = np.column_stack([np.linspace(*ends, 101) for ends in shares.values()])
        table = pd.DataFrame(pairs, columns=["factor_a", "factor_b", "share", "share_low", "share_high"])
        found = SimpleNamespace(
            names=tuple(shares),
            draws=draws,
            first=first * draws,
            wide=draws,
            wide_first=first * draws,
            effects=draws,
            unexplained=np.zeros(len(shares)),
            p=np.where(draws.min(axis=0) > 0.0, 1e-6, 1.0),
            pairs=table,
            fit=fit,
        )
        monkeypatch.setattr("gradstudy.analysis.ranking.ranking.attribute", lambda *_, **__: found)

    return given


def by_factor(ranking):
    return ranking.table.set_index("factor")


def test_the_theory_of_deep_networks_at_initialisation_is_read_off(make_members):
    trials = pd.DataFrame(factorial.CELLS, columns=list(factorial.LEVELS))
    y = factorial.theory()
    members = make_members(trials.assign(dummy=np.random.default_rng(0).random(len(trials))), y.ravel())
    ranking = rank(members, [*GRID, DUMMY], "gain")
    table = by_factor(ranking)
    assert table.index.tolist() == [*factorial.TOTALS, "dummy"]
    found = table.drop("dummy")
    assert found["share"].to_dict() == pytest.approx(factorial.totals(y), abs=0.02)
    alone = {name: factorial.shares(y)[name,] for name in factorial.LEVELS}
    assert found["first"].to_dict() == pytest.approx(alone, abs=0.02)
    assert found["share"].to_dict() == pytest.approx(factorial.TOTALS, abs=0.03)
    assert table["evidence"].to_dict() == {**dict.fromkeys(factorial.TOTALS, True), "dummy": False}
    pairs = ranking.interactions.set_index(["factor_a", "factor_b"])["share"]
    for pair in (("depth", "activation"), ("activation", "normalization")):
        assert pairs[pair] == pytest.approx(factorial.SHARES[pair], abs=0.02)
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
    assert table.columns.tolist() == RANKING_COLUMNS
    assert sorted(table["factor"]) == sorted(factor.name for factor in factors)
    assert table["rank"].tolist() == list(range(1, len(factors) + 1))
    assert table["share"].is_monotonic_decreasing
    for share in ("share", "first"):
        assert ((table[f"{share}_low"] <= table[share]) & (table[share] <= table[f"{share}_high"])).all()
    assert (table["first"] <= table["share"]).all()
    assert (table["evidence"] == (table["verdict"] == "evidence")).all()
    assert ((table["rank_low"] <= table["rank"]) & (table["rank"] <= table["rank_high"])).all()
    assert table["test"].isin(["Kruskal-Wallis", "means", "Spearman"]).all()


@pytest.mark.parametrize("seed", range(4))
def test_noise_gives_no_evidence(draw_trials, make_members, seed):
    factors = [*GRID, Factor("lr"), DUMMY]
    trials = draw_trials(factors, 64, seed)
    ranking = rank(make_members(trials, np.random.default_rng(seed + 50).normal(size=64)), factors, "gain", QUICK)
    assert not ranking.table["evidence"].any()
    assert "Evidence for: no factor" in ranking.note


@pytest.mark.parametrize(
    ("response", "said"),
    [
        ("vanishing", "vanishing moves by 0.09 decades in all, and there is nothing to rank"),
        ("learned", "learned moves by 0.09 (share of the way) in all, and there is nothing"),
    ],
)
@pytest.mark.parametrize("height", [0.09, 0.11])
def test_what_moves_by_less_than_a_tenth_has_no_causes(draw_trials, make_members, response, said, height):
    """Of a decade; or of the way, which counts as nothing learned."""
    trials, nothing = draw_trials(ONE, 48), height < 0.1
    low, high = trials["x"].min(), trials["x"].max()
    values = height * (trials["x"] - low) / (high - low)
    ranking = rank(make_members(trials, values, response=response), ONE, response, QUICK)
    assert ranking.table.empty == nothing
    assert ranking.moves == (pytest.approx(height) if nothing else None)
    assert (said in ranking.note) == nothing


def test_the_size_of_a_cause_is_how_far_the_response_moves_when_it_is_drawn_anew(draw_trials, make_members):
    """y = 3x: two draws of x differ by 3 sqrt(1/6) = 1.22 (RMS)."""
    trials = draw_trials([Factor("x"), DUMMY], 64)
    table = by_factor(rank(make_members(trials, 3 * trials["x"]), [Factor("x"), DUMMY], "gain", QUICK))
    assert table.loc["x", "size"] == pytest.approx(3 / 6**0.5, rel=0.03)
    assert table.loc["dummy", "size"] < 0.1


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
    assert ranking.table.columns.tolist() == RANKING_COLUMNS
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


def test_without_a_dummy_the_note_says_what_evidence_rests_on(attributed, draw_trials, make_members):
    attributed({"x": (0.9, 1.0)})
    trials = draw_trials(ONE, 32)
    ranking = rank(make_members(trials, trials["x"]), ONE[:1], "gain", QUICK)
    assert np.isnan(ranking.noise_floor)
    assert by_factor(ranking).loc["x", "evidence"]
    assert "Without a dummy factor" in ranking.note


def test_seeds_that_drown_the_factors_are_said_to(attributed, draw_trials, make_members):
    attributed({"x": (0.0, 1.0), "dummy": (0.0, 1.0)})
    trials = draw_trials(ONE, 32)
    members = make_members(trials, trials["x"], seeds=2, noise=20.0)
    assert "add seeds" in rank(members, ONE, "gain", QUICK).note


def test_a_ranking_shows_itself_in_a_notebook(attributed, draw_trials, make_members):
    attributed({"x<y": (0.9, 1.0), "dummy": (0.0, 0.1)})
    factors = [Factor("x<y"), DUMMY]
    trials = draw_trials(factors, 32)
    ranking = rank(make_members(trials, trials["x<y"]), factors, "gain", QUICK)
    page = ranking._repr_html_()
    assert "x&lt;y" in page
    assert "x<y" not in page
    assert "share: total-effect (Sobol) index" in page
    axes = Figure().subplots()
    assert ranking.plot(axes) is axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["x<y", "dummy"]
    assert axes.get_title() == "What moves the gain?"
    assert "95 % interval" in axes.get_xlabel()


def test_a_plot_of_nothing_is_refused_with_the_reason(draw_trials, make_members):
    ranking = rank(make_members(draw_trials(ONE, 4), np.arange(4.0)), ONE, "gain")
    with pytest.raises(InputError, match="at least 8"):
        ranking.plot()


def test_what_is_not_proven_may_be_nothing(attributed, draw_trials, make_members):
    attributed({"x": (0.3, 0.5), "dummy": (0.1, 0.2)}, fit=0.3)
    trials = draw_trials(ONE, 32)
    members = make_members(trials, np.random.default_rng(1).normal(size=32))
    table = by_factor(rank(members, ONE, "gain"))
    assert table["verdict"].to_dict() == {"x": "no evidence", "dummy": "noise floor"}
    assert table[["share_low", "first_low"]].to_numpy().tolist() == [[0.0, 0.0]] * 2
    assert table.loc["x", ["share", "first"]].tolist() == pytest.approx([0.4, 0.2])
    assert table.loc["x", "share_high"] == pytest.approx(0.495)
    assert "Suspected by a surrogate that fits too badly to prove it: x." in rank(members, ONE, "gain").note


def test_what_the_test_does_not_see_may_be_nothing_by_itself(attributed, draw_trials, make_members):
    """x and z are proven by the surrogate, but only x shows alone: what z does, it may do with others only."""
    factors = [Factor("x"), Factor("z"), DUMMY]
    trials = draw_trials(factors, 64)
    attributed({"x": (0.4, 0.6), "z": (0.2, 0.4), "dummy": (0.0, 0.02)})
    table = by_factor(rank(make_members(trials, trials["x"]), factors, "gain"))
    assert table["evidence"].to_dict() == {"x": True, "z": True, "dummy": False}
    assert table["share_low"].tolist() == pytest.approx([0.405, 0.205, 0.0])
    assert table["first_low"].tolist() == pytest.approx([0.2025, 0.0, 0.0])


def test_a_surrogate_that_predicts_nothing_gives_no_shares_and_no_ranks(attributed, draw_trials, make_members):
    factors = [Factor("x"), Factor("z"), DUMMY]
    trials = draw_trials(factors, 64)
    pairs = [("x", "z", 0.3, 0.1, 0.5)]
    attributed({"x": (0.1, 0.2), "z": (0.3, 0.5), "dummy": (0.0, 0.6)}, fit=-0.1, pairs=pairs)
    ranking = rank(make_members(trials, trials["x"]), factors, "gain")
    table = by_factor(ranking)
    assert table.index[0] == "x"  # by its test
    assert table["evidence"].to_dict() == {"x": True, "z": False, "dummy": False}
    assert table[["share", "first", "rank"]].isna().all(axis=None)
    assert table.loc["z", ["share_low", "share_high"]].tolist() == pytest.approx([0.0, 0.495])
    assert ranking.interactions.loc[0, ["share", "share_low", "share_high"]].tolist() == pytest.approx(
        [np.nan, 0.0, 0.5], nan_ok=True
    )
    assert ranking.cells.empty
    assert "(Q2 -0.10) no better than their mean does" in ranking.note
    for plot in (ranking.plot, ranking.plot_interactions, ranking.plot_cells):
        with pytest.raises(InputError, match="no shares"):
            plot()


def test_evidence_of_no_effect_is_told_apart_from_no_evidence(attributed, draw_trials, make_members):
    factors = [Factor("x"), Factor("z"), Factor("w"), DUMMY]
    trials = draw_trials(factors, 96, seed=1)
    attributed({"x": (0.5, 0.9), "z": (0.0, 0.04), "w": (0.0, 0.2), "dummy": (0.0, 0.03)})
    ranking = rank(make_members(trials, trials["x"]), factors, "gain")
    verdicts = {"x": "evidence", "z": "evidence of no effect", "w": "no evidence", "dummy": "noise floor"}
    assert by_factor(ranking)["verdict"].to_dict() == verdicts
    assert "Evidence of no effect (share below 0.05): z." in ranking.note
    assert by_factor(ranking)["share_low"].tolist() == pytest.approx([0.51, 0.0, 0.0, 0.0])


def test_factors_that_were_assigned_hand_in_hand_are_named_and_need_both_witnesses(
    attributed, draw_trials, make_members
):
    """A person gave z the value of x: the test sees x through z, and only the surrogate can tell them apart."""
    factors = [Factor("x"), Factor("z"), Factor("w"), DUMMY]
    trials = draw_trials(factors, 96)
    trials["z"] = trials["x"]
    attributed({"x": (0.8, 0.9), "z": (0.0, 0.2), "w": (0.0, 0.2), "dummy": (0.0, 0.03)})
    ranking = rank(make_members(trials, trials["x"]), factors, "gain")
    table = by_factor(ranking)
    assert max(table.loc[["x", "z"], "p"]) < 1e-6
    assert table["evidence"].to_dict() == {"x": True, "z": False, "w": False, "dummy": False}
    assert "Assigned hand in hand with another factor, so that the test alone proves nothing: x, z." in ranking.note


def test_levels_and_cells_come_with_the_ranking(attributed, draw_trials, make_members):
    factors = [Factor("a", ("p", "q")), Factor("b", ("p", "q")), DUMMY]
    trials = draw_trials(factors, 40)
    either = (trials["a"] != trials["b"]).to_numpy(dtype=float)
    attributed(
        {"a": (0.9, 1.0), "b": (0.9, 1.0), "dummy": (0.0, 0.02)},
        pairs=[("a", "b", 0.95, 0.9, 1.0), ("a", "dummy", 0.5, 0.4, 0.6)],
    )
    members = make_members(trials, either, seeds=2)
    members.loc[(members["seed"] == 1) & (members["a"] == "q"), "verdict"] = "diverged"
    ranking = rank(members, factors, "gain")
    cells = ranking.cells.set_index(["level_a", "level_b"])
    assert cells["mean"].to_dict() == {("p", "p"): 0.0, ("p", "q"): 1.0, ("q", "p"): 1.0, ("q", "q"): 0.0}
    assert cells["trials"].sum() == 40
    levels = ranking.levels.set_index(["factor", "level"])
    assert levels.loc[("a", "q"), ["trials", "diverged"]].tolist() == [(trials["a"] == "q").sum()] * 2
    assert levels.loc[("a", "p"), "diverged"] == 0
    assert levels.index.get_level_values("factor").unique().tolist() == ["a", "b"]


def test_interactions_and_cells_are_drawn_as_heat_maps_with_their_numbers(attributed, draw_trials, make_members):
    factors = [Factor("a", ("p", "q")), Factor("b", ("p", "q")), DUMMY]
    trials = draw_trials(factors, 40)
    attributed({"b": (0.8, 0.8), "a": (0.6, 0.6), "dummy": (0.0, 0.0)}, first=0.5, pairs=[("a", "b", 0.25, 0.2, 0.3)])
    ranking = rank(make_members(trials, (trials["a"] == "q") * 2.0), factors, "gain")
    axes = ranking.plot_interactions()
    assert [label.get_text() for label in axes.get_yticklabels()] == ["b", "a"]
    assert [text.get_text() for text in axes.texts] == [".40", ".25", ".25", ".30"]
    axes = ranking.plot_cells()
    assert [text.get_text() for text in axes.texts] == ["0.0", "0.0", "2.0", "2.0"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["p", "q"]
    assert (axes.get_ylabel(), axes.get_xlabel()) == ("a", "b")
    with pytest.raises(InputError, match="there is a x b"):
        ranking.plot_cells("b", "a")
    incomplete = trials[(trials["a"] == "q") | (trials["b"] == "p")]
    axes = rank(make_members(incomplete, (incomplete["a"] == "q") * 2.0), factors, "gain").plot_cells("a", "b")
    assert [text.get_text() for text in axes.texts] == ["0.0", "2.0", "2.0"]  # p with q has no trial
    mpl.pyplot.close("all")


def test_a_factor_that_no_trial_has_is_named(attributed, draw_trials, make_members):
    factors = [Factor("x"), Factor("elsewhere"), DUMMY]
    trials = draw_trials(factors, 32).assign(elsewhere=np.nan)
    attributed({"x": (0.8, 0.9), "dummy": (0.0, 0.1)})
    ranking = rank(make_members(trials, trials["x"]), factors, "gain")
    assert by_factor(ranking).loc["elsewhere", ["verdict", "trials"]].tolist() == ["not ranked", 0]
    assert "Not ranked, absent from every trial: elsewhere." in ranking.note
    assert "too few trials" not in ranking.note


def test_trials_that_have_none_of_the_factors_are_not_ranked(draw_trials, make_members):
    members = make_members(draw_trials(ONE, 32), np.arange(32.0)).assign(x=np.nan, dummy=np.nan)
    assert "no factor took two values" in rank(members, ONE, "gain").note


@pytest.fixture
def lives(draw_trials, make_members):
    """Members of 64 trials that never diverge, of a factor that will decide when they do."""
    factors = [Factor("clip", ("none", "norm")), DUMMY]
    members = make_members(draw_trials(factors, 64), np.zeros(64), seeds=2)
    return factors, members.assign(first_bad_step=pd.array([pd.NA] * 128, dtype="Int64"))


def test_causes_of_the_time_to_divergence_are_found_although_most_networks_never_diverge(lives):
    factors, members = lives
    bad = (members["clip"] == "none") & (members["seed"] == 1)
    members.loc[bad, "first_bad_step"] = np.random.default_rng(0).integers(5, 40, int(bad.sum()))
    members.loc[bad, "verdict"] = "diverged"
    ranking = rank(members, factors, "time_to_divergence", QUICK, steps=100)
    row, levels = by_factor(ranking).loc["clip"], ranking.levels.set_index("level")
    assert row["evidence"]
    assert row["direction"].startswith("norm raises it by ")
    assert row["direction"].endswith(" steps over none")
    assert levels["share_diverged"].to_dict() == {"none": 0.5, "norm": 0.0}
    assert levels.loc["norm", "mean"] == 100.0
    assert levels.loc["none", "mean"] == pytest.approx((100 + members.loc[bad, "first_bad_step"].mean()) / 2)
    assert "log-rank scores" in ranking.note


def test_without_a_divergence_there_is_no_time_to_it(lives):
    factors, members = lives
    ranking = rank(members, factors, "time_to_divergence", steps=100)
    assert ranking.table.empty
    assert "no member diverged, all 128 lasted to the end" in ranking.note
    assert ranking.levels["share_diverged"].tolist() == [0.0, 0.0]


def test_divergence_at_one_and_the_same_step_has_no_cause(lives):
    factors, members = lives
    members = members.assign(first_bad_step=pd.array([7] * 128, dtype="Int64"), verdict="diverged")
    note = rank(members, factors, "time_to_divergence", steps=100).note
    assert "the response is 7 in every trial" in note
    assert "Every member diverged" in note
