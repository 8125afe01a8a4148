"""G53 and G55 end to end: the factorial as a study that is run, stored, read back and ranked.

What the ranking must say is known: `test_factorial` has the shares from theory and from a table of all cells.
"""

from itertools import product

import pytest

import gradstudy
from gradstudy.records import DUMMY

LEVELS = {
    "model.depth": [4, 8, 16, 32],
    "activation": ["identity", "relu", "tanh", "sigmoid"],
    "init": ["default", "xavier_normal", "kaiming_normal"],
    "normalization": ["none", "layer", "batch"],
}
TOTALS = {"activation": 0.601, "normalization": 0.469, "model.depth": 0.416, "init": 0.130}
PAIRS = {
    frozenset(["model.depth", "activation"]): 0.147,
    frozenset(["activation", "normalization"]): 0.105,
    frozenset(["model.depth", "normalization"]): 0.081,
    frozenset(["init", "normalization"]): 0.053,
}
NULLS = ["lr.value", "optimizer", "clipping"]
"""What acts once the first gradient was taken."""


@pytest.fixture
def factorial(workplace):
    """Run and stored; what is asserted is read back."""
    gradstudy.run_study(["+study=untrained_mlp", "device=cpu", "execution=inline"])
    return gradstudy.load_study("untrained_mlp")


def test_the_factorial_is_run_stored_read_back_and_ranked_as_theory_has_it(factorial):
    cells = factorial.members[list(LEVELS)].itertuples(index=False, name=None)
    assert sorted(cells) == sorted(product(*LEVELS.values())), "every cell exactly once"

    ranking = factorial.rank("gain_init")
    table = ranking.table.set_index("factor")
    assert table["share"][list(TOTALS)].to_dict() == pytest.approx(TOTALS, abs=0.03)
    assert list(table.index) == [*TOTALS, DUMMY.name]
    assert table["evidence"].to_dict() == {**dict.fromkeys(TOTALS, True), DUMMY.name: False}
    assert table["share"][DUMMY.name] < 0.01
    strongest = ranking.interactions.head(len(PAIRS))
    found = {frozenset([row.factor_a, row.factor_b]): row.share for row in strongest.itertuples()}
    assert found == pytest.approx(PAIRS, abs=0.03)


def test_null_factors_beside_the_factorial_stay_at_the_noise_floor(workplace):
    """Every combination of activation, init and norm twice, in narrow networks that take one step each."""
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
    assert not table["evidence"][NULLS].any()
    assert (table["share"][NULLS] <= max(ranking.noise_floor, 0.01)).all()
    assert table["share"][["activation", "init", "normalization"]].min() > 0.05
