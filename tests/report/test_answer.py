"""The answer in sentences, of rankings whose rows are given."""

import numpy as np
import pandas as pd
import pytest

from gradstudy.analysis.settings import Analysis
from gradstudy.report.answer import answer_sentences
from gradstudy.report.findings import HuntFindings
from gradstudy.search.objective import objectives_of

MEMBERS = pd.DataFrame(
    {
        "trial": range(8),
        "vanishing": [5.0] * 3 + [0.0] * 5,
        "exploding": [0.0] * 5 + [10.0] * 3,
        "verdict": ["vanishing"] * 3 + ["healthy"] * 2 + ["exploding"] + ["diverged"] * 2,
    }
)
RELU = "relu raises vanishing by 4.1 decades (a factor of about 10000) over tanh"
SECOND = {"factor": "init", "share": 0.15, "rank": 2, "direction": "normal raises it by 1.5 decades over identity"}
NO_EVIDENCE = {"verdict": "no evidence", "evidence": False}
BLANK = {"share": np.nan, "first": np.nan, "rank_low": None, "rank_high": None}


@pytest.fixture
def answered(make_findings, make_ranking):
    """The only sentence of a ranking with these rows."""

    def sentence(*rows, members=MEMBERS, settings=None, **fields):
        given = {"settings": settings} if settings else {}
        (words,) = answer_sentences(make_findings(members, rankings=(make_ranking(*rows, **fields),), **given))
        return words

    return sentence


def test_the_answer_says_how_many_what_decides_it_how_surely_and_which_way(answered):
    assert answered({}) == (
        "Gradients vanish in 3 of 8 members; how much they shrink depends above all on activation (a hand in 20 % of "
        f"the variance, 95 % interval 10 to 30 %: {RELU})."
    )


def test_all_that_may_be_the_first_cause_is_told_in_full_and_the_rest_by_name(answered):
    others = [{"factor": name, "rank_low": 2} for name in ("a", "b")]
    words = answered({}, SECOND, *others)
    assert (
        " and init (15 %, 10 to 30 %: normal raises vanishing by 1.5 decades over identity), less on a and b." in words
    )
    assert "less on init and a." in answered({}, {**SECOND, "rank_low": 2}, others[0])


def test_of_many_causes_the_last_are_only_counted(answered):
    words = answered(*({"factor": f"f{place}", "rank_low": 1 + place} for place in range(7)))
    assert words.endswith("less on f1, f2, f3 and 3 more factors.")


def test_what_does_both_is_counted_in_both(answered):
    """Named by what came first, 3 vanish; 2 of them exploded as well."""
    both = MEMBERS.assign(exploding=[3.0, 4.0, 0.0, *MEMBERS["exploding"][3:]])
    assert answered({}, members=both).startswith("Gradients vanish in 3 of 8 members (2 of them explode too); how")
    words = answered({}, response="exploding", members=both)
    assert words.startswith("Gradients explode in 3 of 8 members (2 of them vanish too) and diverge in 2; how")
    one = MEMBERS.assign(exploding=[3.0, 0.0, 0.0, *MEMBERS["exploding"][3:]])
    assert answered({}, members=one).startswith("Gradients vanish in 3 of 8 members (1 of them explodes too); how")


def test_before_all_causes_stands_how_many_learned(make_findings, make_ranking):
    learned = MEMBERS.assign(outcome=["stuck"] * 4 + ["learned"] + ["stuck"] * 3)
    first, second = answer_sentences(make_findings(learned, rankings=(make_ranking({}),)))
    assert first.startswith(
        "Of 8 members 1 is healthy and learned; 1 is healthy but learned nothing, stuck at the loss"
    )
    assert second.startswith("Gradients vanish in 3 of 8 members;")


def test_exploding_counts_what_diverged_too(answered):
    words = answered({}, response="exploding")
    assert words.startswith(
        "Gradients explode in 1 of 8 members and diverge in 2; how much they grow depends above all"
    )
    calm = MEMBERS.assign(verdict="healthy", exploding=0.0)
    assert answered({}, response="exploding", members=calm).startswith("Gradients explode in none of 8 members; how")


