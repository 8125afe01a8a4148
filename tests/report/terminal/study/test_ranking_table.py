"""A ranking on the terminal: shares, what levels do, and where two factors meet."""

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
    *("activation", "init.gain", "clipping.max_norm", "regularization.weight_decay", "activation.negative_slope"),
    *("normalization", "residual", "model.depth", "optimizer", "lr.value", "task.batch_size", "dummy"),
)
NUMBERS = ("share", "share_low", "share_high", "first", "first_low", "first_high", "rank", "rank_low", "rank_high", "p")
BLANK = {**dict.fromkeys(NUMBERS, np.nan), "verdict": "not ranked", "evidence": False}
NO_EVIDENCE = {"verdict": "no evidence", "evidence": False, "p": 0.4}
PAIR = ["factor_a", "factor_b", "share", "share_low", "share_high"]
FLOOR = {"factor": "dummy", "verdict": "noise floor", "evidence": False}


@pytest.fixture
def page(render, make_ranking):
    """The page of a ranking with these rows."""
    return lambda *rows, width=80, **fields: render(ranking_table(make_ranking(*rows, **fields)), width=width)


def row_of(page, factor="activation"):
    """The words in the line of the table of shares, and not in the one of directions below."""
    return next(line.split() for line in page.splitlines() if line.split()[:1] == [factor])


@pytest.mark.parametrize("width", [60, 80, 100])
def test_every_factor_and_direction_appears_within_the_page(page, width):
    rows = [{"factor": name, "direction": f"higher {name} raises it by 4.1 decades"} for name in FACTORS[:-1]]
    shown = page(*rows, FLOOR, width=width)
    assert max(map(len, shown.splitlines())) <= width
    assert all(name in shown for name in FACTORS)
    assert all(row["direction"] in " ".join(shown.split()) for row in rows)


def test_a_row_says_share_interval_ranks_and_test(page):
    row = {"share": 0.47, "share_low": 0.381, "share_high": 0.55, "rank_low": 1, "rank_high": 2, "p": 0.0004}
    assert row_of(page(row)) == ["activation", ".47", "[.38,", ".55]", ".15", "1-2", "KW", "p<.001", "█████"]


def test_a_certain_rank_is_one_number(page):
    assert row_of(page({"rank_low": 3.0, "rank_high": 3.0}))[4:7] == [".15", "3", "KW"]


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
def test_the_test_is_named_with_its_p(page, test, p, shown):
    assert shown in page({"test": test, "p": p})


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({**NO_EVIDENCE, "factor": "init"}, "no evidence"),
        (FLOOR, "noise floor"),
        ({**BLANK, "factor": "init"}, "not ranked"),
        ({"factor": "init", "verdict": "evidence of no effect"}, "no effect"),
    ],
)
def test_what_is_no_evidence_is_said_in_words_and_its_direction_is_not_told(page, row, said):
    shown = page(row, {"factor": "residual"})
    assert " ".join(row_of(shown, row["factor"])).endswith(said)
    assert shown.count("relu raises it") == 1
    assert "█" in row_of(shown, "residual")[-1]


@pytest.mark.parametrize("evidence", [True, False])
def test_a_conditional_factor_says_in_how_many_trials_it_lives(page, evidence):
    row = {"factor": "clipping.max_norm", "conditional": True, "trials": 84, **({} if evidence else NO_EVIDENCE)}
    words = " ".join(page(row).split())
    assert "(where it lives: 84 trials)" in words
    assert ("relu raises it" in words) is evidence


@pytest.mark.parametrize("evidence", [True, False])
def test_when_nothing_beats_the_noise_the_page_says_so(page, evidence):
    row = {"conditional": True, **({} if evidence else NO_EVIDENCE)}
    assert ("No factor beats the noise floor" in page(row, FLOOR)) is not evidence


