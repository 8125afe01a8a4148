"""A launch before it runs: what makes it the same study."""

import pandas as pd
import pytest
from support.made_trials import make_info

from gradstudy.configs.composition import Composer, hydra_ready
from gradstudy.preparation import fingerprint_of, prepare
from gradstudy.records import StudyInfo

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


def test_a_launch_knows_what_each_of_its_trials_read_and_a_study_without_own_data_nothing(workplace):
    pd.DataFrame({"x": [i * 3 % 50 / 7 for i in range(50)], "y": [i % 7 / 2 for i in range(50)]}).to_csv("rows.csv")
    windows = [*TABLE, "+space.task.window=choice(2,4)", "budget.trials=4", "budget.seeds=1", "execution=inline"]
    with hydra_ready():
        data = prepare(windows, "").info.data
        nothing = prepare(["+study=rnn_clip", "budget.trials=4", "execution=inline"], "").info.data
    assert nothing == {}
    assert data["inputs"] == "1 number (x)"
    assert data["left out"].startswith("'Unnamed: 0' (without a name, as an index is written)")
    assert {"of 2 rows", "of 4 rows"} == {
        words.partition(",")[0] for words in data["windows"].split("in other trials ")
    }


def test_what_an_older_study_read_is_not_known():
    stored = make_info("older").to_json()
    del stored["data"]
    assert StudyInfo.from_json(stored).data == {}


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ([], "32f488a8"),
        (["search=tpe", "search.batch=32"], "cc0b9e58"),
        (["search=screen_then_hunt", "search.batch=32", "budget.steps=9", "seed=3"], "7baf289a"),
        (["space.activation=choice(relu,tanh)", "record=[jacobian]"], "31867caa"),
    ],
)
def test_studies_keep_the_fingerprints_under_which_they_were_stored(overrides, expected):
    assert fingerprint("+study=rnn_clip", *overrides) == expected
