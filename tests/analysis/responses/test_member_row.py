import numpy as np
import pytest
from support.made_records import made_record

from gradstudy.analysis.responses.member_row import member_row, verdict
from gradstudy.analysis.settings import Analysis
from gradstudy.response import RESPONSES

SETTINGS = Analysis()


@pytest.mark.parametrize(
    ("vanishing", "exploding", "diverged", "expected"),
    [
        (2.9, 1.9, False, "healthy"),
        (3.0, 0.0, False, "vanishing"),
        (0.0, 2.0, False, "exploding"),
        (5.0, 4.0, False, "vanishing"),
        (4.0, 5.0, False, "exploding"),
        (9.0, 10.0, True, "diverged"),
    ],
)
def test_the_verdict_is_the_larger_response_that_meets_its_threshold(vanishing, exploding, diverged, expected):
    assert verdict({"vanishing": vanishing, "exploding": exploding}, diverged, SETTINGS) == expected


def test_a_member_row_holds_identity_responses_verdict_and_the_bad_step():
    row = member_row(made_record([[1e-4, 1.0], [np.inf, 1.0]], first_bad_step=1), SETTINGS)
    assert tuple(row) == ("trial", "seed", *RESPONSES, "verdict", "first_bad_step", "first_bad_tensor")
    assert (row["trial"], row["seed"], row["verdict"], row["first_bad_step"]) == (3, 1, "diverged", 1)