@pytest.mark.parametrize("missing", [np.nan, pd.NA])
def test_a_table_without_numbers_prints_the_note_and_claims_nothing(page, missing):
    row = {**BLANK, "rank": missing, "rank_low": missing, "rank_high": missing, "direction": ""}
    shown = page(row, noise_floor=np.nan, fit=np.nan, seed_noise=np.nan)
    assert "Not ranked, too few trials or values: activation." in shown
    assert row_of(shown) == ["activation", "-", "-", "-", "-", "not", "ranked"]
    assert "nan" not in shown
    assert "No factor beats" not in shown


def test_an_empty_table_prints_the_note(page):
    shown = page(trials=3, diverged=0)
    assert "No ranking: 3 trials, at least 8 are needed" in shown
    assert "3 trials, no members diverged" in shown
    assert "factor" not in shown


def test_what_a_fitting_surrogate_leaves_unexplained_is_said_to_be_anyones(page):
    words = " ".join(page({}, unexplained=0.21).split())
    assert "leaves 21 % of the variance unexplained beyond the noise of the seeds: it may be any factor's" in words
    assert "unexplained beyond" not in page({}, unexplained=0.04)


def test_a_test_that_the_surrogate_contradicts_is_no_evidence_and_said_so(page):
    shown = " ".join(page({**NO_EVIDENCE, "p": 0.001}, FLOOR).split())
    assert "Seen by the test, but of no use to a surrogate that fits (it may follow a product of causes): acti" in shown


def test_threes_that_are_in_line_are_named_where_one_of_them_is_said_to_be_a_cause(page):
    words = "the other two may do together: lr x clip x activation."
    assert words in " ".join(page({}, FLOOR, in_line=(("lr", "clip", "activation"),)).split())
    assert words not in " ".join(page({**NO_EVIDENCE}, FLOOR, in_line=(("lr", "clip", "activation"),)).split())


def test_a_response_that_hardly_moves_has_nothing_to_rank(page):
    assert "No ranking: vanishing moves by 0.0076 decades in all, and there is nothing to" in page(moves=0.00761)


def test_the_caption_says_what_to_trust(page):
    pairs = pd.DataFrame([("init", "norm", 0.01, 0.0, 0.02), ("lr", "init", 0.08, 0.05, 0.12)], columns=PAIR)
    words = " ".join(page({}, interactions=pairs, fit=-0.31, unexplained=0.4).split())
    assert "128 trials, 36 members diverged, Q2 of the surrogate (cross-validated) -.31" in words
    assert (
        "noise of the seeds .04, unexplained .40, noise floor .02, strongest interaction lr x init .08 [.05, .12]."
        in words
    )


@pytest.mark.parametrize("share", [0.004, -0.1, np.nan])
def test_an_interaction_that_would_read_as_nothing_is_left_out(page, share):
    pairs = pd.DataFrame([("init", "norm", share, 0.0, 0.1)], columns=PAIR)
    assert "interaction" not in page({}, interactions=pairs)


@pytest.mark.parametrize(
    ("response", "title"),
    [
        ("vanishing", "What makes gradients vanish?  (vanishing, decades)"),
        ("exploding", "What makes gradients explode?  (exploding, decades)"),
        ("learned", "What makes the network learn?  (learned, share of the way)"),
        ("time_to_divergence", "What makes training last before it diverges?  (time_to_divergence, steps)"),
        ("clipped", "What makes clipping engage?  (clipped, share of steps)"),
        ("gain_init", "What moves the gain init?  (gain_init, decades)"),
        ("rate", "What moves the rate?  (rate, decades per place)"),
    ],
)
def test_the_title_asks_the_question_and_names_the_unit(page, response, title):
    assert page({}, response=response).splitlines()[0] == title


def test_names_notes_and_directions_stay_text(page):
    shown = page({"factor": "[red]x", "direction": "[bold]up[/]"})
    assert shown.count("[red]x") == 3
    assert "[bold]up[/]" in shown
    assert "Evidence for: [red]x." in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize(("fit", "share"), [(0.8, ".20"), (0.3, "~.20"), (np.nan, ".20")])
def test_a_share_of_a_surrogate_that_fits_badly_is_marked_as_rough(page, fit, share):
    assert row_of(page({}, fit=fit))[1] == share


