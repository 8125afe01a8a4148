"""Hunts: better trials than chance gives, in the fewest seeds, and what cannot be hunted."""

import json
from dataclasses import replace
from statistics import mean, median

import optuna
import pytest
from support.hunted import (
    FACTORS,
    LEVELLED,
    SEEDS,
    driven,
    harm,
    made,
    opened,
    option,
    previewed,
    rows_of,
    stored_trials,
)

from gradstudy.errors import InputError
from gradstudy.search.hunt.hunt import SampledHunt
from gradstudy.search.hunt.sampler import SAMPLERS
from gradstudy.search.storage import open_storage

ONE = {"objective": ["vanishing"]}


def test_a_launch_that_goes_on_chooses_no_stored_trial_again(tmp_path, monkeypatch):
    stored = driven(made(option("tpe", batch=4)), tmp_path, 8)
    search = made(option("tpe", batch=4))
    monkeypatch.setattr(SampledHunt, "rows", lambda *_, **__: pytest.fail("a stored trial was chosen again"))
    assert len(driven(search, tmp_path, 8, stored=dict(stored))) == 8


def harms(way, folder, trials, seed=3):
    """How bad each trial is of which a hunt consists, in their order."""
    folder.mkdir()
    done = driven(made(way, seed=seed), folder, trials)
    return [harm(done[number][0].levels) for number in range(trials)]


def test_another_seed_is_another_hunt(tmp_path):
    assert harms(option("random"), tmp_path / "one", 4, seed=1) != harms(option("random"), tmp_path / "two", 4, seed=2)


@pytest.mark.parametrize("sampler", sorted(SAMPLERS.keys() - {"bruteforce", "cmaes"}))
def test_every_sampler_of_optuna_makes_a_hunt(tmp_path, sampler):
    assert len(driven(made(option("tpe", sampler=sampler, batch=8, **ONE), FACTORS[:2]), tmp_path, 16)) == 16


@pytest.mark.parametrize(("sampler", "why"), [("bruteforce", "step"), ("cmaes", "multi-objective")])
def test_a_sampler_that_cannot_choose_trials_is_refused_before_anything_is_trained(sampler, why):
    with pytest.raises(InputError, match=f"search={sampler} cannot choose trials of this space: .*{why}"):
        made(option("tpe", sampler=sampler))


@pytest.mark.parametrize(
    ("way", "budget"), [(option("tpe", batch=8, **ONE), 64), (option("nsga2", batch=16, **ONE), 96)], ids=str
)
@pytest.mark.parametrize("goal", ["healthiest", "worst"])
def test_a_hunt_finds_more_of_what_it_looks_for_than_chance_does(tmp_path, way, budget, goal):
    """Judged by the mean of the last half of its trials, where chance has the mean of all; worst is 3 + 2.5 or so."""
    found = harms(replace(way, goal=goal), tmp_path / "hunt", budget)
    drawn = harms(option("random", goal=goal, **ONE), tmp_path / "chance", budget)
    better = mean(drawn) - mean(found[budget // 2 :])
    assert better * (1 if goal == "healthiest" else -1) > 0.5


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
    assert {number for number, _, state, *_ in stored_trials(tmp_path)["study"] if state == "PRUNED"} == pruned
    assert 0 < len(pruned) < 24


def test_the_wilcoxon_pruner_stops_after_four_seeds_that_are_all_worse(tmp_path):
    """Their mean has to be worse too than what the best trial has over all of its seeds."""
    stored = driven(made(option("random", batch=8, pruner="wilcoxon", **ONE), seeds=6), tmp_path, 16, seeds=6)
    of_seeds = {number: [row["vanishing"] for row in rows_of(trial, 6)] for number, (trial, _) in stored.items()}
    best = min(map(mean, list(of_seeds.values())[:8]))
    for number in range(8, 16):
        worse = [count for count in (4, 5) if mean(of_seeds[number][:count]) > best]
        assert len(stored[number][1]) == min([*worse, 6])


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
    done = driven(made(option("grid", batch=5), LEVELLED), tmp_path, 40)
    asked = [trial.levels for _, (trial, _) in sorted(done.items())]
    assert len(asked) == len({json.dumps(levels) for levels in asked}) == 3 + 9
    assert [trial.levels for trial in previewed(option("grid"), 12, LEVELLED)] == asked


def test_a_grid_of_a_range_or_larger_than_its_budget_is_refused_with_the_way_out():
    with pytest.raises(InputError, match=r"init\.gain has a range.*choice\("):
        made(option("grid"))
    with pytest.raises(InputError, match=r"12, and so needs budget\.trials of at least 12, got 11"):
        made(option("grid"), LEVELLED).preview(11)


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
        ({"sampler": "tep"}, "Did you mean 'tpe'"),
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


def test_trials_of_another_hunt_under_the_same_name_are_refused(tmp_path):
    driven(made(option("tpe", batch=4)), tmp_path, 4)
    with pytest.raises(InputError, match="must come from"):
        opened(made(option("tpe", batch=5)), tmp_path)


def notes(name, trials, **settings):
    return option(name, **settings).note(trials)


@pytest.mark.parametrize("name", ["tpe", "gp", "nsga2", "screen_then_hunt"])
def test_a_hunt_of_32_trials_adapts_by_default(name):
    assert "never adapts" not in notes(name, 32)
    assert "8 at a time" in notes(name, 32)


def test_a_hunt_that_looks_at_nothing_that_came_out_says_so_and_what_helps():
    """TPE draws at random until it knows ten trials: in batches of 8 the first 16, and of 32 all of 32."""
    for trials, batch, blind in ((32, 32, 32), (16, 8, 16), (12, 8, 16)):
        told = notes("tpe", trials, batch=batch)
        assert f"never adapts: the first {blind} trials are chosen before enough is known" in told
        assert f"all of budget.trials={trials} (search.batch={batch} are chosen at a time). Take a smaller" in told
    assert "by what came of those before (search.batch), the first 16 blindly" in notes("tpe", 17)
    assert "the first 10 blindly" in notes("tpe", 17, batch=1)
    assert "the first 32 trials" in notes("nsga2", 32, batch=32)
    assert "all at once, and so adapt to the screen alone" in notes("screen_then_hunt", 16)
    assert "adapt" not in notes("random", 4) + notes("grid", 4)


@pytest.mark.parametrize("batch", [4, 16])
def test_a_hunt_chooses_blindly_as_many_trials_as_it_says(tmp_path, batch):
    """Where all that comes out counts as the opposite, trials from there on are others, and those before the same."""
    found = []
    for sign in (1, -1):
        (folder := tmp_path / str(sign)).mkdir()
        way = option("tpe", batch=batch, goal="healthiest" if sign > 0 else "worst", **ONE)
        done = driven(made(way, FACTORS[:2]), folder, 24)
        found.append([done[number][0].levels for number in range(24)])
    same = [one == other for one, other in zip(*found, strict=True)]
    blind = option("tpe", batch=batch, **ONE).blind
    assert same[:blind] == [True] * blind
    assert not all(same[blind:])
