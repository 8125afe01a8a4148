"""Studies in progress whose truth is planted: one factor moves one response, and nothing moves the other."""

import numpy as np

from gradstudy.analysis.settings import DEFAULTS
from gradstudy.records import DUMMY, HUNT, SCREEN, Factor, StudyInfo, Trial
from gradstudy.report.terminal.live.so_far import SHORTEST, SoFar

FACTORS = (Factor("activation", ("tanh", "relu")), Factor("optimizer", ("sgd", "adam", "rmsprop")), DUMMY)
IDENTITY = {"name": "s", "fingerprint": "f", "question": "", "source": "", "factors": FACTORS, "seeds": 2, "steps": 5}


def info(trials, phases=(SCREEN,), **hunted):
    return StudyInfo(**IDENTITY, seed=0, design="", command="", trials=trials, phases=phases, hunted=hunted)


def trial(number, phase=SCREEN):
    """Relu loses four decades where tanh loses none, and what explodes is mere noise; factors are crossed."""
    levels = {"activation": ("tanh", "relu")[number % 2], "optimizer": ("sgd", "adam", "rmsprop")[number // 2 % 3]}
    levels["dummy"] = (number * 0.618) % 1.0
    noise = np.random.default_rng(number).normal(size=(2, 2))
    lost = 4.0 * (number % 2)
    rows = [
        {"trial": number, "seed": seed, "vanishing": lost + 0.1 * noise[seed, 0], "exploding": noise[seed, 1]}
        | {"verdict": "healthy", "outcome": "untrained", "first_bad_step": None, "first_bad_tensor": None}
        for seed in range(2)
    ]
    return Trial(number, levels, (), phase), rows


def collected(clock, study, count, seconds=1.0, phase=SCREEN):
    so_far = SoFar(study, DEFAULTS, {}, clock)
    for number in range(count):
        clock.now += seconds
        so_far.add(*trial(number, phase))
    return so_far


def test_the_planted_cause_is_named_and_no_other(clock):
    """A trial a second: the last look is that of the sixtieth."""
    words = collected(clock, info(64), 64).words
    assert words == (
        "So far, by the tests alone: vanishing moves with activation; nothing moves exploding for sure (60 trials)"
    )


def test_factors_that_went_hand_in_hand_so_far_are_called_a_perhaps(clock):
    """Trained by shape: of the first trials all of tanh had sgd, and all of relu adam."""
    so_far = SoFar(info(48), DEFAULTS, {}, clock)
    for number in range(48):
        clock.now += 1.0
        told, rows = trial(number)
        so_far.add(Trial(number, {**told.levels, "optimizer": ("sgd", "adam")[number % 2]}, ()), rows)
    assert "vanishing moves perhaps with activation or optimizer" in so_far.words


def test_of_few_trials_nothing_is_said(clock):
    assert collected(clock, info(30), 30).words == ""


def words_of(clock, seconds):
    """What a study of 200 trials says after each of them."""
    so_far, said = SoFar(info(200), DEFAULTS, {}, clock), []
    for number in range(200):
        clock.now += seconds
        so_far.add(*trial(number))
        said.append(so_far.words)
    return said


def test_it_looks_at_most_ten_times_and_not_in_the_first_seconds(clock):
    assert 5 < len(set(words_of(clock, seconds=1.0))) <= 10
    assert set(words_of(clock, seconds=0.5 * SHORTEST / 200)) == {""}


def test_a_look_that_took_long_is_not_soon_repeated(clock):
    """A second passes whenever the time is asked for, so a look takes one: the first is at trial 20, of too few."""

    class Slow(type(clock)):
        def __call__(self):
            self.now += 1.0
            return self.now

    said = words_of(Slow(), seconds=0.0)
    assert set(said[:119]) == {""}
    assert "(120 trials)" in said[-1]


def test_a_hunt_tells_its_best_trial_with_what_counts(clock):
    study = info(40, phases=(HUNT,), goal="worst", objective=["vanishing"])
    so_far = collected(clock, study, 40, phase=HUNT)
    lost = {number: np.mean([row["vanishing"] for row in trial(number)[1]]) for number in range(40)}
    worst = max(lost, key=lost.get)
    assert so_far.words == f"The worst so far is trial {worst}: vanishing {lost[worst]:.3g}"


def test_trials_of_earlier_launches_are_known_too(clock):
    so_far = SoFar(info(80), DEFAULTS, {number: trial(number) for number in range(63)}, clock)
    for number in range(63, 71):
        clock.now += 2.0
        so_far.add(*trial(number))
    assert "vanishing moves with activation" in so_far.words
    assert "(71 trials)" in so_far.words
