"""What was tried, in words: counts, what each change is for, and rows of a table."""

from dataclasses import replace

from support.made_cures import CONFIRMED, FAILED

from gradstudy.words.tried_words import cure_said, effort_words, needed_words, tried_rows


def test_a_confirmed_cure_is_told_with_its_counts_and_what_each_change_is_for():
    confirmed, needed = cure_said(CONFIRMED)
    assert confirmed.startswith(
        "Confirmed: change activation from sigmoid to relu, lr.value from 0.5 to 0.001: 8 of 8 "
    )
    assert "(95 % interval 68 to 100 %), and it learns .81 of the way instead of .02; before: 0 of 8." in confirmed
    assert needed == (
        "Every change is needed: without that of activation 1 of 4 seeds are well, and learn .03 of the way; without "
        "that of lr.value 3 of 4 seeds are well, and learn -.40 of the way."
    )


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
