from itertools import product

import numpy as np
import pandas as pd

from gradstudy.analysis.responses.outcomes import enough_budget, trial_verdicts, well
from gradstudy.records import VERDICTS, trial_verdict

MEMBERS = pd.DataFrame(
    {
        "trial": [0, 1, 1, 2, 2],
        "verdict": ["healthy", "healthy", "healthy", "vanishing", "diverged"],
        "outcome": ["learned", "stuck", "untrained", "learned", "stuck"],
    }
)


def test_who_is_stuck_where_others_learned_does_not_do_well():
    assert enough_budget(MEMBERS)
    assert well(MEMBERS).tolist() == [True, False, True, False, False]


def test_a_budget_that_was_too_short_for_anybody_is_held_against_none():
    nobody = MEMBERS.replace({"outcome": {"learned": "stuck"}})
    assert not enough_budget(nobody)
    assert well(nobody).tolist() == [True, True, True, False, False]


def test_one_lucky_seed_is_no_evidence_that_the_budget_is_enough():
    lucky = MEMBERS.assign(trial=[0, 0, 1, 2, 2])
    assert not enough_budget(lucky)
    assert well(lucky).tolist() == [True, True, True, False, False]


def test_members_of_a_study_that_measured_no_outcome_do_well_by_their_gradients():
    assert well(MEMBERS.assign(outcome="untrained")).tolist() == [True, True, True, False, False]
    assert well(MEMBERS.iloc[:0]).empty


def test_the_verdicts_of_many_trials_are_those_of_each():
    every = list(product(VERDICTS, repeat=3))
    members = pd.DataFrame({"trial": np.repeat(np.arange(len(every)), 3)[::-1], "verdict": np.ravel(every)[::-1]})
    assert trial_verdicts(members).to_dict() == {number: trial_verdict(own) for number, own in enumerate(every)}
