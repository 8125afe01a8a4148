"""What was tried, in words: counts, what each change is for, and rows of a table."""

from dataclasses import replace

from support.made_cures import AFTER, BEFORE, CONFIRMED, FAILED, WITHOUT

from gradstudy.analysis.cure.cure import NoConfirmation
from gradstudy.words.tried_words import cure_said, effort_words, needed_words, tried_rows


def test_a_confirmed_cure_is_told_with_its_counts_and_what_each_change_is_for():
    confirmed, needed = cure_said(CONFIRMED)
    assert confirmed.startswith(
        "Confirmed: change activation from sigmoid to relu, lr.value from 0.5 to 0.001: 8 of 8 "
    )
    assert "(95 % interval 68 to 100 %), and it learns .81 of the way instead of .02; before: 0 of 8." in confirmed
    assert needed == (
        "Taken back one by one: without that of activation 1 of 4 seeds are well, and learn .03 of the way; without "
        "that of lr.value 3 of 4 seeds are well, and learn -.40 of the way."
    )


def test_every_change_is_called_needed_only_where_more_than_one_seed_fails_without_it():
    def said(*well):
        needed = {name: replace(WITHOUT["lr.value"], well=count) for name, count in zip("ab", well, strict=True)}
        return needed_words(replace(CONFIRMED, needed=needed)).partition(":")[0]

    assert said(0, 2) == "Every change is needed"
    assert said(0, 3) == said(4, 0) == "Taken back one by one"


def test_where_nothing_is_confirmed_the_best_that_was_tried_is_told():
    (said,) = cure_said(FAILED)
    assert said.startswith("No cure is confirmed: ")
    assert "The best that was tried: change activation from sigmoid to relu: 3 of 4 fresh seeds" in said


def test_of_a_single_change_nothing_is_said_to_be_needed():
    assert needed_words(replace(CONFIRMED, needed={"activation": CONFIRMED.before})) == ""


def test_all_that_was_tried_is_a_table_and_is_counted():
    rows = tried_rows(CONFIRMED)
    assert rows[0][1:] == ("none", "0 of 8", ".02")
    assert rows[2][1:] == ("lr.value from 0.5 to 0.001", "1 of 4", ".03")
    assert len(rows) == 5
    assert effort_words(CONFIRMED) == "5 configurations were tried on 28 fresh networks"


def test_of_a_single_seed_is_told_in_the_singular():
    one = {name: replace(tried, seeds=1, well=0) for name, tried in WITHOUT.items()}
    said, needed = cure_said(replace(CONFIRMED, before=None, after=replace(AFTER, seeds=1, well=1), needed=one))
    assert ": 1 of 1 fresh seed well (" in said
    assert "0 of 1 seed is well, and learns .03 of the way" in needed


def test_of_gradients_alone_the_healthy_seeds_are_counted_before_and_after():
    without = {name: replace(one, well=0, learners=0) for name, one in WITHOUT.items()}
    alone = replace(CONFIRMED, gradients_alone=True, after=replace(AFTER, well=0, learners=0), needed=without)
    said, needed = cure_said(alone)
    assert "8 of 8 fresh seeds healthy (95 % interval 68 to 100 %), but it still learns nothing (.81 " in said
    assert "activation 1 of 4 seeds are healthy" in needed
    some = cure_said(replace(alone, after=replace(AFTER, well=0, learners=3)))
    assert (
        "healthy (95 % interval 68 to 100 %), of which 3 learned (.81 of the way instead of .02); before: 0 of 8"
        in some[0]
    )


def test_where_losses_tell_nothing_nothing_is_said_of_learning():
    without = {name: replace(one, learners=None) for name, one in WITHOUT.items()}
    silent = replace(CONFIRMED, after=replace(AFTER, learners=None), needed=without)
    assert cure_said(silent)[0].endswith("8 of 8 fresh seeds well (95 % interval 68 to 100 %); before: 0 of 8.")
    assert cure_said(silent)[1].endswith("1 of 4 seeds are well; without that of lr.value 3 of 4 seeds are well.")


def test_what_is_well_as_it_is_needs_no_cure():
    before = replace(BEFORE, well=8)
    (said,) = cure_said(replace(FAILED, before=before, reason=NoConfirmation.WELL_BEFORE))
    assert (
        said
        == "No cure is needed: it is well on 8 fresh seeds as it is, so that what failed was a matter of the seeds."
    )
    given = replace(FAILED, trial=None, before=before, reason=NoConfirmation.WELL_BEFORE)
    assert given.note == "No trial has this configuration. No cure is needed: it is well on 8 fresh seeds as it is."


def test_where_nothing_was_worth_a_try_that_is_all_that_is_said():
    nothing = replace(FAILED, before=None, after=None, tried=(), reason=NoConfirmation.NOTHING_TO_TRY)
    assert cure_said(nothing) == ["No cure is confirmed: the stored trials suggest nothing to try."]


def test_what_the_change_of_a_group_brings_along_is_told_and_what_it_takes_away_is_not():
    changes = {"optimizer": ("sgd", "adam"), "optimizer.momentum": (0.9, None), "optimizer.eps": (None, 1e-3)}
    (said,) = cure_said(replace(CONFIRMED, after=replace(AFTER, changes=changes), needed={}))
    assert said.startswith("Confirmed: change optimizer from sgd to adam (with optimizer.eps 0.001): 8 of 8 ")
