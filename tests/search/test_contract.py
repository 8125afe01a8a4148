"""What every way of searching promises: each option of conf/search is held to it by its name alone."""

import json
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from support.hunted import (
    FACTORS,
    LEVELLED,
    OPTIONS,
    SEEDS,
    Stopped,
    dies_at,
    driven,
    made,
    opened,
    option,
    stored_trials,
)

from gradstudy.errors import InputError
from gradstudy.records import HUNT, SCREEN, Factor
from gradstudy.search.storage import JOURNAL

ONE = {"objective": ["vanishing"]}
WAYS = {
    **{name: option(name, **({} if name == "screen" else {"batch": 4})) for name in OPTIONS},
    "tpe, median": option("tpe", batch=5, pruner="median", **ONE),
    "random, wilcoxon": option("random", batch=6, pruner="wilcoxon", **ONE),
    "screen_then_hunt, nsga2": option("screen_then_hunt", batch=3, hunt="nsga2", pruner="median", **ONE),
}
BUDGET = 14
each_way = pytest.mark.parametrize("name", WAYS)


def seeds_of(name):
    return 6 if name.endswith("wilcoxon") else SEEDS


def factors_of(name):
    """A grid takes levels only, and a Gaussian process looks at what lives everywhere."""
    return {"grid": LEVELLED, "gp": (*FACTORS[:2], FACTORS[5])}.get(name, FACTORS)


def search(name, seed=3, trials=BUDGET, factors=None):
    return made(WAYS[name], factors or factors_of(name), seed=seed, trials=trials, seeds=seeds_of(name))


def drive(name, folder, budget=BUDGET, **launch):
    return driven(search(name, trials=budget), folder, budget, seeds=seeds_of(name), **launch)


@cache
def undisturbed(name, budget=BUDGET):
    with TemporaryDirectory() as folder:
        return drive(name, Path(folder), budget), stored_trials(Path(folder))


def spelled(stored):
    """Levels with their types and order, which overrides depend on."""
    return repr(sorted(stored.items()))


@each_way
@pytest.mark.parametrize("stops", [(0,), (4,), (5, 0, 6), (1, 1, 1, 1, 1, 1), (13,)], ids=str)
def test_a_search_that_is_stopped_anywhere_asks_and_tells_what_an_undisturbed_one_does(tmp_path, name, stops):
    whole, kept = undisturbed(name)
    stored = {}
    for stop in stops:
        try:
            drive(name, tmp_path, stored=stored, stop_after=stop)
        except Stopped:
            continue
    assert spelled(drive(name, tmp_path, stored=stored)) == spelled(whole)
    assert sorted(whole) == list(range(12 if name == "grid" else BUDGET))
    assert stored_trials(tmp_path) == kept


@each_way
def test_a_search_whose_journal_is_lost_asks_the_same_trials_again(tmp_path, name):
    whole, kept = undisturbed(name)
    assert spelled(drive(name, tmp_path, stored=dict(whole))) == spelled(whole)
    assert stored_trials(tmp_path) == kept


@pytest.mark.parametrize("name", ["screen", "tpe, median", "screen_then_hunt, nsga2"])
def test_a_search_whose_driver_is_killed_at_any_write_is_the_undisturbed_one(tmp_path, name):
    """Every third write of the journal, torn or not: while the study is made, a trial is asked, reported or told."""
    whole, kept = undisturbed(name, 8)
    for write in count(step=3):
        folder, stored = tmp_path / str(write), {}
        folder.mkdir()
        died = dies_at(write, folder, lambda f=folder, s=stored: drive(name, f, 8, stored=s), torn=write % 2)
        assert spelled(drive(name, folder, 8, stored=stored)) == spelled(whole)
        assert stored_trials(folder) == kept
        if not died:
            break
    assert write > 8 * 2  # each trial with its levels, and what came of it


@pytest.mark.parametrize("name", [name for name in WAYS if not name.startswith("screen")])
def test_an_extended_hunt_is_the_larger_hunt(tmp_path, name):
    larger, _ = undisturbed(name)
    first = drive(name, tmp_path, budget=6)
    assert spelled(first) == spelled({number: larger[number] for number in range(6)})
    assert spelled(drive(name, tmp_path, stored=first)) == spelled(larger)
    assert opened(search(name), tmp_path).total(3) == len(larger)


@each_way
def test_nothing_is_written_when_there_is_nothing_to_ask(tmp_path, name):
    stored = drive(name, tmp_path)
    before = (tmp_path / JOURNAL).read_bytes()
    drive(name, tmp_path, stored=stored)
    assert (tmp_path / JOURNAL).read_bytes() == before


