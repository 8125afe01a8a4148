"""A launch before it runs: what makes it the same study."""

from gradstudy.configs.composition import Composer, hydra_ready
from gradstudy.preparation import fingerprint_of, search_identity

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
        return fingerprint_of(Composer([*TABLE, *overrides]))


def test_a_study_on_a_file_is_another_study_once_the_file_has_changed(workplace):
    rows = workplace / "rows.csv"
    rows.write_text("x,y\n" + "".join(f"{i},{i % 7 / 2}\n" for i in range(50)))
    before = fingerprint()
    assert fingerprint() == before
    assert fingerprint("budget.trials=8") == before
    assert fingerprint("task.scale=2") != before
    rows.write_text(rows.read_text() + "51,0.5\n")
    assert fingerprint() != before


def test_a_screen_is_told_apart_by_its_name_alone_as_it_was_before_there_were_hunts():
    """Whatever else went into it would make all stored studies others."""
    with hydra_ready():
        composer = Composer(["+study=rnn_clip"])
    assert composer.launch.search.identity(64) == "Screen"
    assert search_identity(composer.launch) == "Screen"
