"""What is said of cures in the answer to a study's question."""

from dataclasses import replace

from support.made_cures import CONFIRMED, FAILED

from gradstudy.analysis.cure.cure import Cure
from gradstudy.words.cure_words import cures_words, way_words


def kind(cure: Cure, verdict: str) -> Cure:
    return replace(cure, verdict=verdict)


def test_the_answer_says_which_kinds_are_cured_and_which_are_not():
    found = [kind(CONFIRMED, "vanishing"), kind(FAILED, "exploding"), kind(CONFIRMED, "diverged")]
    assert cures_words(found) == (
        "For the typical vanishing and diverged network a cure is confirmed on fresh seeds; for the exploding one none "
        "is."
    )
    assert cures_words(found[1:2]) == "For the typical exploding network no cure is confirmed."


def test_a_cure_of_the_gradients_alone_is_called_that():
    alone = replace(kind(CONFIRMED, "vanishing"), gradients_alone=True)
    assert cures_words([alone]) == (
        "For the typical vanishing network a cure of its gradients alone is confirmed on fresh seeds."
    )
    assert cures_words([alone, kind(CONFIRMED, "diverged"), kind(FAILED, "exploding")]) == (
        "For the typical diverged network a cure is confirmed on fresh seeds, for the vanishing one of its gradients "
        "alone; for the exploding one none is."
    )


def test_where_nothing_was_tried_nothing_is_said():
    assert cures_words([]) == cures_words([replace(FAILED, tried=())]) == ""


def test_what_nobody_knows_is_no_share_of_the_way():
    assert way_words(replace(CONFIRMED.tried[0], learned=float("nan"))) == "-"
    assert way_words(replace(CONFIRMED.tried[0], learned=-0.001)) == ".00"
