"""G53 to G55: the full factorial with an analytic answer, against the networks of a study, and against its ranking."""

from contextlib import chdir
from dataclasses import dataclass
from itertools import product

import numpy as np
import pytest
from support.factorial import (
    CELLS,
    CLASSES,
    DECADES_PER_LAYER,
    LEVELS,
    PAIRS,
    SHAPE,
    SHARES,
    TOTALS,
    classes,
    shares,
    totals,
)

import gradstudy
from gradstudy.analysis.theory.agreement import MEASURED, PREDICTED
from gradstudy.records import DUMMY


@dataclass(frozen=True)
class Factorial:
    """y of all cells, [depth, activation, init, normalization], as measured and in theory."""

    measured: np.ndarray
    theory: np.ndarray


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The shipped study of all cells, stored and read back."""
    with chdir(tmp_path_factory.mktemp("factorial")):
        gradstudy.run_study(["+study=untrained_mlp", "device=cpu", "execution=inline"])
        return gradstudy.load_study("untrained_mlp")


@pytest.fixture(scope="module")
def factorial(study):
    rows = study.members.set_index([named(factor) for factor in LEVELS]).loc[CELLS]
    return Factorial(*(2 * rows[column].to_numpy().reshape(SHAPE) for column in (MEASURED, PREDICTED)))


def named(factor):
    """The key by which a study varies this factor."""
    return "model.depth" if factor == "depth" else factor


def finite_width(depth):
    """(bias, standard deviation) of y in networks of 256 units, at most: ln of the power varies by 5/n per layer."""
    variance = 5 * (depth - 1) / 256
    return variance / 2 / np.log(10), np.sqrt(variance) / np.log(10)


@pytest.mark.slow
def test_theory_explains_the_measured_gains(factorial):
    """The row: R^2 .99991, RMSE .078 decades. A single network strays by what its width allows."""
    error = factorial.measured - factorial.theory
    assert 1 - (error**2).mean() / factorial.measured.var() > 0.9995
    assert np.sqrt((error**2).mean()) < 0.1
    for depth, of_depth in zip(LEVELS["depth"], error, strict=True):
        bias, spread = finite_width(depth)
        assert abs(of_depth).max() < bias + 3 * spread


@pytest.mark.slow
def test_theory_tells_which_networks_vanish_and_explode(factorial):
    """All but where theory lies nearer to the threshold than the bias of finite width, which is in three cells.

    They are tanh behind batch norm at depth 32: 1.88 in theory, 2.006 (.01) as the mean of ten networks, so that
    which side a single one comes down on is chance.
    """
    assert [int((classes(factorial.theory) == which).sum()) for which in (-1, 0, 1)] == CLASSES
    biases = np.array([finite_width(depth)[0] for depth in LEVELS["depth"]]).reshape(-1, 1, 1, 1)
    clear = abs(abs(factorial.theory) - 2) > biases
    assert clear.sum() == 141
    assert (classes(factorial.measured) == classes(factorial.theory))[clear].all()


@pytest.mark.slow
@pytest.mark.parametrize("side", ["measured", "theory"])
def test_the_shares_and_slopes_are_those_of_the_row(factorial, side):
    y = getattr(factorial, side)
    found = shares(y)
    assert {some: found[some] for some in SHARES} == pytest.approx(SHARES, abs=0.02)
    assert totals(y) == pytest.approx(TOTALS, abs=0.02)
    np.testing.assert_allclose(y[-1] / 31, DECADES_PER_LAYER, atol=0.02)


def test_shares_of_an_additive_table_have_no_interactions():
    """y = a_i + b_j with variances 1 and 3."""
    y = (np.array([-1.0, 1.0])[:, None] + np.sqrt(3) * np.array([-1.0, 1.0]))[:, :, None, None]
    found = shares(y)
    assert found["depth",] == pytest.approx(0.25)
    assert found["activation",] == pytest.approx(0.75)
    assert sum(found.values()) == pytest.approx(1.0)
    assert totals(y) == pytest.approx({"depth": 0.25, "activation": 0.75, "init": 0.0, "normalization": 0.0})


@pytest.mark.slow
def test_the_factorial_is_run_stored_read_back_and_ranked_as_theory_has_it(study):
    cells = study.members[[named(factor) for factor in LEVELS]].itertuples(index=False, name=None)
    assert sorted(cells) == sorted(product(*LEVELS.values())), "every cell exactly once"

    ranking = study.rank("gain_init")
    table = ranking.table.set_index("factor")
    expected = {named(factor): total for factor, total in TOTALS.items()}
    assert table["share"][list(expected)].to_dict() == pytest.approx(expected, abs=0.03)
    assert list(table.index) == [*expected, DUMMY.name]
    assert table["evidence"].to_dict() == {**dict.fromkeys(expected, True), DUMMY.name: False}
    assert table["share"][DUMMY.name] < 0.01
    strongest = ranking.interactions.head(len(PAIRS))
    found = {frozenset([row.factor_a, row.factor_b]): row.share for row in strongest.itertuples()}
    assert found == pytest.approx({frozenset(map(named, pair)): share for pair, share in PAIRS.items()}, abs=0.03)


@pytest.mark.slow
def test_null_factors_beside_the_factorial_stay_at_the_noise_floor(workplace):
    """Every combination of activation, init and norm twice, in narrow networks that take one step each."""
    nulls = ["lr.value", "optimizer", "clipping"]  # they act once the first gradient was taken
    space = [
        "~space.model.depth",
        "model.depth=8",
        "+space.lr.value='tag(log,interval(1e-4,1))'",
        "+space.optimizer='choice(sgd,adam)'",
        "+space.clipping='choice(none,norm)'",
    ]
    small = ["model.width=48", "task.features=48", "task.outputs=48", "task.batch_size=32"]
    budget = ["budget.trials=72", "budget.steps=1", "device=cpu", "execution=inline"]
    study = gradstudy.run_study(["+study=untrained_mlp", "name=null_factors", *space, *small, *budget])

    ranking = study.rank("gain_init")
    table = ranking.table.set_index("factor")
    assert table["evidence"][["activation", "init", "normalization"]].all()
    assert not table["evidence"][nulls].any()
    assert (table["share"][nulls] <= max(ranking.noise_floor, 0.01)).all()
    assert table["share"][["activation", "init", "normalization"]].min() > 0.05
