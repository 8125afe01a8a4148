import numpy as np
import pandas as pd

from gradstudy.report.terminal.study.ranking_table import level_lines


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
