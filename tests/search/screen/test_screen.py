"""A screen asks for the rows of its design, each once, whatever moment drivers are stopped at."""

import os
import subprocess
import sys

import optuna
import pytest
from support.hunted import ALWAYS, FACTORS, OWN, active, dies_at, made, opened, option, stored_trials

from gradstudy.errors import InputError
from gradstudy.records import DUMMY
from gradstudy.search.screen.design import design
from gradstudy.search.storage import JOURNAL, open_storage, scratch_storage


def screen(seed=3):
    return made(option("screen"), seed=seed, seeds=2)


def asked(search, budget):
    (batch,) = search.batches(budget)
    assert {trial.phase for trial in batch} == {"screen"}
    return spelled((trial.number, trial.levels) for trial in batch)


def expected(blocks, seed=3):
    """The design, each row with what lives in it: written without Optuna."""
    return spelled(
        (number, {name: level for name, level in row.items() if name in ALWAYS | OWN[row["clipping"]]})
        for number, row in enumerate(design((*FACTORS, DUMMY), blocks, seed, active))
    )


def spelled(trials):
    """Levels with their types and order, which overrides depend on."""
    return repr(list(trials))


def states(folder, storage=None, name="study"):
    return [state for _, _, state, *_ in stored_trials(folder, storage)[name]]


def rows(vanishing, exploding, learned=0.0):
    """What is told of a trial of two seeds with these means."""
    means = {"vanishing": vanishing, "exploding": exploding, "learned": learned}
    return [{"seed": n, **{name: mean + n - 0.5 for name, mean in means.items()}} for n in range(2)]


def test_a_larger_budget_adds_a_block_and_a_smaller_one_leaves_nothing_out(tmp_path):
    for budget, blocks in ((6, [6]), (10, [6, 4]), (2, [6, 4]), (11, [6, 4, 1])):
        assert asked(opened(screen(), tmp_path), budget) == expected(blocks)
    assert all(
        own <= set().union(*(params for _, params, *_ in stored_trials(tmp_path)["study"])) for own in OWN.values()
    )


def test_a_driver_killed_while_extending_and_extended_again_keeps_every_row(tmp_path):
    for write in range(3):  # the block, and two trials
        folder = tmp_path / str(write)
        folder.mkdir()
        asked(opened(screen(), folder), 2)
        assert dies_at(write, folder, lambda folder=folder: asked(opened(screen(), folder), 4))
        blocks = [2, 2, 3] if write > 0 else [2, 5]  # whether the block was declared before the kill
        assert asked(opened(screen(), folder), 7) == expected(blocks)


KILLED = """
import os, signal, sys
from pathlib import Path
from support import hunted
living, seen = hunted.active, []
def active(choices):
    seen.append(choices)
    if len(seen) == 6:  # the design asks once for each of three levels, then every trial once
        os.kill(os.getpid(), signal.SIGKILL)
    return living(choices)
hunted.active = active
list(hunted.opened(hunted.made(hunted.option("screen")), Path(sys.argv[1])).batches(5))
"""


def test_a_process_killed_in_the_middle_of_asking_is_taken_up_by_the_next(tmp_path):
    here = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=here)
    assert done.returncode == -9, done.stderr
    assert states(tmp_path) == ["RUNNING"] * 2
    assert asked(opened(screen(), tmp_path), 5) == expected([5])


def test_what_is_told_are_means_over_seeds_under_the_names_of_the_responses(tmp_path):
    search = opened(screen(), tmp_path)
    asked(search, 2)
    search.tell(1, rows(1.0, 2.0, 0.75))
    stored = optuna.load_study(study_name="study", storage=open_storage("", tmp_path))
    assert stored.trials[1].values == [1.0, 2.0, 0.75]
    assert stored.metric_names == ["vanishing", "exploding", "learned"]
    assert states(tmp_path) == ["RUNNING", "COMPLETE"]


@pytest.mark.parametrize(
    "directions", [["minimize"], ["maximize", "minimize"], ["minimize", "minimize", "maximize"]], ids=str
)
def test_a_study_that_something_else_made_is_refused_and_left_as_it_is(tmp_path, directions):
    study = optuna.create_study(storage=open_storage("", tmp_path), study_name="study", directions=directions)
    study.ask().suggest_float("x", 0, 1)
    before = (tmp_path / JOURNAL).read_bytes()
    with pytest.raises(InputError, match="must come from"):
        opened(screen(), tmp_path)
    assert (tmp_path / JOURNAL).read_bytes() == before
    study.ask()


def test_a_database_gives_the_same_trials_as_the_journal(tmp_path):
    for budget, blocks in ((3, [3]), (5, [3, 2])):
        storage, search = open_storage(f"sqlite:///{tmp_path}/trials.db", tmp_path), screen()
        search.open(storage, "study")
        assert asked(search, budget) == expected(blocks)
        search.tell(0, rows(0.0, 10.0))
        assert states(tmp_path, storage)[:2] == ["COMPLETE", "RUNNING"]
        storage.engine.dispose()


def test_two_studies_share_one_storage_without_mixing(tmp_path):
    storage, searches = scratch_storage(), {3: screen(), 4: screen(seed=4)}
    for seed, search in searches.items():
        search.open(storage, str(seed))
        assert asked(search, 3) == expected([3], seed)
    searches[4].tell(0, rows(1.0, 1.0))
    assert (states(tmp_path, storage, "3")[0], states(tmp_path, storage, "4")[0]) == ("RUNNING", "COMPLETE")
