import re

import numpy as np
import pandas as pd
import pytest

from gradstudy.report.ranking_table import ranking_table

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
BLANK = dict.fromkeys(("share", "share_low", "share_high", "rank", "rank_low", "rank_high", "p"), np.nan)


def row_of(page, factor):
    """The line of the table of shares, and not the one of directions below."""
    return next(line for line in page.splitlines() if line.split()[:1] == [factor])


@pytest.mark.parametrize("width", [60, 80, 100])
def test_every_factor_and_direction_appears_within_the_page(render, make_ranking, width):
    rows = [{"factor": name, "direction": f"higher {name} raises it by 4.1 decades"} for name in FACTORS]
    page = render(ranking_table(make_ranking(*rows)), width=width)
    assert max(map(len, page.splitlines())) <= width
    assert all(name in page for name in FACTORS)
    words = " ".join(page.split())
    assert all(f"higher {name} raises it by 4.1 decades" in words for name in FACTORS if name != "dummy")


def test_a_row_says_share_interval_ranks_and_test(render, make_ranking):
    row = {"share": 0.47, "share_low": 0.381, "share_high": 0.55, "rank_low": 1, "rank_high": 2, "p": 0.0004}
    cells = row_of(render(ranking_table(make_ranking(row))), "activation")
    assert cells.split() == ["activation", ".47", "[.38,", ".55]", "1-2", "KW", "p<.001", "█████"]


def test_a_certain_rank_is_one_number(render, make_ranking):
    page = render(ranking_table(make_ranking({"rank_low": 3.0, "rank_high": 3.0})))
    assert re.search(r"\] +3 +KW", row_of(page, "activation"))


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
        ("Spearman", 0.0494, "Spearman p=.049"),
        ("xi", 0.32, "xi p=.32"),
        ("xi", 1.0, "xi p=1.00"),
    ],
)
def test_the_test_is_named_with_its_p(render, make_ranking, test, p, shown):
    assert shown in render(ranking_table(make_ranking({"test": test, "p": p})))


def test_no_evidence_is_said_in_words_and_its_direction_is_not_told(render, make_ranking):
    page = render(ranking_table(make_ranking({"factor": "init", "evidence": False}, {"factor": "residual"})))
    assert row_of(page, "init").rstrip().endswith("no evidence")
    assert page.count("relu raises it") == 1
    assert "█" in row_of(page, "residual")


def test_the_dummy_is_marked_as_the_noise_floor_and_has_no_direction(render, make_ranking):
    page = render(ranking_table(make_ranking({"factor": "dummy"}, {"factor": "init"})))
    assert row_of(page, "dummy").rstrip().endswith("noise floor")
    assert page.count("relu raises it") == 1


@pytest.mark.parametrize("evidence", [True, False])
def test_a_conditional_factor_says_in_how_many_trials_it_lives(render, make_ranking, evidence):
    row = {"factor": "clipping.max_norm", "conditional": True, "trials": 84, "evidence": evidence}
    words = " ".join(render(ranking_table(make_ranking(row))).split())
    assert "(where it lives: 84 trials)" in words
    assert ("relu raises it" in words) is evidence


@pytest.mark.parametrize("evidence", [True, False])
def test_when_nothing_beats_the_noise_the_page_says_so(render, make_ranking, evidence):
    page = render(ranking_table(make_ranking({"evidence": evidence, "conditional": True}, {"factor": "dummy"})))
    assert ("No factor beats the noise floor" in page) is not evidence


@pytest.mark.parametrize("missing", [np.nan, pd.NA])
def test_a_table_without_numbers_prints_the_note_and_claims_nothing(render, make_ranking, missing):
    ranking = make_ranking(
        {**BLANK, "rank": missing, "rank_low": missing, "rank_high": missing, "evidence": False, "direction": ""},
        noise_floor=np.nan,
        fit=np.nan,
        seed_noise=np.nan,
        note="every trial has the same value",
    )
    page = render(ranking_table(ranking))
    assert "every trial has the same value" in page
    assert row_of(page, "activation").split() == ["activation", "-", "-", "-", "not", "ranked"]
    assert "nan" not in page
    assert "No factor beats" not in page


def test_a_factor_that_could_not_be_ranked_is_told_apart_from_one_without_evidence(render, make_ranking):
    blank = {"factor": "init", **BLANK, "evidence": False}
    page = render(ranking_table(make_ranking({}, blank, {"factor": "lr", "evidence": False})))
    assert row_of(page, "init").rstrip().endswith("not ranked")
    assert row_of(page, "lr").rstrip().endswith("no evidence")


def test_an_empty_table_prints_the_note(render, make_ranking):
    page = render(ranking_table(make_ranking(note="too few trials (3)", trials=3, diverged=0)))
    assert "too few trials (3)" in page
    assert "3 trials, no members diverged" in page
    assert "factor" not in page


def test_the_caption_says_what_to_trust(render, make_ranking):
    pairs = pd.DataFrame({"factor_a": ["init", "lr"], "factor_b": ["norm", "init"], "share": [0.01, 0.08]})
    words = " ".join(render(ranking_table(make_ranking({}, interactions=pairs, fit=-0.31))).split())
    assert "128 trials, 36 members diverged, Q2 of the surrogate (cross-validated) -.31" in words
    assert "noise of the seeds .04, noise floor .02, strongest interaction lr x init .08." in words


@pytest.mark.parametrize("share", [0.004, -0.1, np.nan])
def test_an_interaction_that_would_read_as_nothing_is_left_out(render, make_ranking, share):
    pairs = pd.DataFrame({"factor_a": ["init"], "factor_b": ["norm"], "share": [share]})
    assert "interaction" not in render(ranking_table(make_ranking({}, interactions=pairs)))


@pytest.mark.parametrize(
    ("response", "title"),
    [
        ("vanishing", "What makes gradients vanish?  (vanishing, decades)"),
        ("exploding", "What makes gradients explode?  (exploding, decades)"),
        ("clipped", "What makes clipping engage?  (clipped, share of steps)"),
        ("gain_init", "What moves the gain init?  (gain_init, decades)"),
        ("rate", "What moves the rate?  (rate, decades per place)"),
    ],
)
def test_the_title_asks_the_question_and_names_the_unit(render, make_ranking, response, title):
    assert render(ranking_table(make_ranking({}, response=response))).splitlines()[0] == title


def test_names_notes_and_directions_stay_text(render, make_ranking):
    page = render(ranking_table(make_ranking({"factor": "[red]x", "direction": "[bold]up[/]"}, note="[dim]so[/]")))
    assert page.count("[red]x") == 2
    assert "[bold]up[/]" in page
    assert "[dim]so[/]" in page
    assert "\x1b" not in page
