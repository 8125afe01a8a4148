import re

import numpy as np
import pandas as pd
import pytest

from gradstudy.report.terminal.study.ranking_table import (
    MOST_COLUMNS,
    cell_grid,
    level_lines,
    ranking_legend,
    ranking_table,
)

FACTORS = (
    "activation",
    "init.gain",
    "clipping.max_norm",
    "regularization.weight_decay",
    "activation.negative_slope",
    "normalization",
    "residual",
    "model.depth",
    "optimizer",
    "lr.value",
    "task.batch_size",
    "dummy",
)
NUMBERS = ("share", "share_low", "share_high", "first", "first_low", "first_high", "rank", "rank_low", "rank_high", "p")
BLANK = {**dict.fromkeys(NUMBERS, np.nan), "verdict": "not ranked", "evidence": False}
NO_EVIDENCE = {"verdict": "no evidence", "evidence": False}
PAIR = ["factor_a", "factor_b", "share", "share_low", "share_high"]
FLOOR = {"factor": "dummy", "verdict": "noise floor", "evidence": False}


def row_of(page, factor):
    """The line of the table of shares, and not the one of directions below."""
    return next(line for line in page.splitlines() if line.split()[:1] == [factor])


@pytest.mark.parametrize("width", [60, 80, 100])
def test_every_factor_and_direction_appears_within_the_page(render, make_ranking, width):
    rows = [{"factor": name, "direction": f"higher {name} raises it by 4.1 decades"} for name in FACTORS[:-1]]
    rows.append(FLOOR)
    page = render(ranking_table(make_ranking(*rows)), width=width)
    assert max(map(len, page.splitlines())) <= width
    assert all(name in page for name in FACTORS)
    words = " ".join(page.split())
    assert all(f"higher {name} raises it by 4.1 decades" in words for name in FACTORS if name != "dummy")


def test_a_row_says_share_interval_ranks_and_test(render, make_ranking):
    row = {"share": 0.47, "share_low": 0.381, "share_high": 0.55, "rank_low": 1, "rank_high": 2, "p": 0.0004}
    cells = row_of(render(ranking_table(make_ranking(row))), "activation")
    assert cells.split() == ["activation", ".47", "[.38,", ".55]", ".15", "1-2", "KW", "p<.001", "█████"]


def test_a_certain_rank_is_one_number(render, make_ranking):
    page = render(ranking_table(make_ranking({"rank_low": 3.0, "rank_high": 3.0})))
    assert re.search(r"\] +\.15 +3 +KW", row_of(page, "activation"))


@pytest.mark.parametrize(
    ("share", "shown"),
    [(1.0, "1.00"), (0.999, "1.00"), (0.004, ".00"), (-0.004, ".00"), (-0.03, "-.03"), (10.5, "10.50")],
)
def test_shares_are_rounded_and_keep_their_sign_and_size(render, make_ranking, share, shown):
    assert row_of(render(ranking_table(make_ranking({"share": share}))), "activation").split()[1] == shown


@pytest.mark.parametrize(
    ("test", "p", "shown"),
    [
        ("Kruskal-Wallis", 1e-9, "KW p<.001"),
        ("Kruskal-Wallis", 0.001, "KW p=.001"),
        ("Spearman", 0.0494, "rho p=.049"),
        ("xi", 0.32, "xi p=.32"),
        ("xi", 1.0, "xi p=1.00"),
    ],
)
def test_the_test_is_named_with_its_p(render, make_ranking, test, p, shown):
    assert shown in render(ranking_table(make_ranking({"test": test, "p": p})))


def test_no_evidence_is_said_in_words_and_its_direction_is_not_told(render, make_ranking):
    page = render(ranking_table(make_ranking({"factor": "init", **NO_EVIDENCE}, {"factor": "residual"})))
    assert row_of(page, "init").rstrip().endswith("no evidence")
    assert page.count("relu raises it") == 1
    assert "█" in row_of(page, "residual")


def test_the_dummy_is_marked_as_the_noise_floor_and_has_no_direction(render, make_ranking):
    page = render(ranking_table(make_ranking(FLOOR, {"factor": "init"})))
    assert row_of(page, "dummy").rstrip().endswith("noise floor")
    assert page.count("relu raises it") == 1


@pytest.mark.parametrize("evidence", [True, False])
def test_a_conditional_factor_says_in_how_many_trials_it_lives(render, make_ranking, evidence):
    row = {"factor": "clipping.max_norm", "conditional": True, "trials": 84, **({} if evidence else NO_EVIDENCE)}
    words = " ".join(render(ranking_table(make_ranking(row))).split())
    assert "(where it lives: 84 trials)" in words
    assert ("relu raises it" in words) is evidence