@each_way
def test_telling_twice_keeps_what_was_told_first(tmp_path, name):
    again, kept = search(name), undisturbed(name)[1]
    stored = driven(again, tmp_path, BUDGET, seeds=seeds_of(name))
    for number, (_, rows) in stored.items():
        again.tell(number, [{**row, "vanishing": 9.0, "exploding": 9.0} for row in rows])
    assert stored_trials(tmp_path) == kept


@each_way
def test_a_preview_stores_nothing_and_shows_trials_of_the_space_in_their_batches(workplace, name):
    way, factors = WAYS[name], factors_of(name)
    batches = search(name).preview(BUDGET)
    trials = [trial for batch in batches for trial in batch]
    whole, _ = undisturbed(name)
    assert [trial.number for trial in trials] == sorted(whole)
    assert [trial.phase for trial in trials] == [whole[number][0].phase for number in sorted(whole)]
    settled = [trial for trial in trials if trial.phase == SCREEN or name == "grid"]
    assert settled == [whole[trial.number][0] for trial in settled]
    assert {len(batch) for batch in batches if batch[0].phase == HUNT} <= {*range(1, getattr(way, "batch", 0) + 1)}
    assert list(workplace.iterdir()) == []
    assert {key for trial in trials for key in trial.levels} <= {*(factor.name for factor in factors), "dummy"}


@each_way
def test_what_lives_is_asked_in_its_range_in_few_digits_and_nothing_else(name):
    factors = {factor.name: factor for factor in factors_of(name)}
    for trial, _ in undisturbed(name)[0].values():
        lives = {"norm": ["clipping.max_norm"], "value": ["clipping.max_value"]}.get(trial.levels["clipping"], [])
        assert [key for key in trial.levels if key.startswith("clipping.")] == [key for key in lives if key in factors]
        assert ("dummy" in trial.levels) == (trial.phase == SCREEN)
        for key, level in trial.levels.items():
            factor = factors.get(key, Factor("dummy"))
            assert level in factor.levels if factor.levels else factor.low <= level <= factor.high
            assert type(level) is int or not factor.integer
            assert factor.levels or level == float(f"{level:.6g}")


@each_way
@pytest.mark.parametrize(
    "other",
    [
        {"seed": 4},
        {"factors": LEVELLED[:2]},
        {"factors": (*LEVELLED[:2], Factor("model.depth", (1, 2)))},
        {"factors": (*LEVELLED[:2], Factor("model.depth", (1.0, 2.0, 3.0)))},
        {"factors": (LEVELLED[0], Factor("clipping.max_norm", (0.1, 1.0, 20.0)), LEVELLED[2])},
    ],
    ids=str,
)
def test_trials_of_another_space_or_seed_are_refused_in_words(tmp_path, name, other):
    opened(search(name, factors=LEVELLED), tmp_path)
    before = (tmp_path / JOURNAL).read_bytes()
    with pytest.raises(InputError, match="stored trials of 'study' must come from this launch's space"):
        opened(search(name, **{"factors": LEVELLED, **other}), tmp_path)
    assert (tmp_path / JOURNAL).read_bytes() == before


LOOKED_FOR = {"goal": "healthiest", "objective": ["vanishing", "exploding", "learned"], "batch": 8, "pruner": "none"}
IDENTITIES = {
    "screen": "Screen",
    "screen_then_hunt": {"search": "ScreenThenHunt", **LOOKED_FOR, "screen_share": 0.5, "hunt": "tpe", "trials": 20},
    **{name: {"search": name.capitalize(), **LOOKED_FOR} for name in ("gp", "nsga2", "tpe")},
    **{name: {"search": name.capitalize(), **LOOKED_FOR, "batch": 32} for name in ("grid", "random")},
}
"""Part of every stored study: another identity is another study, which begins anew."""


@pytest.mark.parametrize("name", OPTIONS)
def test_what_decides_the_trials_is_a_searchs_identity_under_its_name_and_where_they_are_kept_is_not(name):
    way = option(name, storage="sqlite:///x.db")
    stored = json.loads(json.dumps(way.identity(20)))
    assert stored == IDENTITIES.get(name, stored)
    assert way.name == name


def test_other_settings_are_another_identity():
    ways = [*map(option, OPTIONS), option("tpe", goal="worst"), option("tpe", batch=4), option("tpe", **ONE)]
    ways += [option("tpe", pruner="median", **ONE), option("screen_then_hunt", hunt="gp")]
    identities = {json.dumps(way.identity(8), sort_keys=True) for way in ways}
    assert len(identities) == len(ways)
    assert option("tpe").identity(8) == option("tpe").identity(9)
    assert option("screen_then_hunt").identity(8) != option("screen_then_hunt").identity(9)
