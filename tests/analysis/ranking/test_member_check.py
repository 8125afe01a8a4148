import numpy as np
import pandas as pd
import pytest

from gradstudy.analysis.ranking.trial_outcomes import check_members
from gradstudy.errors import InputError
from gradstudy.records import Factor

FACTORS = [Factor("act", ("tanh", "relu")), Factor("lr", low=0.001, high=0.1, log=True)]


@pytest.fixture
def members():
    return pd.DataFrame(
        {
            "trial": np.repeat(np.arange(4), 2),
            "seed": np.tile([0, 1], 4),
            "act": np.repeat(["tanh", "relu"], 4),
            "lr": np.repeat([0.001, 0.01, 0.1, np.nan], 2),
            "gain": np.arange(8.0),
            "verdict": "healthy",
            "first_bad_step": pd.array([pd.NA] * 8, dtype="Int64"),
        }
    )


@pytest.mark.parametrize(
    ("change", "response", "says"),
    [
        (lambda rows: rows, "explodng", "Did you mean 'exploding'"),
        (lambda rows: rows, "time_to_divergense", "Did you mean 'time_to_divergence'"),
        (lambda rows: rows.head(0), "gain", "got none: run the study first"),
        (lambda rows: rows.drop(columns="lr"), "gain", r"needs the columns \['lr'\]"),
        (lambda rows: rows.drop(columns="first_bad_step"), "time_to_divergence", r"columns \['first_bad_step'\]"),
        (lambda rows: rows.assign(gain=np.inf), "gain", "must be finite"),
        (
            lambda rows: rows.assign(lr=rows["lr"] * 3),
            "gain",
            "from 0.001 to 0.1.* but a trial has 0.3.* another space",
        ),
        (lambda rows: rows.assign(lr=-1.0), "gain", "but a trial has -1"),
        (lambda rows: rows.assign(lr="fast"), "gain", "lr must be a number .* but a trial has fast"),
        (lambda rows: pd.concat([rows, rows]), "gain", "trial 0 has seed 0 twice"),
        (lambda rows: rows.assign(trial=rows["seed"], seed=rows["trial"]), "gain", "its seeds differ in act, lr"),
    ],
)
def test_what_is_no_measured_screen_of_these_factors_is_refused_in_a_sentence(members, change, response, says):
    with pytest.raises(InputError, match=says):
        check_members(change(members), FACTORS, response)


@pytest.mark.parametrize("response", ["gain", "time_to_divergence"])
def test_a_screen_passes_with_its_ends_inactive_factors_and_the_rounding_of_storage(members, response):
    check_members(members, FACTORS, response)
    check_members(members.assign(lr=members["lr"] * (1 + 1e-12)), FACTORS, response)
    check_members(members.assign(lr=members["lr"].astype(str).where(members["lr"].notna())), FACTORS, response)