@pytest.mark.parametrize("evidence", [True, False])
def test_when_nothing_beats_the_noise_the_page_says_so(render, make_ranking, evidence):
    row = {"conditional": True, **({} if evidence else NO_EVIDENCE)}
    page = render(ranking_table(make_ranking(row, FLOOR)))
    assert ("No factor beats the noise floor" in page) is not evidence


@pytest.mark.parametrize("missing", [np.nan, pd.NA])
def test_a_table_without_numbers_prints_the_note_and_claims_nothing(render, make_ranking, missing):
    ranking = make_ranking(
        {**BLANK, "rank": missing, "rank_low": missing, "rank_high": missing, "direction": ""},
        noise_floor=np.nan,
        fit=np.nan,
        seed_noise=np.nan,
    )
    page = render(ranking_table(ranking))
    assert "Not ranked, too few trials or values: activation." in page
    assert row_of(page, "activation").split() == ["activation", "-", "-", "-", "-", "not", "ranked"]
    assert "nan" not in page
    assert "No factor beats" not in page


def test_a_factor_that_could_not_be_ranked_is_told_apart_from_one_without_evidence(render, make_ranking):
    lr, residual = {"factor": "lr", **NO_EVIDENCE}, {"factor": "residual", "verdict": "evidence of no effect"}
    page = render(ranking_table(make_ranking({}, {"factor": "init", **BLANK}, lr, residual)))
    assert row_of(page, "init").rstrip().endswith("not ranked")
    assert row_of(page, "lr").rstrip().endswith("no evidence")
    assert row_of(page, "residual").rstrip().endswith("no effect")


def test_an_empty_table_prints_the_note(render, make_ranking):
    page = render(ranking_table(make_ranking(trials=3, diverged=0)))
    assert "No ranking: 3 trials, at least 8 are needed" in page
    assert "3 trials, no members diverged" in page
    assert "factor" not in page


def test_the_caption_says_what_to_trust(render, make_ranking):
    pairs = pd.DataFrame([("init", "norm", 0.01, 0.0, 0.02), ("lr", "init", 0.08, 0.05, 0.12)], columns=PAIR)
    words = " ".join(render(ranking_table(make_ranking({}, interactions=pairs, fit=-0.31))).split())
    assert "128 trials, 36 members diverged, Q2 of the surrogate (cross-validated) -.31" in words
    assert "noise of the seeds .04, noise floor .02, strongest interaction lr x init .08 [.05, .12]." in words


@pytest.mark.parametrize("share", [0.004, -0.1, np.nan])
def test_an_interaction_that_would_read_as_nothing_is_left_out(render, make_ranking, share):
    pairs = pd.DataFrame([("init", "norm", share, 0.0, 0.1)], columns=PAIR)
    assert "interaction" not in render(ranking_table(make_ranking({}, interactions=pairs)))


@pytest.mark.parametrize(
    ("response", "title"),
    [
        ("vanishing", "What makes gradients vanish?  (vanishing, decades)"),
        ("exploding", "What makes gradients explode?  (exploding, decades)"),
        ("learned", "What makes the network learn?  (learned, decades)"),
        ("time_to_divergence", "What makes training last before it diverges?  (time_to_divergence, steps)"),
        ("clipped", "What makes clipping engage?  (clipped, share of steps)"),
        ("gain_init", "What moves the gain init?  (gain_init, decades)"),
        ("rate", "What moves the rate?  (rate, decades per place)"),
    ],
)
def test_the_title_asks_the_question_and_names_the_unit(render, make_ranking, response, title):
    assert render(ranking_table(make_ranking({}, response=response))).splitlines()[0] == title


def test_names_notes_and_directions_stay_text(render, make_ranking):
    page = render(ranking_table(make_ranking({"factor": "[red]x", "direction": "[bold]up[/]"})))
    assert page.count("[red]x") == 3
    assert "[bold]up[/]" in page
    assert "Evidence for: [red]x." in page
    assert "\x1b" not in page


@pytest.mark.parametrize(("fit", "shown"), [(0.8, ".20"), (0.3, "~.20"), (np.nan, ".20")])
def test_a_share_of_a_surrogate_that_fits_badly_is_marked_as_rough(render, make_ranking, fit, shown):
    assert row_of(render(ranking_table(make_ranking({}, fit=fit))), "activation").split()[1] == shown