@pytest.mark.parametrize(("row", "mark"), [({}, "evidence"), (NO_EVIDENCE, "no evidence")])
def test_a_share_that_nobody_knows_is_a_question_mark_and_has_no_bar(page, row, mark):
    line = row_of(page({**dict.fromkeys(("share", "first", "rank"), np.nan), **row}, fit=-0.2))
    assert line[:5] == ["activation", "?", "[.10,", ".30]", "-"]
    assert " ".join(line).endswith(mark)


def test_on_a_narrow_page_every_factor_keeps_one_line_with_its_share_and_its_rank(page):
    row = {"factor": "clipping.max_value", **NO_EVIDENCE}
    assert row_of(page(row, width=60), row["factor"])[1:] == [".20", "[.10,", ".30]", "1-2", "no", "evidence"]
    assert "KW p=" in page(row)


LONG = {"factor": "regularization.weight_decay", "rank_low": 10, "rank_high": 12}


def test_beside_a_long_name_and_a_long_test_what_a_factor_does_alone_is_left_out_first(page):
    shown = page({**LONG, **NO_EVIDENCE, "test": "means", "p": 0.006})
    cells = [".20", "[.10,", ".30]", "10-12", "means", "p=.006", "no", "evidence"]
    assert row_of(shown, LONG["factor"])[1:] == cells


def test_at_80_columns_a_row_is_a_line_even_beside_the_longest_usual_name(page):
    shown = page({**LONG, "test": "Spearman", "p": 0.0004}, {**NO_EVIDENCE, "factor": "lr", "test": "Spearman"})
    assert row_of(shown, LONG["factor"])[1:8] == [".20", "[.10,", ".30]", ".15", "10-12", "rho", "p<.001"]
    assert row_of(shown, "lr")[-2:] == ["no", "evidence"]


def test_the_legend_explains_every_short_word_of_the_table_and_the_intervals(render):
    words = " ".join(render(ranking_legend(0.9)).split())
    assert all(word in words for word in ("share:", "own:", "(KW)", "(rho)", "n:", "90 % intervals"))
    for term in ("total-effect (Sobol) index", "first-order index", "permutation test", "false discovery rate"):
        assert term in words


def levels_of(*rows, factor="activation", **columns):
    """Rows of (level, trials, diverged, effect, low, high); the first is the reference."""
    table = pd.DataFrame(rows, columns=["level", "trials", "diverged", "effect", "effect_low", "effect_high"])
    return table.assign(factor=factor, reference=np.arange(len(rows)) == 0, mean=0.0, **columns)


TANH = ("tanh", 40, 0, 0.0, np.nan, np.nan)
RELU = ("relu", 38, 12, 2.84, 1.75, 3.93)


def test_a_proven_cause_has_its_levels_and_another_factor_has_not(page):
    assert "  relu  +2.8 [+1.8, +3.9]  n=38, 12 diverged" in page({}, levels=levels_of(TANH, RELU)).splitlines()
    assert "relu  +2.8" not in page(NO_EVIDENCE, levels=levels_of(TANH, RELU))


@pytest.fixture
def lines(render):
    """What is printed of a factor with these levels."""

    def printed(table, width=120):
        return [line.rstrip() for line in render(level_lines("act: up", table, digits=1), width=width).splitlines()]

    return printed


def test_every_level_is_set_against_the_first_with_its_interval_its_trials_and_its_diverged_members(lines):
    assert lines(levels_of(TANH, RELU, ("elu", 39, 1, -0.96, -2.0, 0.04))) == [
        "act: up",
        "  tanh  reference          n=40",
        "  relu  +2.8 [+1.8, +3.9]  n=38, 12 diverged",
        "  elu   -1.0 [-2.0, +0.0]  n=39, 1 diverged",
    ]


def test_the_reference_comes_first_wherever_it_stands(lines):
    table = levels_of(RELU, TANH)
    table["reference"] = ~table["reference"]
    assert [line.split()[0] for line in lines(table)[1:]] == ["tanh", "relu"]


