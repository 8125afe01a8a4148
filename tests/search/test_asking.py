"""Ask and tell: the same trials come back, each once, whatever moment drivers are stopped at."""

import os
import subprocess
import sys
from itertools import count
from pathlib import Path

import optuna
import pytest
from optuna.storages.journal import JournalFileBackend

from gradstudy.errors import InputError
from gradstudy.records import DUMMY, Factor
from gradstudy.search.screen.design import design
from gradstudy.search.screen.screen import Screen
from gradstudy.search.search_space import SearchSpace
from gradstudy.search.storage import JOURNAL, open_storage, scratch_storage

FACTORS = (
    Factor("init.gain", low=0.5, high=2.0),
    Factor("clipping", ("none", "norm", "value")),
    Factor("clipping.max_norm", low=0.1, high=10.0, log=True),
    Factor("clipping.max_value", low=1e-3, high=1.0, log=True),
    Factor("model.width", low=8, high=64, log=True, integer=True),
    Factor("model.depth", (1, 2, 3)),
    Factor("residual.learnt", (True, False)),
    DUMMY,
)
GROUPS = ("clipping",)
ALWAYS = {"clipping", "init.gain", "model.width", "model.depth", "residual.learnt"}
OWN = {"none": set(), "norm": {"clipping.max_norm"}, "value": {"clipping.max_value"}}


@pytest.fixture(autouse=True)
def unsynced(monkeypatch):
    """Waiting for the disk guards against power cuts, which no test makes, and would take most of the time here."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


def active(choices):
    assert set(choices) == set(GROUPS)
    return ALWAYS | OWN[choices["clipping"]]


def make(factors=FACTORS, seed=3):
    return Screen().over(SearchSpace(factors, active, GROUPS), seed=seed, seeds=1, trials=0)


def opened(folder, **search):
    search = make(**search)
    search.open(open_storage("", folder), "study")
    return search


def ask(search, budget):
    (batch,) = search.batches(budget)
    assert {trial.phase for trial in batch} == {"screen"}
    return [(trial.number, trial.levels) for trial in batch]


def states(storage, name="study"):
    """Which trials are asked and not yet told, and which are told?"""
    return {trial.number: trial.state.name for trial in optuna.load_study(study_name=name, storage=storage).trials}


def measured(vanishing, exploding):
    """What is told of a trial of two seeds with these means."""
    return [{"seed": n, "vanishing": vanishing + n - 0.5, "exploding": exploding - n + 0.5} for n in range(2)]


def expected(blocks, seed=3):
    """The design, each row with what lives in it: written without Optuna."""
    living = lambda row: ALWAYS | OWN[row["clipping"]] | {DUMMY.name}  # noqa: E731
    return [
        (number, {name: level for name, level in row.items() if name in living(row)})
        for number, row in enumerate(design(FACTORS, blocks, seed))
    ]


def spelled(trials):
    """Levels with their types and order, which overrides depend on."""
    return repr(trials)


def test_trials_are_the_rows_of_the_design_with_what_lives_in_them(tmp_path):
    trials = ask(opened(tmp_path), 12)
    assert spelled(trials) == spelled(expected([12]))
    assert {frozenset(levels) & {"clipping.max_norm", "clipping.max_value"} for _, levels in trials} == {
        frozenset(own) for own in OWN.values()
    }
    assert all(DUMMY.name in levels for _, levels in trials)


def test_a_preview_is_what_a_new_study_will_ask_and_stores_nothing(workplace):
    (batch,) = make().preview(9)
    assert spelled([trial[:2] for trial in batch]) == spelled(expected([9]))
    assert list(workplace.iterdir()) == []


def test_a_launch_that_goes_on_gives_the_same_trials_again(tmp_path):
    first = opened(tmp_path)
    asked = ask(first, 10)
    for number in (0, 3, 9):
        first.tell(number, measured(0.5, number))
    assert spelled(ask(opened(tmp_path), 10)) == spelled(asked)
    assert states(open_storage("", tmp_path)) == {n: "COMPLETE" if n in (0, 3, 9) else "RUNNING" for n in range(10)}


def test_nothing_is_written_when_there_is_nothing_to_ask(tmp_path):
    ask(opened(tmp_path), 6)
    before = (tmp_path / JOURNAL).read_bytes()
    ask(opened(tmp_path), 6)
    assert (tmp_path / JOURNAL).read_bytes() == before


def test_a_larger_budget_adds_a_block_and_a_smaller_one_leaves_nothing_out(tmp_path):
    asked = ask(opened(tmp_path), 6)
    extended = ask(opened(tmp_path), 10)
    assert spelled(extended) == spelled(expected([6, 4]))
    assert spelled(extended[:6]) == spelled(asked)
    assert spelled(ask(opened(tmp_path), 2)) == spelled(extended)
    assert spelled(ask(opened(tmp_path), 11)) == spelled(expected([6, 4, 1]))


class Killed(BaseException):
    pass


def killed_at(write, torn, folder, budget):
    """Opens and asks, and dies at that write of the journal as a killed process does; False when it came through."""
    writes, append = count(), JournalFileBackend.append_logs

    def dying(self, logs):
        if next(writes) < write:
            return append(self, logs)
        with (folder / JOURNAL).open("ab") as journal:
            journal.write(b'{"op_code":5,"worker_id":"0b1' if torn else b"")
        (folder / f"{JOURNAL}.lock").symlink_to("gone")
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JournalFileBackend, "append_logs", dying)
        try:
            ask(opened(folder), budget)
        except Killed:
            return True
    return False


@pytest.mark.parametrize("torn", [True, False])
def test_a_driver_killed_at_any_write_loses_no_trial_and_doubles_none(tmp_path, torn):
    undisturbed = spelled(expected([2, 2]))
    for write in count():
        folder = tmp_path / str(write)
        folder.mkdir()
        came_through = not killed_at(write, torn, folder, 2)
        assert spelled(ask(opened(folder), 2)) == spelled(expected([2]))
        assert spelled(ask(opened(folder), 4)) == undisturbed
        if came_through:
            break
    assert write > 4 + 2 * 6  # the study's own attributes, then each trial and its levels


def test_a_driver_killed_while_extending_and_extended_again_keeps_every_row(tmp_path):
    for write in range(12):
        folder = tmp_path / str(write)
        folder.mkdir()
        ask(opened(folder), 2)
        assert killed_at(write, False, folder, 4)
        blocks = [2, 2, 3] if write > 0 else [2, 5]  # whether the block was declared before the kill
        assert spelled(ask(opened(folder), 7)) == spelled(expected(blocks))


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path[:0] = [{tests!r}]
import test_asking as t
living, seen = t.active, []
def active(choices):
    seen.append(choices)
    if len(seen) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return living(choices)
t.active = active
t.ask(t.opened(Path(sys.argv[1])), 5)
"""


