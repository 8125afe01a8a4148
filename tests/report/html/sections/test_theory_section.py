"""Theory beside measurement: where every trial stands, and what is said where there is nothing to draw."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from gradstudy.analysis.theory.agreement import agreement
from gradstudy.report.html.sections.theory_section import theory_section
from gradstudy.series import CEILING, FLOOR


def members_of(*trials):
    """(predicted, measured gain of each seed) per trial."""
    rows = [
        {"trial": trial, "seed": seed, "gain_init": gain, "gain_init_theory": predicted, "verdict": "healthy"}
        for trial, (predicted, *gains) in enumerate(trials)
        for seed, gain in enumerate(gains)
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def section(make_study, findings):
    return lambda *trials: str(
        theory_section(make_study(findings.run.members, responses=(), theory=agreement(members_of(*trials))))
    )


def strokes(section, kind):
    """Where the points of one kind stand: per thousand from the left, and from below."""
    path = re.search(rf'<path class="{kind}" d="([^"]*)"', section)[1]
    return [(int(x), 1000 - int(y)) for x, y in re.findall(r"M(-?\d+) (-?\d+)", path)]


def test_a_trial_that_theory_predicts_exactly_stands_on_the_diagonal(section):
    points = strokes(section((-8.0, -8.0), (0.0, 0.0), (-4.0, -4.0)), "trial")
    assert all(x == pytest.approx(y, abs=1) for x, y in points)
    assert points[2][0] == pytest.approx((points[0][0] + points[1][0]) / 2, abs=1)


def test_a_trial_above_what_theory_says_stands_above_the_diagonal(section):
    (x, y), *_ = strokes(section((-6.0, -4.0), (0.0, 0.0)), "trial")
    assert y > x + 100


def test_a_bar_reaches_from_the_lowest_seed_to_the_highest(section):
    found = section((-6.0, -7.0, -3.0), (0.0, 0.0, 0.0))
    low, high = map(int, re.search(r'<path class="seeds" d="M\d+ (\d+)V(\d+)"', found).groups())
    middle = strokes(found, "trial")[0][1]
    assert 1000 - low < middle < 1000 - high
    assert middle == pytest.approx(1000 - (low + high) / 2, abs=1)


def test_what_has_no_size_is_a_cross_at_the_edge_and_squeezes_nothing(section):
    found = section((-6.0, -6.0), (0.0, 0.0), (-3.0, FLOOR), (CEILING, CEILING))
    assert strokes(found, "trial")[0][0] < 100
    crosses = strokes(found, "cross")
    assert len(crosses) == 2
    assert crosses[0][1] < 20
    assert min(crosses[1]) > 980 - 20
    assert "drawn at the edge" in found
    assert "drawn at the edge" not in section((-6.0, -6.0), (0.0, 0.0))


def test_every_trial_is_told_and_the_furthest_from_theory_in_words(section):
    found = section((-6.0, -6.5), (0.0, 2.0), (-1.0, -1.0))
    told = json.loads(re.search(r'id="told-theory">(.*?)</script>', found)[1])
    assert told["0"] == "predicted -6.00, measured -6.50"
    assert len(told) == 3
    assert "Furthest from it is trial 1: predicted 0.00, measured 2.00." in found
    assert "Theory predicts gain_init for 3 of 3 trials" in found


def test_a_study_of_which_theory_says_nothing_says_why(make_study, findings):
    found = str(theory_section(make_study(findings.run.members, responses=(), theory=None)))
    assert "says nothing about any trial" in found
    assert "<svg" not in found


def test_where_no_trial_has_a_size_there_is_still_a_page(section):
    found = section((-3.0, FLOOR), (-2.0, FLOOR))
    assert len(strokes(found, "cross")) == 2
    assert not strokes(found, "trial")
    assert not re.search(r"\bnan\b", found)


def test_numbers_are_not_numpy_words(section):
    assert "np." not in section((np.float64(-6.0), np.float64(-6.0)), (0.0, 1.0))
