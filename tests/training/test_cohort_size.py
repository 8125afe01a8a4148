"""How many members train together: as few as are about as fast as any, none idle, and timed where that pays."""

from math import inf

import pytest
import torch
from support.cohorts import cohort, parts
from support.parity import assert_same_member

from gradstudy.batch import cohorts_of
from gradstudy.configs.composition import Composer, hydra_ready
from gradstudy.factors import activation
from gradstudy.factors.model.mlp import Mlp
from gradstudy.records import Member
from gradstudy.tasks.teacher import Teacher
from gradstudy.training import cohort_size
from gradstudy.training.cohort_size import FEWEST, PAYS, USUAL_SIZE, best_size, smallest_close, timed_size
from gradstudy.training.engine import step_cost, train

MANY = 10_000
"""Members for which there is room in memory."""
SIZES = (64, 128, 256, 512)
TINY = {"model": Mlp(width=2, depth=1), "task": Teacher(batch_size=2)}


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def found(monkeypatch):
    """What a probe finds, here: a list of one number; and how often it was asked, as the number's followers."""
    said = [256]

    def probe(cohort, sizes, usual):
        said.append(usual)
        return said[0]

    monkeypatch.setattr(cohort_size, "timed_size", probe)
    return said


def long_study(**changes):
    return cohort(parts(**TINY, **changes), seeds=400, steps=PAYS // 400)


@pytest.mark.parametrize(
    ("costs", "size"),
    [
        ((5.0, 3.0, 2.0, 1.9), 512),
        ((5.0, 3.0, 2.0, 1.95), 256),
        ((5.0, 4.9, 1.0, 1.0), 64),  # no better by 5 % when it was doubled: nothing larger is tried
        ((5.0, 3.0, 8.0, 1.0), 128),
        ((5.0, 3.0, inf, 1.0), 128),
        ((inf, 1.0, 1.0, 1.0), 64),
    ],
)
def test_the_smallest_size_within_5_percent_of_the_best_is_taken(costs, size):
    of = dict(zip(SIZES, (1e-6 * cost for cost in costs), strict=True))
    assert smallest_close(SIZES, of.__getitem__, 64) == size


def test_nothing_larger_is_tried_where_a_step_is_long():
    assert smallest_close(SIZES, lambda size: 1.0 / size, 64) == 64


def test_sizes_are_timed_only_where_a_study_is_long_and_wide_enough(found):
    usual, study = USUAL_SIZE["cpu"], long_study()
    assert best_size(study, "cpu", 400, MANY) == 256
    assert len(found) == 2
    assert best_size(cohort(parts(**TINY), seeds=400, steps=PAYS // 400 - 1), "cpu", 400, MANY) == usual
    assert best_size(cohort(parts(**TINY), seeds=usual, steps=PAYS), "cpu", 400, MANY) == usual
    assert len(found) == 2


def test_a_worker_is_left_idle_only_for_a_handful_of_members(found):
    study = long_study()
    assert best_size(study, "cpu", 100, MANY) == 100
    assert best_size(study, "cpu", 20, MANY) == 20
    assert best_size(study, "cpu", 1, MANY) == FEWEST


def test_what_was_found_is_kept_by_structure_and_precision(found):
    assert [best_size(long_study(), "cpu", 400, MANY) for _ in range(3)] == [256, 256, 256]
    assert len(found) == 2
    best_size(long_study(activation=activation.Relu()), "cpu", 400, MANY)
    best_size(cohort(parts(**TINY), seeds=400, steps=PAYS // 400, dtype="float64"), "cpu", 400, MANY)
    assert len(found) == 4
    found[0] = 128
    assert best_size(long_study(), "cpu", 400, MANY) == 256


@pytest.mark.parametrize("damage", ["", "no number", "0", "-5", "1000000000", "\xff\xfe"])
def test_what_is_no_size_is_measured_again(damage, found, tmp_path):
    best_size(long_study(), "cpu", 400, MANY)
    (kept,) = cohort_size.cache_folder().iterdir()
    assert tmp_path in kept.parents
    kept.write_text(damage, "latin1")
    assert best_size(long_study(), "cpu", 400, MANY) == 256
    assert len(found) == 3
    assert int(kept.read_text()) == 256


def test_where_nothing_can_be_kept_it_is_measured_each_time(found, tmp_path):
    (tmp_path / "cache").write_text("a file, and no folder")
    assert [best_size(long_study(), "cpu", 400, MANY) for _ in range(2)] == [256, 256]
    assert len(found) == 3


def test_workers_on_another_machine_train_what_is_usual_there(found, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert best_size(cohort(parts(**TINY), seeds=2000, steps=PAYS), "cuda:0", 2000, MANY) == USUAL_SIZE["cuda"]
    assert len(found) == 1


def test_a_probe_times_steps_and_takes_no_size_that_does_not_fit(monkeypatch):
    study = cohort(parts(**TINY), seeds=2, steps=3)
    assert timed_size(study, (2, 4), 2) in (2, 4)
    seconds, memory = step_cost(study, 3)
    assert (seconds > 0, memory) == (True, 0)

    def cost(_, size):
        if size > 2:
            raise MemoryError
        return 1e-3, 0

    monkeypatch.setattr(cohort_size, "step_cost", cost)
    assert timed_size(study, (2, 4, 8), 2) == 2
    assert timed_size(study, (4, 8), 2) == 2


def test_a_probe_changes_nothing_of_what_is_trained_after_it():
    study = cohort(parts(**TINY), steps=12)
    before = train(study)
    step_cost(study, 3)
    for one, other in zip(before, train(study), strict=True):
        assert_same_member(one, other)


def test_a_study_spreads_over_all_workers_unless_a_size_is_given():
    with hydra_ready():
        composer = Composer(["model=mlp", "task=teacher", "execution.workers=2", "budget.steps=2"])
    members, of = [Member(trial, seed) for trial in range(12) for seed in range(2)], range(12)
    parts, footprints = dict.fromkeys(of, composer.parts({})), dict.fromkeys(of, composer.footprint({}))
    made = [cohorts_of(composer.launch, members, parts, footprints, size) for size in (0, 64, 6)]
    assert [[len(one.members) for one in cohorts] for cohorts in made] == [[12, 12], [24], [6, 6, 6, 6]]


def test_no_size_is_tried_for_which_there_is_no_room(monkeypatch, tmp_path):
    monkeypatch.setattr(cohort_size, "cache_folder", lambda: tmp_path)
    tried = []
    monkeypatch.setattr(cohort_size, "timed_size", lambda cohort, sizes, usual: tried.append(list(sizes)) or usual)
    assert best_size(long_study(), "cpu", 400, 300) == USUAL_SIZE["cpu"]
    assert best_size(long_study(), "cpu", 400, USUAL_SIZE["cpu"]) == USUAL_SIZE["cpu"]
    assert tried == [[64, 128, 256]]
