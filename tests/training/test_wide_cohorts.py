"""Parity in cohorts wider than a vector register, where kernels over members themselves have a tail."""

import pytest
from support.cohorts import cohort, parts
from support.parity import assert_parity

from gradstudy.factors import lr, optimizer, regularization
from gradstudy.factors.model.mlp import Mlp

COUNT = 33
VARIED = {
    "rate": lambda m: {"lr": lr.Constant(0.01 + m / 100)},
    "betas": lambda m: {"optimizer": optimizer.Adam(betas=[0.8 + m / 400, 0.99 + m / 4000])},
    "schedule": lambda m: {"lr": lr.OneCycle(0.1, pct_start=m / 40)},
    "dropout": lambda m: {"regularization": regularization.Dropout(dropout=m / 40)},
    "bound": lambda m: {"regularization": regularization.MaxNorm(max_norm=0.1 + m / 20)},
}


@pytest.mark.parametrize("varied", VARIED)
def test_each_of_33_members_is_the_same_alone(varied):
    """In float64, where nothing is rounded away before it is compared."""
    trials = [parts(model=Mlp(width=7, depth=2)) | VARIED[varied](m) for m in range(COUNT)]
    whole = cohort(*trials, seeds=1, steps=6, dtype="float64", keep_weights=True)
    assert_parity(whole, *([m] for m in range(0, COUNT, 4)), [20, 3, 32], list(range(COUNT))[::-1])