def test_a_process_killed_in_the_middle_of_asking_is_taken_up_by_the_next(tmp_path):
    script = KILLED.format(tests=str(Path(__file__).parent))
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False, capture_output=True, text=True)
    assert done.returncode == -9, done.stderr
    assert states(open_storage("", tmp_path)) == dict.fromkeys(range(3), "RUNNING")
    assert spelled(ask(opened(tmp_path), 5)) == spelled(expected([5]))


def test_telling_twice_keeps_what_was_told_first(tmp_path):
    search = opened(tmp_path)
    ask(search, 2)
    search.tell(1, measured(1.0, 2.0))
    search.tell(1, measured(3.0, 4.0))
    stored = optuna.load_study(study_name="study", storage=open_storage("", tmp_path))
    assert stored.trials[1].values == [1.0, 2.0]
    assert stored.metric_names == ["vanishing", "exploding"]
    assert states(open_storage("", tmp_path)) == {0: "RUNNING", 1: "COMPLETE"}


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 4},
        {"factors": FACTORS[1:]},
        {"factors": (*FACTORS[:5], Factor("model.depth", (1, 2)), *FACTORS[6:])},
        {"factors": (*FACTORS[:5], Factor("model.depth", (1.0, 2.0, 3.0)), *FACTORS[6:])},
        {"factors": (Factor("init.gain", low=0.5, high=3.0), *FACTORS[1:])},
    ],
)
def test_trials_of_another_space_or_seed_are_refused_in_words(tmp_path, other):
    ask(opened(tmp_path), 2)
    before = (tmp_path / JOURNAL).read_bytes()
    with pytest.raises(InputError, match="stored trials of 'study' must come from this launch's space"):
        opened(tmp_path, **other)
    assert (tmp_path / JOURNAL).read_bytes() == before


@pytest.mark.parametrize("directions", [["minimize"], ["maximize", "minimize"]])
def test_a_study_that_something_else_made_is_refused(tmp_path, directions):
    study = optuna.create_study(storage=open_storage("", tmp_path), study_name="study", directions=directions)
    before = (tmp_path / JOURNAL).read_bytes()
    with pytest.raises(InputError, match="must come from"):
        opened(tmp_path)
    assert (tmp_path / JOURNAL).read_bytes() == before
    study.ask()


def test_foreign_trials_under_the_same_name_are_refused(tmp_path):
    study = optuna.create_study(storage=open_storage("", tmp_path), study_name="study", directions=["minimize"] * 2)
    study.ask().suggest_float("x", 0, 1)
    with pytest.raises(InputError, match="must come from"):
        opened(tmp_path)


def test_a_database_gives_the_same_trials_as_the_journal(tmp_path):
    def in_database():
        storage = open_storage(f"sqlite:///{tmp_path}/trials.db", tmp_path)
        search = make()
        search.open(storage, "study")
        return storage, search

    storage, search = in_database()
    assert spelled(ask(search, 3)) == spelled(expected([3]))
    search.tell(0, measured(0.0, 10.0))
    storage.engine.dispose()
    storage, search = in_database()
    assert spelled(ask(search, 5)) == spelled(expected([3, 2]))
    assert states(storage)[0] == "COMPLETE"
    storage.engine.dispose()


def test_two_studies_share_one_storage_without_mixing():
    storage = scratch_storage()
    one, two = make(), make(seed=4)
    one.open(storage, "one")
    two.open(storage, "two")
    assert spelled(ask(one, 3)) == spelled(expected([3]))
    assert spelled(ask(two, 3)) == spelled(expected([3], seed=4))
    two.tell(0, measured(1.0, 1.0))
    assert states(storage, "one")[0] == "RUNNING"
    assert states(storage, "two")[0] == "COMPLETE"
