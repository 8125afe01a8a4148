"""Two truths that scrambled Sobol columns hid: a null factor passed for a cause, and causes for none."""

import numpy as np
import pandas as pd
import pytest

from gradstudy.analysis.ranking.ranking import rank
from gradstudy.analysis.space.coordinates import encode
from gradstudy.conclusions import EVIDENCE, NO_EFFECT
from gradstudy.records import DUMMY, LEARNED, Factor
from gradstudy.search.screen.design import design

MANY = (
    Factor("lr", low=1e-4, high=1e-1, log=True),
    Factor("residual", levels=("none", "additive")),
    Factor("init.gain", low=0.5, high=2),
    Factor("normalization", levels=("none", "layer", "batch")),
    Factor("batch", low=8, high=256, log=True, integer=True),
    Factor("activation", levels=("tanh", "relu", "sigmoid", "gelu")),
    Factor("clip", levels=("none", "norm")),
    Factor("dropout", low=0, high=0.5),
    DUMMY,
)
FEW = (
    Factor("a"),
    Factor("b"),
    Factor("c", levels=("p", "q", "r")),
    Factor("n1", low=1e-5, high=1e-2, log=True),
    Factor("n2", levels=("a", "b", "c")),
    Factor("n3", low=1, high=9, integer=True),
    DUMMY,
)


def verdicts(factors, count, seed, response, noise):
    """A ranking's table, by factor, of a screen whose response is this function of the coded columns by name."""
    random, trials = np.random.default_rng([count, seed, 5]), pd.DataFrame(design(factors, [count], seed))
    columns = dict(zip([factor.name for factor in factors], encode(trials, factors).T, strict=True))
    values = response(columns)[:, None] + random.normal(0, noise, (count, 3))
    members = trials.assign(trial=np.arange(count)).loc[np.repeat(np.arange(count), 3)].reset_index(drop=True)
    members = members.assign(
        seed=np.tile(np.arange(3), count), verdict="healthy", outcome=LEARNED, first_bad_step=np.nan
    )
    return rank(members.assign(gain=values.ravel()), factors, "gain", seed=seed).table.set_index("factor")


@pytest.mark.slow
def test_a_factor_that_does_nothing_is_no_evidence_beside_the_product_of_two_others():
    """y = lr x clip of 256 trials: dropout was evidence in 6 of 6 such studies, and in none of shuffled columns."""
    found = verdicts(MANY, 256, 0, lambda x: (x["lr"] - 0.5) * 12**0.5 * (1 - 2 * x["clip"]), 0.3)
    assert set(found.index[found["verdict"] == EVIDENCE]) == {"lr", "clip"}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1003, 1007])
def test_causes_that_act_only_together_are_found(seed):
    """True total-effect shares are .98, .98 and .02; at seed 1007 the two were given .01 and .00."""

    def response(x):
        return 1.5 * np.sign((x["a"] - 0.5) * (x["b"] - 0.5)) + np.where(x["c"] == 1, 0.5, 0.0)

    found = verdicts(FEW, 128, seed, response, 0.5)
    assert (found.loc[["a", "b"], "share"] > 0.85).all()
    assert (found.loc[["a", "b"], "verdict"] == EVIDENCE).all()
    assert NO_EFFECT not in set(found.loc[["a", "b", "c"], "verdict"])
    assert not (found.loc[["n1", "n2", "n3"], "verdict"] == EVIDENCE).any()