@pytest.mark.parametrize(("row", "mark"), [({}, "evidence"), (NO_EVIDENCE, "no evidence")])
def test_a_share_that_nobody_knows_is_a_question_mark_and_has_no_bar(render, make_ranking, row, mark):
    unknown = dict.fromkeys(("share", "first", "rank"), np.nan)
    line = row_of(render(ranking_table(make_ranking({**unknown, **row}, fit=-0.2))), "activation")
    assert line.split()[:5] == ["activation", "?", "[.10,", ".30]", "-"]
    assert line.rstrip().endswith(mark)
    assert "█" not in line


def levels_of(**columns):
    rows = {"factor": "activation", "level": ["tanh", "relu"], "reference": [True, False], "trials": 43}
    ends = {"mean": [3.0, 5.8], "effect": [0.0, 2.8], "effect_low": [np.nan, 1.8], "effect_high": [np.nan, 3.8]}
    return pd.DataFrame({**rows, "diverged": [0, 22], **ends, **columns})


def test_a_proven_cause_has_its_levels_and_another_factor_has_not(render, make_ranking):
    relu = "  relu  +2.8 [+1.8, +3.8]  n=43, 22 diverged"
    assert relu in render(ranking_table(make_ranking({}, levels=levels_of()))).splitlines()
    assert "relu  +2.8" not in render(ranking_table(make_ranking(NO_EVIDENCE, levels=levels_of())))


def test_on_a_narrow_page_every_factor_keeps_one_line_with_its_share_and_its_rank(render, make_ranking):
    page = render(ranking_table(make_ranking({"factor": "clipping.max_value", **NO_EVIDENCE})), width=60)
    (line,) = (line for line in page.splitlines() if line.startswith("clipping.max_value "))
    assert line.split()[1:] == [".20", "[.10,", ".30]", "1-2", "no", "evidence"]
    wide = render(ranking_table(make_ranking({"factor": "clipping.max_value", **NO_EVIDENCE})))
    assert "KW p=" in wide
    assert "KW p=" not in page


def test_beside_a_long_name_and_a_long_test_what_a_factor_does_alone_is_left_out_first(render, make_ranking):
    long = {"factor": "regularization.weight_decay", "test": "means", "p": 0.006, "rank_low": 10, "rank_high": 12}
    page = render(ranking_table(make_ranking({**long, **NO_EVIDENCE})))
    cells = [".20", "[.10,", ".30]", "10-12", "means", "p=.006", "no", "evidence"]
    assert row_of(page, "regularization.weight_decay").split()[1:] == cells


def test_the_legend_explains_every_short_word_of_the_table_and_the_intervals(render):
    words = " ".join(render(ranking_legend(0.9)).split())
    assert all(word in words for word in ("share:", "own:", "(KW)", "(rho)", "n:", "90 % intervals"))
    for term in ("total-effect (Sobol) index", "first-order index", "permutation test", "false discovery rate"):
        assert term in words


def cells_of(*pairs):
    return pd.DataFrame(
        [(a, one, b, other, 4, 0, 1.0) for a, b in pairs for one in ("p", "q", "r") for other in ("s", "t")],
        columns=["factor_a", "level_a", "factor_b", "level_b", "trials", "diverged", "mean"],
    )


def test_the_cells_of_the_strongest_interaction_are_shown_and_of_no_other(render, make_ranking):
    page = render(ranking_table(make_ranking({}, cells=cells_of(("init", "lr"), ("init", "norm")))))
    assert "Together: init (down) and lr (across), mean in decades" in page
    assert "norm" not in page


@pytest.mark.parametrize("width", [60, 80])
def test_a_page_of_eight_factors_is_one_screen_long(render, make_ranking, width):
    # five of them proven, each with three levels
    factors = [{"factor": name, **({} if place < 5 else NO_EVIDENCE)} for place, name in enumerate(FACTORS[4:11])]
    three = {"level": ["one", "two", "three"], "reference": [True, False, False], "diverged": [0, 12, 9]}
    ends = {"mean": 1.0, "effect": 1.5, "effect_low": 0.5, "effect_high": 2.5}
    levels = pd.concat(levels_of().iloc[[0, 1, 1]].assign(factor=row["factor"], **three, **ends) for row in factors)
    ranking = make_ranking(*factors, FLOOR, levels=levels, cells=cells_of(("init", "lr")))
    lines = render(ranking_table(ranking), width=width).splitlines()
    assert max(map(len, lines)) <= width
    assert len(lines) <= 45 if width == 80 else 60


def test_at_80_columns_a_row_is_a_line_even_beside_the_longest_usual_name(render, make_ranking):
    long = {"factor": "regularization.weight_decay", "test": "Spearman", "p": 0.0004, "rank_low": 10, "rank_high": 12}
    page = render(ranking_table(make_ranking(long, {**NO_EVIDENCE, "factor": "lr", "test": "Spearman"})))
    assert row_of(page, "regularization.weight_decay").split()[1:8] == [
        ".20",
        "[.10,",
        ".30]",
        ".15",
        "10-12",
        "rho",
        "p<.001",
    ]
    assert row_of(page, "lr").rstrip().endswith("no evidence")


