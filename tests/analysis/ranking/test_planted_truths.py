"""The benchmark's planted truths are true: by algebra, and against a second way of computing them."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from planted.row import CAP, Row
from planted.rows import ALL
from planted.scores import SCORES, score, tau, true_places
from planted.screens import simulate, trials_of
from planted.truths import ROWS, clipped_mean, grid_shares, make, mean_response, truths
from planted_truths import main
from support.factorial import TOTALS

from gradstudy.analysis.ranking.ranking import rank
from gradstudy.analysis.space.coordinates import INACTIVE, encode
from gradstudy.conclusions import NO_EFFECT
from gradstudy.records import DUMMY
from gradstudy.response import RESPONSES

EVEN = np.full(2, 1 / 2)
SAMPLES = 8192


def test_an_exclusive_or_is_all_interaction():
    for axis in (0, 1):
        assert grid_shares(np.array([[0.0, 1.0], [1.0, 0.0]]), [EVEN, EVEN], axis) == (1.0, 0.0)


def test_a_sum_is_no_interaction_and_weights_count():
    # Variances: a coin of 3 and 1: 4 * 3/16; a fair coin of 2: 1.
    total, first = grid_shares(np.array([[0.0, 2.0], [2.0, 4.0]]), [np.array([3 / 4, 1 / 4]), EVEN], 0)
    assert total == pytest.approx(first)
    assert total == pytest.approx(0.75 / 1.75)


def test_an_additive_row_has_its_squared_weights_as_shares():
    total, first = truths("additive")
    planted = {
        "lr": 0.40,
        "activation": 0.24,
        "normalization": 0.15,
        "init.gain": 0.10,
        "init": 0.07,
        "optimizer": 0.04,
        "dummy": 0.0,
    }
    assert total == pytest.approx(planted, abs=1e-3)
    assert first == pytest.approx(planted, abs=1e-3)


def test_what_acts_only_in_products_has_no_share_by_itself():
    total, first = truths("interacting")
    # .81 for activation x init, .64 for activation x lr; normalization alone; gain by a slope that depth decides.
    depths = (2 * np.arange(31) + 1) / 31 - 1
    slopes = 0.6 * np.sqrt(45) / 2 * (depths**2 - 1 / 3) + 0.2
    everything = 0.81 + 0.64 + 0.25**2 + (slopes**2).mean()
    known = ("activation", "init", "lr")
    assert [total[name] for name in known] == pytest.approx(np.array([1.45, 0.81, 0.64]) / everything, abs=1e-3)
    assert [first[name] for name in known] == pytest.approx([0.0] * 3, abs=1e-9)


def test_a_conditional_share_is_of_the_variance_where_the_factor_lives():
    total, first = truths("conditional")
    main_effects = 1.0 + 0.16  # lr, activation: everywhere
    momentum, norm, clipping = 0.25, 0.75**2, 0.36
    everywhere = main_effects + clipping + norm / 3 + momentum * 2 / 3
    under_norm = main_effects + norm + momentum * 2 / 3
    under_momentum = main_effects + clipping + norm / 3 + momentum
    assert total["clipping.max_norm"] == pytest.approx(norm / under_norm, abs=1e-3)
    assert total["optimizer.momentum"] == pytest.approx(momentum / under_momentum, abs=1e-3)
    # With a threshold drawn, clipping also switches its effect on, for one level in three.
    assert total["clipping"] == pytest.approx((clipping + norm * 2 / 9) / everywhere, abs=1e-3)
    assert first["clipping"] == pytest.approx(clipping / everywhere, abs=1e-3)
    assert total["lr"] == pytest.approx(1.0 / everywhere, abs=1e-3)
    assert total["clipping.max_value"] == 0.0


def test_the_row_of_deep_networks_has_the_published_shares():
    total, _ = truths("g53")
    published = {name.replace("normalization", "norm"): share for name, share in TOTALS.items()}
    assert {name: total[name] for name in published} == pytest.approx(published, abs=0.01)


@pytest.mark.parametrize("row", ROWS)
def test_shares_by_sums_agree_with_swapped_samples(row):
    # Jansen 1999: half the mean squared change when one factor is drawn anew; Saltelli et al. 2010 for the first order.
    planted, (total, first) = ALL[row], truths(row)
    base, other = (drawn(planted, seed) for seed in (1, 2))
    for factor in planted.everything():
        name = factor.name
        points, anew = (under_its_parent(planted, points, name) for points in (base, other))
        swapped, rest = points | {name: anew[name]}, anew | {name: points[name]}
        here, there, alone = (mean_at(planted, at) for at in (points, swapped, rest))
        variance = np.concatenate([here, there]).var() or 1.0  # without causes all is 0
        assert ((here - there) ** 2).mean() / 2 / variance == pytest.approx(total[name], abs=0.04)
        assert np.cov(here, alone)[0, 1] / variance == pytest.approx(first[name], abs=0.04)


@pytest.mark.parametrize("row", ROWS)
def test_many_seeds_average_to_the_mean_response(row):
    planted = replace(ALL[row], seeds=4000)
    trials = trials_of(ALL[row], 8, seed=0)
    members = simulate(planted, trials, np.random.default_rng(0)).groupby("trial")[planted.response]
    factors = planted.everything()
    at = dict(zip([factor.name for factor in factors], encode(trials, factors).T, strict=True))
    reach = 5 * members.sem().to_numpy() + 0.01  # what is rare may not have happened
    assert (np.abs(members.mean() - mean_response(planted, at)).to_numpy() < reach).all()


def test_a_clipped_normal_has_the_mean_of_its_samples():
    draws = np.random.default_rng(0).normal(size=200_000)
    for centre in (-1.0, 0.2, 5.0, 9.8, 12.0):
        assert clipped_mean(np.array(centre), 0.6) == pytest.approx(
            np.clip(centre + 0.6 * draws, 0.0, CAP).mean(), abs=0.01
        )


@pytest.mark.parametrize(("row", "share"), [("diverged_5", 0.05), ("diverged_20", 0.20), ("diverged_40", 0.40)])
def test_as_many_members_diverge_as_the_row_says_and_lie_at_the_cap(row, share):
    members = make(row, 1024, 0).members
    diverged = members["verdict"] == "diverged"
    assert diverged.mean() == pytest.approx(share, abs=0.02)
    assert (members.loc[diverged, "exploding"] == CAP).all()
    by_trial = diverged.groupby(members["trial"]).mean()
    assert by_trial.between(0.01, 0.99).mean() > 0.02  # the edge is soft: some trials diverge in some seeds only


@pytest.mark.parametrize("row", ROWS)
def test_the_main_cause_stands_clear_and_no_factor_is_named_like_a_response(row):
    planted = make(row, 64, 0)
    clear = [share for share in planted.truth.values() if not np.isclose(share, max(planted.truth.values()))]
    assert not clear or max(planted.truth.values()) - max(clear) > 0.05
    assert not {factor.name for factor in planted.factors} & {*RESPONSES, "trial", "seed", "verdict"}
    assert len(planted.trials) == 64
    assert len(planted.members) == 64 * ALL[row].seeds
    lives = planted.trials.notna()
    for name, (parent, levels) in ALL[row].lives.items():
        assert (lives[name] == planted.trials[parent].isin(levels)).all()
    assert lives.drop(columns=list(ALL[row].lives)).all(axis=None)


def test_equal_arguments_give_equal_screens_and_others_others():
    first, again, other = (make("correlated", 64, seed) for seed in (0, 0, 1))
    pd.testing.assert_frame_equal(first.members, again.members, check_exact=True)
    assert not first.members.equals(other.members)


def test_correlated_levels_are_rare_and_go_together():
    trials = make("correlated", 1024, 0).trials
    assert trials["optimizer"].value_counts(normalize=True).to_dict() == pytest.approx(
        {"sgd": 0.55, "adam": 0.30, "rmsprop": 0.15}, abs=0.05
    )
    by_optimizer = pd.crosstab(trials["optimizer"], trials["init"], normalize="index")["normal"]
    # Four in ten follow the optimizer, half of the others are normal by chance.
    assert by_optimizer[["sgd", "adam", "rmsprop"]].tolist() == pytest.approx([0.3, 0.7, 0.3], abs=0.1)


def test_tau_is_one_in_the_true_order_and_minus_one_in_reverse():
    truth = {"a": 0.6, "b": 0.3, "c": 0.0, "d": 0.0}
    assert tau(truth, {"a": 4, "b": 3, "c": 1, "d": 2}) == 1.0
    assert tau(truth, {"a": 1, "b": 2, "c": 3, "d": 3}) == -1.0
    assert tau(truth, {"a": 4, "b": 1, "c": 1, "d": 0}) == pytest.approx(4 / 5)


def test_factors_of_equal_share_may_take_each_others_place():
    truth = {"a": 0.6, "b": 0.3, "c": 0.0, "d": 0.0}
    assert [true_places(truth, name) for name in truth] == [(1, 1), (2, 2), (3, 4), (3, 4)]


def test_a_perfect_finding_scores_full_and_a_reversed_one_nothing():
    total, first = truths("non_monotone")
    exact = {
        name: {
            "importance": share,
            "evidence": share > 0.0,
            **{
                f"{kind}_{end}": at
                for kind, at in {"share": share, "first": first[name]}.items()
                for end in ("low", "high")
            },
            **dict(zip(("rank_low", "rank_high"), true_places(total, name), strict=True)),
        }
        for name, share in total.items()
    }
    finding = {"row": "non_monotone", "n": 64, "seed": 0, "method": "gradstudy", "seconds": 1.0, "table": exact}
    scores = score(finding)
    assert scores.pop("seconds") == 1.0
    assert [scores.pop(wrong) for wrong in ("alarms", "false", "denied", "width")] == [0.0] * 4
    assert set(scores.values()) == {1.0}
    turned = {
        name: {
            "importance": 1 - line["importance"],
            "evidence": not line["evidence"],
            "verdict": NO_EFFECT,
            "share_low": 0.9,
            "share_high": 1.0,
        }
        for name, line in exact.items()
    }
    scores = score({**finding, "table": turned})
    assert [scores[name] for name in ("top-1", "top-3", "tau", "total", "power")] == [0, 0, -1, 0, 0]
    assert [scores[name] for name in ("alarms", "false", "denied", "width")] == [1, 1, 1, pytest.approx(0.1)]
    assert scores["rank"] is None


def test_a_peer_raises_an_alarm_where_a_null_beats_the_dummy():
    table = {name: {"importance": share} for name, share in truths("non_monotone")[0].items()}
    table[DUMMY.name]["importance"], table["init"]["importance"] = 0.05, 0.06
    finding = {"row": "non_monotone", "n": 64, "seed": 0, "method": "forest", "seconds": 1.0, "table": table}
    assert score(finding)["alarms"] == pytest.approx(1 / 2)  # init, and not batch


@pytest.mark.slow
def test_the_benchmark_runs_and_goes_on_where_it_stopped(tmp_path, capsys):
    file = tmp_path / "results.jsonl"
    options = ["--rows", "conditional", "diverged_20", "--sizes", "32", "--into", str(file)]
    peers = ["pedanova", "mdi", "pawn", "forest", "mdi dropped"]
    main([*options, "--seeds", "1", "--methods", *peers])
    first = file.read_text()
    main([*options, "--seeds", "1", "--methods", "gradstudy", *peers])
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert file.read_text().startswith(first)
    assert sorted(line["method"] for line in lines) == sorted([*2 * ["gradstudy", *peers[:-1]], "mdi dropped"])
    assert {frozenset(line["table"]) for line in lines} == {frozenset(truths(row)[0]) for row in ALL if row in options}
    page = capsys.readouterr().out
    assert f"top-1: {SCORES['top-1']}" in page
    assert "diverged_20 dropped 32" in page
    assert "95 % intervals hold the truth of a cause" in page


@pytest.mark.slow
@pytest.mark.parametrize("n", [256, 512])
def test_four_factors_that_act_only_all_together_are_never_said_to_have_no_effect(n):
    """A surrogate of effects of one, two and three factors fits well (Q2 near 1 - .24 - .03) and sees none of them."""
    planted = make("four_way", n, 0)
    ranking = rank(planted.members, planted.factors, planted.response)
    table = ranking.table.set_index("factor")
    assert 0.6 < ranking.fit < 0.85
    assert ranking.unexplained == pytest.approx(0.24, abs=0.08)
    for name in ("init", "bias", "shuffle", "lr"):
        assert table.loc[name, "verdict"] != NO_EFFECT
        assert table.loc[name, "share_high"] > 0.16


@pytest.mark.slow
@pytest.mark.parametrize("row", ["g53", "vanished"])
def test_intervals_hold_on_the_shape_of_deep_networks(row):
    """Of 24 true totals of causes 22 or more lie in their 95 % intervals in 88 % of cases, 20 or more in 99.8 %."""
    held = []
    for seed in range(6):
        planted = make(row, 96, seed)
        table = rank(planted.members, planted.factors, planted.response, seed=seed).table.set_index("factor")
        for name in ("depth", "activation", "init", "norm"):
            held.append(table.loc[name, "share_low"] <= planted.truth[name] <= table.loc[name, "share_high"])
    assert sum(held) >= 20


def drawn(row: Row, seed: int) -> dict[str, np.ndarray]:
    """Independent levels of every factor, alive or not: [sample] per factor, coded."""
    random = np.random.default_rng(seed)
    points = {}
    for factor in row.everything():
        unit = random.random(SAMPLES)
        if factor.levels:
            points[factor.name] = np.floor(unit * len(factor.levels))
        elif factor.integer:
            high = factor.high + 1
            number = factor.low * (high / factor.low) ** unit if factor.log else factor.low + unit * (high - factor.low)
            points[factor.name] = encode(pd.DataFrame({factor.name: np.floor(number)}), [factor])[:, 0]
        else:
            points[factor.name] = unit
    return points


def under_its_parent(row: Row, points: dict[str, np.ndarray], name: str) -> dict[str, np.ndarray]:
    """The same points with the parent of a conditional factor at the levels that it lives under, evenly."""
    if name not in row.lives:
        return points
    parent, levels = row.lives[name]
    known = next(factor.levels for factor in row.factors if factor.name == parent)
    codes = np.array([known.index(level) for level in levels])
    return points | {parent: codes[np.arange(SAMPLES) % len(codes)]}


def mean_at(row: Row, points: dict[str, np.ndarray]) -> np.ndarray:
    """The mean response [sample] where what does not live is hidden."""
    at = dict(points)
    for name, (parent, levels) in row.lives.items():
        known = next(factor.levels for factor in row.factors if factor.name == parent)
        alive = np.isin(points[parent], [known.index(level) for level in levels])
        at[name] = np.where(alive, points[name], INACTIVE)
    return np.broadcast_to(mean_response(row, at), SAMPLES)
