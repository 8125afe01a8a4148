import pandas as pd

from gradstudy.words.outcome_words import learning_words, outcomes_words


def members(*pairs):
    return pd.DataFrame(pairs, columns=["verdict", "outcome"]).assign(trial=range(len(pairs)))


LEARNED, STUCK, OTHER = ("healthy", "learned"), ("healthy", "stuck"), ("vanishing", "learned")


def said(*pairs, steps=100, needed=0.1):
    return learning_words(members(*pairs), steps, needed)


def test_healthy_members_that_learned_nothing_are_told_apart():
    assert said(LEARNED, LEARNED, STUCK, STUCK, STUCK, ("diverged", "stuck")) == (
        "Of 6 members 2 are healthy and learned; 3 are healthy but learned nothing, stuck at the loss of the task's "
        "baseline, which is what whoever disregards the inputs scores."
    )
    assert said(LEARNED, ("vanishing", "stuck")) == "Of 2 members 1 is healthy and learned."


def test_what_learned_though_its_gradients_vanish_is_counted_too():
    assert said(STUCK, OTHER).endswith("; 1 learned though its gradients are not healthy.")


def test_a_budget_that_was_too_short_for_anybody_is_said_to_be_with_what_to_do():
    words = said(STUCK, STUCK, ("vanishing", "stuck"), steps=20, needed=0.25)
    assert words.startswith("No member learned: that takes 25 % of the way to 0 from the loss of the task's baseline,")
    assert words.endswith(
        "20 steps are too short for anybody, so being stuck is held against none: raise budget.steps, or vary lr.value "
        "and optimizer."
    )
    assert "healthy" not in words
    lucky = learning_words(members(LEARNED, STUCK).assign(trial=0), 20, 0.1)
    assert lucky.startswith("No trial learned on every seed, though 1 member of 2 did: that takes 10 %")


def test_gradients_that_fail_in_most_members_are_blamed_before_the_budget():
    words = said(STUCK, *[("diverged", "stuck")] * 2, steps=20)
    assert "too short" not in words
    assert words.endswith(
        "The gradients of 2 of 3 members are not healthy, which may be why; whether 20 steps would be enough nobody "
        "can tell, so being stuck is held against none."
    )


def test_nothing_is_said_of_learning_where_nothing_is_known():
    assert said(("healthy", "untrained")) == ""
    assert said() == ""


def test_outcomes_are_counted_in_a_line():
    assert outcomes_words(members(LEARNED, STUCK, LEARNED)) == "2 learned, 1 stuck"
