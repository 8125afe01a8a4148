"""A search that is damaged, doubled or lost goes on as if nothing had happened, from the trials that are stored."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import optuna
import pytest
from optuna.storages import RDBStorage
from support.hunted import FACTORS, Stopped, driven, made, option, stored_trials

from gradstudy.errors import InputError
from gradstudy.locking.hold import Hold
from gradstudy.search import storage as module
from gradstudy.search.base import Kept
from gradstudy.search.opening import open_search
from gradstudy.search.screen.screen import LAUNCHED
from gradstudy.search.storage import JOURNAL, claim, open_storage, scratch_storage

ONE = {"objective": ["vanishing"]}
WAYS = {
    "screen": option("screen"),
    "tpe, median": option("tpe", batch=3, pruner="median", **ONE),
    "screen_then_hunt": option("screen_then_hunt", batch=3, hunt="random"),
}
BUDGET = 8
each_way = pytest.mark.parametrize("name", WAYS)


def search(name, trials=BUDGET):
    return made(WAYS[name], FACTORS, trials=trials)


def opens(said, blocks=(), database=None):
    """How the driver opens a search, and to whom it says what was made anew."""

    def opened(search, folder, stored=()):
        levels = {number: stored[number][0].levels for number in stored}
        open_search(search, database, folder / "study", Kept(levels, blocks, said.append))
        return search

    return opened


def drive(name, folder, said, budget=BUDGET, **launch):
    (folder / "study").mkdir(exist_ok=True)
    opened = opens(said, launch.pop("blocks", ()), launch.pop("database", None))
    return driven(search(name, budget), folder, budget, opens=opened, **launch)


@cache
def undisturbed(name, budget=BUDGET):
    with TemporaryDirectory() as folder:
        return drive(name, Path(folder), [], budget), stored_trials(Path(folder) / "study")


def stopped(name, folder, after):
    """What is stored when a driver has gone after so many trials."""
    stored, said = {}, []
    with pytest.raises(Stopped):
        drive(name, folder, said, stored=stored, stop_after=after)
    assert not said
    return stored


def assert_goes_on(name, folder, said, **launch):
    """With the trials of the undisturbed search; what Optuna holds beside their levels is for its dashboard only."""
    whole, kept = undisturbed(name)
    found = drive(name, folder, said, **launch)
    assert repr(sorted(found.items())) == repr(sorted(whole.items()))
    held = stored_trials(folder / "study", launch.get("database"))
    assert levels_of({key: trials for key, trials in held.items() if "damaged" not in key}) == levels_of(kept)


def levels_of(held):
    return {key: [(number, levels) for number, levels, *_ in trials] for key, trials in held.items()}


@each_way
@pytest.mark.parametrize("damage", ["null\n", "[1]\n", "no JSON\n", "\x00\n"])
def test_a_damaged_line_anywhere_costs_no_trial_and_changes_none(tmp_path, name, damage):
    stored = stopped(name, tmp_path, 6)
    journal, said = tmp_path / "study" / JOURNAL, []
    lines = journal.read_text().splitlines(keepends=True)
    middle = len(lines) // 2
    journal.write_text("".join([*lines[:middle], damage, *lines[middle:]]))
    assert_goes_on(name, tmp_path, said, stored=stored)
    assert ["damaged-1" in words for words in said] == [True]


@each_way
def test_any_line_that_is_gone_costs_no_trial_and_changes_none(tmp_path, name):
    """Some leave a journal that Optuna reads, with other trials than there were."""
    stored = stopped(name, tmp_path, 6)
    lines = (tmp_path / "study" / JOURNAL).read_text().splitlines(keepends=True)
    for gone in range(0, len(lines), 2):
        folder = tmp_path / str(gone)
        (folder / "study").mkdir(parents=True)
        (folder / "study" / JOURNAL).write_text("".join([*lines[:gone], *lines[gone + 1 :]]))
        assert_goes_on(name, folder, [], stored=dict(stored), blocks=[BUDGET] if name == "screen" else ())


@each_way
@pytest.mark.parametrize("known", ["all", "some", "none"])
def test_trials_that_two_drivers_doubled_are_asked_once_again_and_the_old_search_is_kept(tmp_path, name, known):
    """Both added every trial, one after the other, so that from the second on numbers have the levels of others."""
    whole, kept = undisturbed(name)
    url, said = f"sqlite:///{tmp_path}/trials.db", []
    database = open_storage(url, tmp_path) if (name, known) == ("screen", "some") else scratch_storage()
    with TemporaryDirectory() as folder:
        drive(name, Path(folder), [])
        journal = open_storage("", Path(folder) / "study")
        for each in kept:
            right = optuna.load_study(study_name=each, storage=journal)
            doubled = optuna.create_study(storage=database, study_name=each, directions=right.directions)
            for attribute, value in right.user_attrs.items():
                doubled.set_user_attr(attribute, value)
            doubled.add_trials([trial for trial in right.trials for _ in range(2)])
    numbers = {"all": range(BUDGET), "some": range(0, 6), "none": ()}[known]
    stored = {number: whole[number] for number in numbers}
    assert_goes_on(name, tmp_path, said, stored=stored, database=database)
    assert any("made anew from the stored trials, and what it was is kept as 'study-damaged-1'" in one for one in said)
    assert len(stored_trials(tmp_path, database)["study-damaged-1"]) == 2 * len(kept["study"])
    if isinstance(database, RDBStorage):
        database.engine.dispose()


def test_a_screen_that_grew_in_steps_is_made_anew_in_the_same_steps(tmp_path):
    (tmp_path / "study").mkdir()
    stored = drive("screen", tmp_path, [], budget=4)
    drive("screen", tmp_path, [], budget=8, stored=stored)
    larger = drive("screen", tmp_path, [], budget=12, stored=dict(stored))
    (tmp_path / "study" / JOURNAL).unlink()
    assert drive("screen", tmp_path, [], budget=12, stored=stored, blocks=[4, 4]) == larger


def test_a_screen_of_which_nobody_knows_how_it_grew_is_not_mixed_with_another(tmp_path):
    stored = drive("screen", tmp_path, [], budget=4)
    drive("screen", tmp_path, [], budget=8, stored=stored)
    (tmp_path / "study" / JOURNAL).unlink()
    with pytest.raises(InputError, match=r"Trial 0 is stored, and would now be asked .*budgets of that time"):
        drive("screen", tmp_path, [], budget=12, stored=dict(stored))
    assert drive("screen", tmp_path, [], budget=8, stored=dict(stored)) == stored


def test_a_journal_of_another_study_is_no_journal_of_this_one(tmp_path):
    drive("tpe, median", tmp_path, [])
    said = []
    assert_goes_on("screen", tmp_path, said)
    assert "it holds other trials than this study's" in said[0]


def test_a_database_is_held_by_one_driver_and_its_table_is_empty_behind_it(tmp_path):
    first, second = (open_storage(f"sqlite:///{tmp_path}/trials.db", tmp_path) for _ in range(2))
    with Hold() as mine, Hold() as yours:
        claim(first, "study", mine)
        claim(second, "another study", yours)
        with pytest.raises(InputError, match=r"trials\.db is being run by process"), Hold() as other:
            claim(second, "study", other)
    with Hold() as again:
        claim(second, "study", again)
    assert not module.DatabaseBoard(first.engine, "study", "").claims()
    for storage in (first, second):
        storage.engine.dispose()


def test_the_search_of_a_screen_says_how_it_grew(tmp_path):
    drive("screen", tmp_path, [], budget=4)
    study = optuna.load_study(study_name="study", storage=open_storage("", tmp_path / "study"))
    assert study.user_attrs[LAUNCHED] == [4]