def levels(*rows, **columns):
    """Rows of (level, trials, diverged, effect, low, high); the first is the reference."""
    table = pd.DataFrame(rows, columns=["level", "trials", "diverged", "effect", "effect_low", "effect_high"])
    return table.assign(factor="act", reference=np.arange(len(rows)) == 0, mean=0.0, **columns)


TANH = ("tanh", 40, 0, 0.0, np.nan, np.nan)
RELU = ("relu", 38, 12, 2.84, 1.75, 3.93)


def printed(render, table, digits=1, width=120):
    return [line.rstrip() for line in render(level_lines("act: up", table, digits=digits), width=width).splitlines()]


def test_every_level_is_set_against_the_first_with_its_interval_its_trials_and_its_diverged_members(render):
    table = levels(TANH, RELU, ("elu", 39, 1, -0.96, -2.0, 0.04))
    assert printed(render, table) == [
        "act: up",
        "  tanh  reference          n=40",
        "  relu  +2.8 [+1.8, +3.9]  n=38, 12 diverged",
        "  elu   -1.0 [-2.0, +0.0]  n=39, 1 diverged",
    ]


def test_the_reference_comes_first_wherever_it_stands(render):
    table = levels(RELU, TANH)
    table["reference"] = ~table["reference"]
    assert [line.split()[0] for line in printed(render, table)[1:]] == ["tanh", "relu"]


def test_an_interval_that_is_not_known_is_left_out(render):
    lone = printed(render, levels(TANH, ("relu", 1, 0, 2.0, np.nan, np.nan)))[2]
    assert lone.split() == ["relu", "+2.0", "n=1"]


def test_levels_that_never_occurred_are_left_out(render):
    nothing = ("never", 0, 0, np.nan, np.nan, np.nan)
    assert "never" not in " ".join(printed(render, levels(TANH, RELU, nothing)))
    assert printed(render, levels(TANH, nothing)) == ["act: up"]
    assert printed(render, levels()) == ["act: up"]


def test_of_a_time_it_says_which_share_diverged_and_when_half_had(render):
    table = levels(TANH, RELU, share_diverged=[0.074, 0.66], median_step=[np.inf, 31.0])
    assert printed(render, table)[1:] == [
        "  tanh  reference          n=40, 7 % diverged",
        "  relu  +2.8 [+1.8, +3.9]  n=38, 66 % diverged, half by step 31",
    ]


def test_lines_below_stay_indented_and_what_somebody_wrote_stays_text(render):
    lines = printed(render, levels(("[red]", *TANH[1:]), RELU, ("elu" * 9, *RELU[1:])), width=50)
    assert all(line.startswith("  ") for line in lines[1:])
    assert "[red]" in lines[1]


def cells(rows, columns, means):
    """Of the factors act (a) and depth (b)."""
    pairs = [(one, other) for one in rows for other in columns]
    table = pd.DataFrame(pairs, columns=["level_a", "level_b"])
    return table.assign(factor_a="act", factor_b="depth", trials=3, diverged=0, mean=np.ravel(means))


def lines(render, table):
    return [line.rstrip() for line in render(cell_grid(table, unit="decades", digits=1)).splitlines()]


def test_a_grid_has_a_mean_per_cell_and_a_dash_where_there_is_no_trial(render):
    table = cells(["tanh", "relu", "elu"], ["4", "32"], [[1.0, 2.25], [3.0, np.nan], [-0.04, 10.0]])
    title, *grid = lines(render, table)
    assert title == "Together: act (down) and depth (across), mean in decades"
    assert [line.split() for line in grid] == [
        ["act", "4", "32"],
        ["-----", "----", "----"],
        ["tanh", "1.0", "2.2"],
        ["relu", "3.0", "-"],
        ["elu", "0.0", "10.0"],
    ]


def test_the_factor_with_more_levels_runs_down(render):
    page = lines(render, cells(["tanh", "relu"], ["4", "8", "16"], [[1, 2, 3], [4, 5, 6]]))
    assert page[0].startswith("Together: depth (down) and act (across)")
    assert [line.split() for line in page[3:]] == [["4", "1.0", "4.0"], ["8", "2.0", "5.0"], ["16", "3.0", "6.0"]]


def test_what_fits_on_no_page_is_not_shown():
    many = [str(level) for level in range(MOST_COLUMNS + 1)]
    assert cell_grid(cells(many, many, np.zeros((len(many),) * 2)), unit="decades", digits=1) is None
