import pandas as pd

from gradstudy.report.answer import answer_sentences
from gradstudy.report.html.sections.answer_section import answer_head


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