def test_an_interval_that_is_not_known_and_levels_that_never_occurred_are_left_out(lines):
    lone = lines(levels_of(TANH, ("relu", 1, 0, 2.0, np.nan, np.nan)))[2]
    assert lone.split() == ["relu", "+2.0", "n=1"]
    nothing = ("never", 0, 0, np.nan, np.nan, np.nan)
    assert "never" not in " ".join(lines(levels_of(TANH, RELU, nothing)))
    assert lines(levels_of(TANH, nothing)) == lines(levels_of()) == ["act: up"]


def test_of_a_time_it_says_which_share_diverged_and_when_half_had(lines):
    assert lines(levels_of(TANH, RELU, share_diverged=[0.074, 0.66], median_step=[np.inf, 31.0]))[1:] == [
        "  tanh  reference          n=40, 7 % diverged",
        "  relu  +2.8 [+1.8, +3.9]  n=38, 66 % diverged, half by step 31",
    ]


def test_lines_below_stay_indented_and_what_somebody_wrote_stays_text(lines):
    found = lines(levels_of(("[red]", *TANH[1:]), RELU, ("elu" * 9, *RELU[1:])), width=50)
    assert all(line.startswith("  ") for line in found[1:])
    assert "[red]" in found[1]


def cells_of(rows, columns, means=1.0, pair=("act", "depth")):
    """Of two factors, a down and b across."""
    table = pd.DataFrame([(one, other) for one in rows for other in columns], columns=["level_a", "level_b"])
    mean = np.broadcast_to(means, (len(rows), len(columns))).ravel()
    return table.assign(factor_a=pair[0], factor_b=pair[1], trials=3, diverged=0, mean=mean)


def test_the_cells_of_the_strongest_interaction_are_shown_and_of_no_other(page):
    cells = pd.concat([cells_of("pqr", "st", pair=("init", other)) for other in ("lr", "norm")])
    shown = page({}, cells=cells)
    assert "Together: init (down) and lr (across), mean in decades" in shown
    assert "norm" not in shown


@pytest.fixture
def grid(render):
    """The words of a grid, line by line."""
    return lambda *cells: [
        line.split() for line in render(cell_grid(cells_of(*cells), unit="decades", digits=1)).splitlines()
    ]


def test_a_grid_has_a_mean_per_cell_and_a_dash_where_there_is_no_trial(grid):
    title, *lines = grid(["tanh", "relu", "elu"], ["4", "32"], [[1.0, 2.25], [3.0, np.nan], [-0.04, 10.0]])
    assert " ".join(title) == "Together: act (down) and depth (across), mean in decades"
    assert lines[0] == ["act", "4", "32"]
    assert lines[2:] == [["tanh", "1.0", "2.2"], ["relu", "3.0", "-"], ["elu", "0.0", "10.0"]]


def test_the_factor_with_more_levels_runs_down(grid):
    title, *lines = grid(["tanh", "relu"], ["4", "8", "16"], [[1, 2, 3], [4, 5, 6]])
    assert " ".join(title).startswith("Together: depth (down) and act (across)")
    assert lines[2:] == [["4", "1.0", "4.0"], ["8", "2.0", "5.0"], ["16", "3.0", "6.0"]]


def test_what_fits_on_no_page_is_not_shown():
    many = list(map(str, range(MOST_COLUMNS + 1)))
    assert cell_grid(cells_of(many, many), unit="decades", digits=1) is None


@pytest.mark.parametrize(("width", "most"), [(60, 60), (80, 45)])
def test_a_page_of_eight_factors_is_one_screen_long(page, width, most):
    # five of them proven, each with three levels
    rows = [{"factor": name, **({} if place < 5 else NO_EVIDENCE)} for place, name in enumerate(FACTORS[4:11])]
    three = [TANH, ("relu", 43, 12, 1.5, 0.5, 2.5), ("three", 43, 9, 1.5, 0.5, 2.5)]
    levels = pd.concat(levels_of(*three, factor=row["factor"]) for row in rows)
    lines = page(*rows, FLOOR, levels=levels, cells=cells_of("pqr", "st"), width=width).splitlines()
    assert max(map(len, lines)) <= width
    assert len(lines) <= most
