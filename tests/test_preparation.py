"""A launch before it runs: what makes it the same study."""

import pytest

from gradstudy.configs.composition import Composer, hydra_ready
from gradstudy.preparation import fingerprint_of

TABLE = [
    "name=mine",
    "model=mlp",
    "task=table",
    "task.path=rows.csv",
    "task.target=y",
    "+space.lr.value=interval(0.1,1)",
]


def fingerprint(*overrides):
    with hydra_ready():
        return fingerprint_of(Composer(overrides))


def test_a_study_on_a_file_is_another_study_once_the_file_has_changed(workplace):
    rows = workplace / "rows.csv"
    rows.write_text("x,y\n" + "".join(f"{i},{i % 7 / 2}\n" for i in range(50)))
    before = fingerprint(*TABLE)
    assert fingerprint(*TABLE) == before
    assert fingerprint(*TABLE, "budget.trials=8") == before
    assert fingerprint(*TABLE, "task.scale=2") != before
    rows.write_text(rows.read_text() + "51,0.5\n")
    assert fingerprint(*TABLE) != before


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ([], "b7739a3d"),
        (["search=tpe"], "20d53f52"),
        (["search=screen_then_hunt", "budget.steps=9", "seed=3"], "12dc129f"),
        (["space.activation=choice(relu,tanh)", "record=[jacobian]"], "492a8e4c"),
    ],
)
def test_studies_keep_the_fingerprints_under_which_they_were_stored(overrides, expected):
    assert fingerprint("+study=rnn_clip", *overrides) == expected
