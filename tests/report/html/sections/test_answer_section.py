"""The head of the page, and what a hunt brought."""

from dataclasses import replace

import pandas as pd
import pytest

from gradstudy.report.answer import answer_sentences
from gradstudy.report.findings import HUNTED_NOT_RANKED, HuntFindings, about_words
from gradstudy.report.html.sections.answer_section import answer_head, hunt_section
from gradstudy.search.objective import objectives_of


def members(*verdicts):
    return pd.DataFrame({"trial": range(len(verdicts)), "vanishing": 0.0, "exploding": 0.0, "verdict": verdicts})


def test_the_head_has_the_question_the_sentences_of_the_answer_and_the_verdicts(findings):
    head = answer_head(findings)
    assert "<h1>Does clipping help?</h1>" in head
    for sentence in answer_sentences(findings):
        assert f"<p>{sentence}</p>" in head
    counts = findings.run.members["verdict"].value_counts()
    assert f"vanishing {counts['vanishing']} (" in head


def test_the_facts_count_trials_seeds_steps_and_factors_without_the_dummy(make_findings):
    assert "2 trials at 4 seeds each, 200 steps of training, 2 factors</p>" in answer_head(
        make_findings(members("healthy", "diverged"))
    )
    assert "2 trials at 1 seed each, 1 step of training" in answer_head(
        make_findings(members("healthy", "diverged"), info={"seeds": 1, "steps": 1})
    )


def test_a_study_that_goes_on_says_so(make_findings):
    assert "the study is running" in answer_head(make_findings(members("healthy"), progress="running"))


def test_a_study_without_a_question_is_called_by_its_name(make_findings):
    assert "<h1>a&lt;b</h1>" in answer_head(make_findings(members("healthy"), info={"question": "", "name": "a<b"}))


HUNT = HuntFindings(
    best=pd.DataFrame(
        {"trial": [4, 1], "activation": ["<relu>", "tanh"], "vanishing": [0.5, 1.25], "n_diverged": [0, 0]}
    ),
    objectives=objectives_of({"goal": "healthiest", "objective": ["vanishing"]}),
    trials=30,
    pruned=2,
    ranked=False,
    verdicts={4: "2 healthy", 1: "1 healthy, 1 vanishing"},
    commands={4: "python -m gradstudy 'activation=<relu>'", 1: "python -m gradstudy activation=tanh"},
)


@pytest.fixture
def section(findings, make_study):
    return lambda hunt: str(hunt_section(make_study(findings.run.members, responses=(), hunt=hunt)))


def test_the_best_trials_stand_in_their_order_with_what_counted(section, tables):
    found = section(HUNT)
    assert tables(found)[0] == [
        ["trial", "vanishing", "seeds", "levels"],
        ["4", "0.5", "2 healthy", "activation=<relu>"],
        ["1", "1.25", "1 healthy, 1 vanishing", "activation=tanh"],
    ]
    assert about_words(HUNT) in found
    assert "Which configurations are healthiest?" in found
    assert "<relu>" not in found


def test_it_says_that_hunted_trials_rank_nothing_unless_a_screen_did(section):
    assert HUNTED_NOT_RANKED in section(HUNT)
    assert HUNTED_NOT_RANKED not in section(replace(HUNT, ranked=True))


def test_every_trial_has_its_command(section):
    found = section(HUNT)
    assert found.count('<pre class="command">') == 2
    assert "python -m gradstudy activation=tanh</pre>" in found


def test_a_hunt_that_finished_no_trial_says_so_and_a_study_without_one_says_nothing(section):
    assert "None of the 30 trials has been trained on all of its seeds." in section(replace(HUNT, best=HUNT.best[:0]))
    assert section(None) == ""
