import numpy as np
import pytest
from support.made_records import made_record

from gradstudy.analysis.responses.member_row import member_row
from gradstudy.analysis.settings import Analysis
from gradstudy.response import RESPONSES

SETTINGS = Analysis()


def verdict(gains, *, growth=0.0, bad=None):
    """Of a network with these gains [step] and a norm that grew by so many decades [step]."""
    signal = np.stack([10.0 ** np.array(gains, float), np.ones(len(gains))], axis=1)
    norms = 10.0 ** (np.zeros(len(gains)) + growth)
    return member_row(made_record(signal, norms=norms, first_bad_step=bad), SETTINGS)["verdict"]


@pytest.mark.parametrize(
    ("gains", "growth", "expected"),
    [
        ([-2.9] * 20, 0.0, "healthy"),
        ([-3.1] * 20, 0.0, "vanishing"),
        ([2.1] * 20, 0.0, "exploding"),
        ([4.0, *[-6.0] * 19], 0.0, "exploding"),
        ([-6.0] * 20, np.eye(20)[15] * 5.0, "vanishing"),
        ([0.0] * 8 + [-6.0] * 12, np.eye(20)[5] * 2.5, "exploding"),
    ],
    ids=["neither", "lost", "gained", "chaotic at first, then saturated", "vanished, then a cliff", "a cliff first"],
)
def test_the_verdict_is_what_came_first_of_what_meets_its_threshold(gains, growth, expected):
    assert verdict(gains, growth=growth) == expected


def test_a_member_that_is_not_finite_any_more_has_diverged_whatever_it_did_before():
    assert verdict([-9.0, -9.0], bad=1) == "diverged"


def outcome(loss, *, baseline=2.0, bad=None, settings=SETTINGS):
    record = made_record([[1.0, 1.0]] * len(loss), loss=loss, baseline=baseline, first_bad_step=bad)
    return member_row(record, settings)["outcome"]


@pytest.mark.parametrize(
    ("loss", "bad", "expected"),
    [
        ([2.0, 1.7], None, "learned"),
        ([38.0, 1.9], None, "stuck"),
        ([2.0, 0.1, np.nan], 2, "stuck"),
        ([np.inf], 0, "stuck"),
        ([2.0], None, "untrained"),
    ],
    ids=["learned", "from far above to the baseline", "diverged", "diverged at once", "never trained"],
)
def test_an_outcome_says_whether_the_loss_left_the_baseline(loss, bad, expected):
    assert outcome(loss, bad=bad) == expected


def test_nobody_is_stuck_at_a_task_without_a_baseline():
    assert outcome([2.0, 2.0], baseline=None) == "untrained"


def test_the_outcome_is_a_matter_of_its_threshold():
    assert outcome([2.0, 1.7], settings=Analysis(learned=0.2)) == "stuck"


def test_a_member_row_holds_identity_responses_verdict_outcome_and_the_bad_step():
    row = member_row(made_record([[1e-4, 1.0], [np.inf, 1.0]], first_bad_step=1), SETTINGS)
    assert tuple(row) == ("trial", "seed", *RESPONSES, "verdict", "outcome", "first_bad_step", "first_bad_tensor")
    assert (row["trial"], row["seed"], row["verdict"], row["first_bad_step"]) == (3, 1, "diverged", 1)
