"""What MLflow shows of a trial: what came out, of which levels, and what runs it again."""

import html

from support.made_trials import make_info, make_result

from gradstudy.records import Trial, TrialResult
from gradstudy.report.mlflow.displays import trial_note


def test_it_says_what_came_out_of_which_levels_and_what_runs_it_again():
    result = make_result(4, verdicts=("healthy", "vanishing", "vanishing"))
    first, *others = html.unescape(trial_note(make_info("rnn_clip"), result)).split("\n\n")
    assert first == "**vanishing** (seeds: 1 healthy, 2 vanishing) with activation=tanh, model.depth=2."
    assert "figures/flow.svg" in others[0]
    command = "python -m gradstudy +study=rnn_clip mode=trial activation=tanh model.depth=2"
    assert others[1].replace("\\\n", "").split() == ["```", *command.split(), "```"]


def test_it_says_when_a_seed_ended_and_where_that_began():
    note = html.unescape(trial_note(make_info("rnn_clip"), make_result(0, verdicts=("healthy", "diverged"))))
    assert "Seed 1 diverged at step 7, first in loss." in note


def test_a_level_stays_text():
    plain = make_result(0)
    trial = Trial(0, {"task.label": "<b>|*x*"}, ("task.label='<b>|*x*'",))
    note = trial_note(make_info("rnn_clip"), TrialResult(trial, plain.records, plain.rows))
    words, _, command = note.partition("```")
    assert "<b>" not in words
    assert "*x*" not in words
    assert "<b>|*x*" in command
