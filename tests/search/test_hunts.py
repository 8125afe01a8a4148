"""Hunts: the same trials whenever drivers are stopped, better ones than chance gives, and what cannot be hunted."""

import json
import os
from dataclasses import replace
from itertools import count
from statistics import median

import optuna
import pytest
from optuna.storages.journal import JournalFileBackend
from support.hunted import FACTORS, LEVELLED, SEEDS, Stopped, driven, harm, launched, made, option, previewed, rows_of

from gradstudy.errors import InputError
from gradstudy.search.hunt.hunt import SampledHunt
from gradstudy.search.storage import JOURNAL, open_storage

ONE = {"objective": ["vanishing"]}
HUNTS = [
    option("tpe", batch=4),
    option("tpe", batch=5, pruner="median", **ONE),
    option("nsga2", batch=4),
    option("random", batch=4),
    option("random", batch=6, pruner="wilcoxon", **ONE),
    option("screen_then_hunt", batch=4),
    option("screen_then_hunt", batch=3, hunt="nsga2", pruner="median", **ONE),
]


@pytest.fixture(autouse=True)
def unsynced(monkeypatch):
    """Waiting for the disk guards against power cuts, which no test makes, and would take most of the time here."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


def spelled(stored):
    return repr(sorted(stored.items()))


@pytest.mark.parametrize("way", HUNTS, ids=str)
@pytest.mark.parametrize("stops", [[0], [4], [5, 0, 6], [1, 1, 1, 1, 1, 1]], ids=str)
def test_a_hunt_that_is_stopped_anywhere_asks_and_tells_what_an_undisturbed_one_does(tmp_path, way, stops):
    seeds = 5 if way.pruner == "wilcoxon" else SEEDS
    make = lambda: made(way, trials=17, seeds=seeds)  # noqa: E731
    (tmp_path / "whole").mkdir()
    (tmp_path / "stopped").mkdir()
    whole = launched(make, tmp_path / "whole", 17, [], seeds)
    again = launched(make, tmp_path / "stopped", 17, stops, seeds)
    assert sorted(whole) == list(range(17))
    assert spelled(again) == spelled(whole)
    assert stored_trials(tmp_path / "stopped") == stored_trials(tmp_path / "whole")


def stored_trials(folder):
    storage = open_storage("", folder)
    return [
        (name, t.number, t.params, t.state, t.values, t.intermediate_values)
        for name in sorted(optuna.get_all_study_names(storage))
        for t in optuna.load_study(study_name=name, storage=storage).trials
    ]


@pytest.mark.parametrize("way", HUNTS[:1] + HUNTS[-1:], ids=str)
def test_a_hunt_whose_driver_is_killed_at_any_write_is_the_undisturbed_one(tmp_path, monkeypatch, way):
    """Every third write of the journal: while the study is made, a trial is asked, reported or told."""
    make = lambda: made(way, trials=8)  # noqa: E731
    (tmp_path / "whole").mkdir()
    whole, append = driven(make(), tmp_path / "whole", 8), JournalFileBackend.append_logs
    expected, deaths = stored_trials(tmp_path / "whole"), 0
    for last in range(0, 500, 3):
        folder, writes, stored = tmp_path / str(last), count(), {}
        folder.mkdir()

        def dying(self, logs, writes=writes, last=last):
            if next(writes) == last:
                raise Stopped
            append(self, logs)

        with monkeypatch.context() as patch:
            patch.setattr(JournalFileBackend, "append_logs", dying)
            try:
                driven(make(), folder, 8, stored=stored)
                break
            except Stopped:
                deaths += 1
        (folder / f"{JOURNAL}.lock").unlink(missing_ok=True)
        assert spelled(driven(make(), folder, 8, stored=stored)) == spelled(whole)
        assert stored_trials(folder) == expected
    assert deaths > 10


@pytest.mark.parametrize("way", HUNTS, ids=str)
def test_a_hunt_whose_journal_is_lost_asks_the_same_trials_again(tmp_path, way):
    (tmp_path / "other").mkdir()
    seeds = 5 if way.pruner == "wilcoxon" else SEEDS
    stored = driven(made(way, trials=14, seeds=seeds), tmp_path, 14, seeds=seeds)
    known = dict(stored)
    again = driven(made(way, trials=14, seeds=seeds), tmp_path / "other", 14, stored=stored, seeds=seeds)
    assert spelled(again) == spelled(known)
    assert stored_trials(tmp_path / "other") == stored_trials(tmp_path)


@pytest.mark.parametrize(
    "way",
    [option("tpe", batch=4), option("nsga2", batch=4), option("random", batch=4)],
    ids=str,
)
def test_an_extended_hunt_is_the_larger_hunt(tmp_path, way):
    for folder in ("larger", "extended"):
        (tmp_path / folder).mkdir()
    larger = driven(made(way), tmp_path / "larger", 14)
    first = driven(made(way), tmp_path / "extended", 6)
    assert spelled(first) == spelled({number: larger[number] for number in range(6)})
    assert spelled(driven(made(way), tmp_path / "extended", 14, stored=first)) == spelled(larger)
    assert made_total(way, tmp_path / "extended", 3) == 14


def made_total(way, folder, budget):
    search = made(way)
    search.open(open_storage("", folder), "study")
    return search.total(budget)


def test_a_launch_that_goes_on_chooses_no_stored_trial_again(tmp_path, monkeypatch):
    stored = driven(made(option("tpe", batch=4)), tmp_path, 8)
    search = made(option("tpe", batch=4))
    monkeypatch.setattr(SampledHunt, "rows", lambda *_, **__: pytest.fail("a stored trial was chosen again"))
    assert len(driven(search, tmp_path, 8, stored=dict(stored))) == 8


def test_another_seed_is_another_hunt(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
    one, two = (
        driven(made(option("random"), seed=seed), tmp_path / folder, 4) for seed, folder in ((1, "one"), (2, "two"))
    )
    assert spelled(one) != spelled(two)


@pytest.mark.parametrize(
    ("way", "budget"), [(option("tpe", batch=8, **ONE), 64), (option("nsga2", batch=16, **ONE), 96)], ids=str
)
@pytest.mark.parametrize("goal", ["healthiest", "worst"])
def test_a_hunt_finds_more_of_what_it_looks_for_than_chance_does(tmp_path, way, budget, goal):
    """Judged by the mean of the last half of its trials, where chance has the mean of all; worst is 3 + 2.5 or so."""
    sought = replace(way, goal=goal)
    found = [harm(trial.levels) for _, (trial, _) in sorted(driven(made(sought), tmp_path, budget).items())]
    (tmp_path / "chance").mkdir()
    chance = [
        harm(t.levels)
        for t, _ in driven(made(option("random", goal=goal, **ONE)), tmp_path / "chance", budget).values()
    ]
    last, drawn = found[budget // 2 :], sum(chance) / budget
    better = drawn - sum(last) / len(last)
    assert better * (1 if goal == "healthiest" else -1) > 0.5


def test_a_gaussian_process_hunts_where_everything_lives_and_asks_the_same_again(tmp_path):
    way, factors = option("gp", batch=3, **ONE), (FACTORS[0], *LEVELLED[:1], FACTORS[3])
    for folder in ("whole", "stopped"):
        (tmp_path / folder).mkdir()
    whole = launched(lambda: made(way, factors), tmp_path / "whole", 14, [])
    again = launched(lambda: made(way, factors), tmp_path / "stopped", 14, [13])
    assert spelled(again) == spelled(whole)


def test_the_median_pruner_stops_what_lies_behind_the_median_of_the_batches_before(tmp_path):
    """Written out: the best seed so far against the median of what whole trials had at the latest, five at least."""
    stored = driven(made(option("random", batch=8, pruner="median", **ONE)), tmp_path, 32)
    for number, (trial, rows) in stored.items():
        before = [known for earlier, (_, known) in stored.items() if earlier < number - number % 8]
        whole = [[row["vanishing"] for row in known] for known in before if len(known) == SEEDS]
        own = [row["vanishing"] for row in rows_of(trial)]
        stops = [seed for seed in range(SEEDS - 1) if len(whole) >= 5]
        stops = [seed for seed in stops if min(own[: seed + 1]) > median([values[seed] for values in whole])]
        assert len(rows) == min([*(seed + 1 for seed in stops), SEEDS])
    pruned = {number for number, (_, rows) in stored.items() if len(rows) < SEEDS}
    study = optuna.load_study(study_name="study", storage=open_storage("", tmp_path))
    assert {trial.number for trial in study.trials if trial.state.name == "PRUNED"} == pruned
    assert 0 < len(pruned) < 24


def test_the_wilcoxon_pruner_stops_after_four_seeds_that_are_all_worse(tmp_path):
    stored = driven(made(option("random", batch=8, pruner="wilcoxon", **ONE), seeds=6), tmp_path, 16, seeds=6)
    best = min(harm(stored[number][0].levels) for number in range(8))
    for number in range(8, 16):
        trial, rows = stored[number]
        assert len(rows) == (4 if harm(trial.levels) > best else 6)


def test_a_conditional_factor_is_asked_exactly_where_it_lives(tmp_path):
    for trial, _ in driven(made(option("tpe", batch=8)), tmp_path, 40).values():
        assert ("clipping.max_norm" in trial.levels) == (trial.levels["clipping"] == "norm")
        assert trial.phase == "hunt"
        assert "dummy" not in trial.levels


def test_levels_are_short_enough_to_read_and_inside_their_range(tmp_path):
    for trial, _ in driven(made(option("tpe", batch=8)), tmp_path, 24).values():
        gain = trial.levels["init.gain"]
        assert 0.5 <= gain <= 2.0
        assert gain == float(f"{gain:.6g}")


def test_what_is_told_is_the_mean_over_seeds_in_the_direction_of_the_goal(tmp_path):
    way = option("tpe", goal="worst", objective=["gain", "learned"], batch=4)
    stored = driven(made(way), tmp_path, 4)
    study = optuna.load_study(study_name="study", storage=open_storage("", tmp_path))
    assert [direction.name for direction in study.directions] == ["MAXIMIZE", "MINIMIZE"]
    for number, (trial, _) in stored.items():
        bad = harm(trial.levels)
        assert study.trials[number].values == pytest.approx([bad, -bad])


def test_a_grid_asks_every_living_combination_once(tmp_path):
    """none x 3 depths, and norm x 3 thresholds x 3 depths."""
    asked = [
        trial.levels for _, (trial, _) in sorted(driven(made(option("grid", batch=5), LEVELLED), tmp_path, 40).items())
    ]
    assert len(asked) == len({json.dumps(levels) for levels in asked}) == 3 + 9
    assert [trial.levels for trial in previewed(option("grid"), 12, LEVELLED)] == asked


def test_a_grid_of_a_range_or_larger_than_its_budget_is_refused_with_the_way_out():
    with pytest.raises(InputError, match=r"init\.gain has a range.*choice\("):
        made(option("grid"))
    with pytest.raises(InputError, match=r"12, and so needs budget\.trials of at least 12, got 11"):
        made(option("grid"), LEVELLED).preview(11)


def test_a_preview_of_a_hunt_is_of_its_space_and_stores_nothing(workplace):
    preview = previewed(option("tpe", batch=4), 9)
    assert [trial.number for trial in preview] == list(range(9))
    assert [len(batch) for batch in made(option("tpe", batch=4)).preview(9)] == [4, 4, 1]
    assert {tuple(trial.levels) for trial in preview} <= {tuple(t.levels) for t in previewed(option("random"), 30)}
    assert list(workplace.iterdir()) == []


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"objective": ["vanshing"]}, r"objective must be some of vanishing.*Did you mean 'vanishing'"),
        ({"objective": ["gain", "gain"]}, "every response once"),
        ({"objective": []}, "objective must be"),
        ({"goal": "best"}, "goal must be one of healthiest, worst"),
        ({"batch": 0}, "batch must be at least 1"),
        ({"pruner": "median"}, r"pruner must be none where several.*search\.objective=vanishing"),
        ({"pruner": "medain", **ONE}, "Did you mean 'median'"),
    ],
)
def test_a_hunt_that_makes_no_sense_is_refused(settings, told):
    with pytest.raises(InputError, match=told):
        option("tpe", **settings)


def test_one_objective_needs_no_brackets():
    assert option("tpe", objective="exploding") == option("tpe", objective=["exploding"])


@pytest.mark.parametrize(("pruner", "seeds"), [("median", 1), ("wilcoxon", 4)])
def test_a_pruner_that_could_spare_no_seed_is_refused(pruner, seeds):
    with pytest.raises(InputError, match=r"needs budget\.seeds of at least"):
        made(option("tpe", pruner=pruner, **ONE), seeds=seeds)
    made(option("tpe", pruner=pruner, **ONE), seeds=seeds + 1)


def test_what_decides_the_trials_is_part_of_a_hunts_identity_and_where_they_are_kept_is_not():
    ways = [
        option("tpe"),
        option("random"),
        option("tpe", goal="worst"),
        option("tpe", batch=4),
        option("tpe", **ONE),
        option("tpe", pruner="median", **ONE),
    ]
    assert len({json.dumps(way.identity(8), sort_keys=True) for way in ways}) == len(ways)
    assert option("tpe", storage="sqlite:///x.db").identity(8) == option("tpe").identity(9)
    assert option("screen_then_hunt").identity(8) != option("screen_then_hunt").identity(9)


def test_trials_of_another_hunt_under_the_same_name_are_refused(tmp_path):
    driven(made(option("tpe", batch=4)), tmp_path, 4)
    with pytest.raises(InputError, match="must come from"):
        made(option("tpe", batch=5)).open(open_storage("", tmp_path), "study")


def test_rows_are_told_with_their_own_seeds():
    """The made-up responses themselves: seeds differ, so that a mean over some of them is not that over all."""
    (trial,) = previewed(option("random"), 1)
    assert len({row["vanishing"] for row in rows_of(trial)}) == SEEDS
