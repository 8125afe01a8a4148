"""How an answer's signal fades, as a table in 80 columns."""

import numpy as np
from support.made_records import made_record

from gradstudy.analysis.theory.prediction import Prediction
from gradstudy.report.terminal.trial.fading_table import fading_table


def faded(*rates, length=120, quantities=("signal_by_distance",)):
    """A member that loses so many decades per time step, at its first look and at its last."""
    back = np.arange(1, length)
    shares = {f"distance_{d:03d}": [10.0 ** (-rate * d) for rate in rates] for d in back}
    return made_record(np.ones((5, length)), looks=(0, 3), seen=dict.fromkeys(quantities, shares))


def rows(page):
    return [line.split() for line in page.splitlines()]


def test_distances_are_spread_over_decades_and_theory_stands_below_what_it_says(render):
    theory = Prediction(np.arange(-119.0, 1.0), np.ones(120))
    found = rows(render(fading_table([faded(1.0, 0.5)], theory)))
    assert found[0] == ["steps", "before", "an", "answer", "1", "2", "5", "11", "24", "54", "119"]
    assert found[2] == ["step", "0", "-1.00", "-2.00", "-5.00", "-11.00", "-24.00", "-54.00", "-119.00"]
    assert found[3] == ["theory", *found[2][2:]]
    assert found[4] == ["step", "3", "-0.50", "-1.00", "-2.50", "-5.50", "-12.00", "-27.00", "-59.50"]


def test_the_states_of_a_gated_network_have_rows_of_their_own_within_80_columns(render):
    both = ("signal_by_distance", "cell_signal_by_distance")
    page = render(fading_table([faded(2.0, 2.0, quantities=both)], None))
    assert [" ".join(line[:4]) for line in rows(page)[2:6]] == [
        f"step {step}, {state} state" for state in ("hidden", "cell") for step in (0, 3)
    ]
    assert max(map(len, page.splitlines())) <= 80


def test_of_two_time_steps_there_is_one_distance(render):
    found = rows(render(fading_table([faded(1.0, 0.0, length=2)], None)))
    assert found[0] == ["steps", "before", "an", "answer", "1"]


def test_elsewhere_there_is_no_such_table():
    assert fading_table([made_record(np.ones((2, 3)))], None) is None