def test_what_is_no_verdict_is_not_counted(answered):
    assert answered({}, response="learned").startswith("What is learned depends above all on activation (a hand in")


def test_without_a_proven_cause_nothing_is_blamed(answered):
    words = answered(NO_EVIDENCE)
    assert words.startswith("Gradients vanish in 3 of 8 members; no factor beats the noise floor")
    assert "activation" not in words


def test_what_could_not_be_ranked_says_why(answered):
    assert answered(trials=5) == (
        "Gradients vanish in 3 of 8 members; no ranking: 5 trials, at least 8 are needed; raise budget.trials."
    )
    assert "Every member diverged." in answered({**BLANK, "verdict": "not ranked"}, diverged=512)


@pytest.mark.parametrize(
    ("fit", "share", "trust"), [(0.8, " in 20 %", "tanh)."), (0.3, " roughly 20 %", "fits badly.")]
)
def test_shares_of_a_surrogate_that_fits_badly_are_called_rough(answered, fit, share, trust):
    words = answered({}, fit=fit)
    assert share in words
    assert words.endswith(trust)


def test_where_the_surrogate_predicts_nothing_the_test_speaks_alone(answered):
    words = answered({**BLANK, "p": 0.0004}, fit=-0.2)
    assert f"activation (by its test alone, p<.001: {RELU})" in words
    assert words.endswith("with shares unknown.")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"direction": "no clear direction", "share": 0.4, "first": 0.1}, ": it acts together with others)"),
        ({"direction": "no clear direction", "share": 0.4, "first": 0.3}, ": no clear direction)"),
        (
            {"direction": "no clear direction", "share": 0.4, "first": 0.1, "size": 1.234},
            ": it acts together with others, by some 1.2 decades (a factor of about 16))",
        ),
        ({"direction": "lowest in the middle"}, ": vanishing is lowest in the middle of its range)"),
    ],
)
def test_a_cause_without_a_plain_direction_says_what_it_does(answered, row, said):
    assert said in answered(row)


def test_the_interval_is_that_of_the_settings(answered):
    assert "90 % interval" in answered({}, settings=Analysis(confidence=0.9))


def test_only_trials_drawn_at_random_are_counted(answered):
    phases = ["screen"] * 4 + ["hunt"] * 4
    assert "in 3 of 4 members" in answered({}, members=MEMBERS.assign(phase=phases))


def test_a_hunt_tells_its_best_trial_with_its_levels(make_findings):
    objectives = objectives_of({"goal": "healthiest", "objective": ["vanishing", "exploding"]})
    best = pd.DataFrame({"trial": [7], "vanishing": [0.0], "exploding": [0.25], "verdict": ["healthy"], "init": ["he"]})
    hunt = HuntFindings(
        best, objectives, trials=40, pruned=0, ranked=False, verdicts={7: "2 healthy"}, commands={7: ""}
    )
    assert answer_sentences(make_findings(MEMBERS, hunt=hunt)) == (
        "The healthiest of 40 trials is trial 7 (vanishing 0 and exploding 0.25; 2 healthy), with init=he.",
    )


@pytest.mark.parametrize(("progress", "said"), [("running", "In progress"), ("stopped", "Stopped early")])
def test_an_unfinished_study_says_first_how_many_of_its_trials_are_known(make_findings, make_ranking, progress, said):
    findings = make_findings(MEMBERS, rankings=(make_ranking({}),), progress=progress, info={"trials": 128})
    first, second = answer_sentences(findings)
    assert first.startswith(f"{said}, 8 of 128 trials so far:")
    assert "may mislead" in first
    assert second.startswith("Gradients vanish")


def test_of_an_older_study_nobody_knows_how_many_were_asked_for(make_findings):
    (said,) = answer_sentences(make_findings(MEMBERS, progress="running"))
    assert said.startswith("In progress, 8 trials so far:")
