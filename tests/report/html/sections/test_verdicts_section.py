"""Verdicts counted, under other thresholds too, and when members diverged."""

import re

import pandas as pd
import pytest

from gradstudy.report.html.sections.verdicts_section import verdicts_section


def members_of(*verdicts, bad=None, tensor=None):
    """One member per verdict, two to a trial."""
    return pd.DataFrame(
        {
            "trial": [which // 2 for which in range(len(verdicts))],
            "seed": [which % 2 for which in range(len(verdicts))],
            "phase": "screen",
            "verdict": verdicts,
            "vanishing": [4.0 if verdict == "vanishing" else 0.0 for verdict in verdicts],
            "exploding": [{"exploding": 4.0, "diverged": 10.0}.get(verdict, 0.0) for verdict in verdicts],
            "first_bad_step": bad or [None] * len(verdicts),
            "first_bad_tensor": tensor or [None] * len(verdicts),
        }
    )


def words(fragment):
    return " ".join(re.sub(r"<[^>]*>", " ", str(fragment)).split())


@pytest.fixture
def section(make_findings):
    return lambda members: str(verdicts_section(make_findings(members)))


def test_counts_and_per_cents_are_those_of_the_members(section):
    found = words(section(members_of("healthy", "healthy", "vanishing", "exploding")))
    assert "Of 4 members: healthy 2 (50 %) vanishing 1 (25 %) exploding 1 (25 %) diverged 0 (0 %)" in found
    assert "Of 2 trials, 1 is healthy on every seed, and 1 does well on no seed." in found


def test_nothing_is_said_of_divergence_where_nothing_diverged(section):
    assert "diverged, half of them" not in words(section(members_of("healthy", "vanishing")))


def test_divergence_is_told_with_its_steps_and_what_went_first(section):
    members = members_of(
        "diverged", "diverged", "diverged", "healthy", bad=[3, 5, 100, None], tensor=["loss", "a<b>", "loss", None]
    )
    found = section(members)
    assert (
        "3 members of 2 trials diverged, half of them by step 5 (the first at step 3, the last at step 100). "
        "What was inf or nan first: loss (2), a&lt;b&gt; (1)." in words(found)
    )
    assert "a<b>" not in found


def test_beyond_five_tensors_the_others_are_counted_together(section):
    names = [f"layer_{which}" for which in range(7)]
    found = words(section(members_of(*["diverged"] * 7, bad=[1] * 7, tensor=names)))
    assert "layer_4 (1), another (2)." in found


def test_the_table_has_a_row_per_threshold_whose_counts_add_up_and_marks_the_current_ones(section, tables):
    members = members_of("healthy", "vanishing", "exploding", "diverged", bad=[None, None, None, 1])
    (heading, *rows) = tables(section(members))[0]
    assert heading[1:5] == ["neither", "vanishing", "exploding", "diverged"]
    assert all(sum(map(int, row[1:5])) == 4 for row in rows)
    assert [row[0] for row in rows if row[0].endswith("(now)")] == ["vanishing from 3 (now)", "exploding from 2 (now)"]
    assert next(row for row in rows if row[0] == "vanishing from 5")[1:5] == ["2", "0", "1", "1"]
