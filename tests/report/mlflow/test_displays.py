"""What MLflow shows of a study and of a trial: the answer first, what it rests on, the ways on; nobody's markup."""

import html
import io

import pandas as pd
import pytest
from support.made_trials import make_info, make_result

from gradstudy.analysis.prescription.prescription import Prescription
from gradstudy.analysis.theory.agreement import agreement
from gradstudy.conclusions import NoCure
from gradstudy.records import Trial, TrialResult
from gradstudy.report.mlflow.displays import MOST_ROWS, study_files, study_note, trial_note
from gradstudy.tracking.markdown import LONGEST_NOTE
from gradstudy.tracking.record_file import tidy

MEMBERS = pd.DataFrame(
    [
        (0, 0, 6.0, 0.1, "vanishing"),
        (0, 1, 5.0, 0.1, "vanishing"),
        (1, 0, 0.3, 0.1, "healthy"),
        (1, 1, 0.2, 9, "diverged"),
    ],
    columns=["trial", "seed", "vanishing", "exploding", "verdict"],
)


@pytest.fixture
def note(make_findings):
    """The note's paragraphs, as a person reads them."""

    def written(**fields):
        return html.unescape(study_note(make_findings(MEMBERS, **fields))).split("\n\n")

    return written


def test_the_question_and_the_answer_stand_before_all_else(note, make_ranking):
    question, answer, *_ = note(rankings=(make_ranking({"factor": "init"}),))
    assert question == "**Does clipping help?**"
    assert answer.startswith("Gradients vanish in 2 of 4 members")
    assert "init" in answer


def test_what_was_read_of_a_persons_data_is_told_in_the_note(note):
    paragraphs = note(info={"data": {"left out": "*id* (a running number)"}})
    assert "- left out: *id* (a running number)" in paragraphs[paragraphs.index("### What was read") + 1]
    assert "### What was read" not in note()


def test_a_ranking_is_a_table_of_its_first_rows_and_says_where_the_others_are(note, make_ranking):
    names = [f"factor_{which}" for which in range(MOST_ROWS + 2)]
    paragraphs = note(rankings=(make_ranking(*({"factor": name} for name in names), fit=0.3),))
    place = paragraphs.index("### What makes gradients vanish?")
    heading, _, *rows = paragraphs[place + 1].splitlines()
    assert [cell.strip("\u2003 ") for cell in heading.split("|")[1:3]] == ["factor", "share of the variance"]
    assert [row.split("|")[1].strip("\u2003 ") for row in rows] == names[:MOST_ROWS]
    assert ".20 [.10, .30]" in rows[0]
    assert paragraphs[place + 2] == "And 2 more in `ranking/vanishing.csv`."
    assert paragraphs[place + 3].endswith("badly: shares are rough; add trials.")


def test_every_member_is_counted(note):
    assert "4 members: healthy 1 (25 %), vanishing 2 (50 %), exploding 0 (0 %), diverged 1 (25 %)." in note()


def test_a_prescription_is_a_line(note):
    cure = Prescription(trial=0, levels={}, verdict="vanishing", failing=2, seeds=2, reason=NoCure.UNSURE)
    assert f"- {cure.note}" in note(prescriptions=(cure,))
    assert cure.note.startswith("Trial 0 is vanishing: 2 of 2 seeds fail. Nothing can be prescribed: no change")


def test_the_ways_on_can_be_copied(note):
    words = "\n".join(note(info={"name": 'a "b"'}))
    assert "```\n  python -m gradstudy +study=rnn_clip mode=report\n```" in words
    assert '```\ngradstudy.load_study("a \\"b\\"")\n```' in words


def test_what_people_named_stays_text(make_findings, make_ranking):
    evil = "<script>alert(1)</script> | *x* `y`\n# z"
    ranking = make_ranking({"factor": evil, "direction": evil})
    info = {"question": evil, "source": evil}
    written = study_note(make_findings(MEMBERS, rankings=(ranking,), info=info))
    assert "<" not in written
    assert "*x*" not in written
    assert [line for line in written.splitlines() if line.startswith("# ")] == []
    assert written.count("&#60;script&#62;") >= 4


def test_a_note_of_many_rankings_is_cut_between_paragraphs(make_findings, make_ranking):
    rankings = (make_ranking(*({"factor": "x" * 60 + str(which)} for which in range(6))),) * 5
    written = study_note(make_findings(MEMBERS, rankings=rankings))
    assert len(written) <= LONGEST_NOTE
    assert written.endswith("x5.")


PREDICTED = pd.DataFrame(
    [(trial, 0, 0.0, 0.0, "healthy", -trial, -trial - 0.1) for trial in range(4)],
    columns=["trial", "seed", "vanishing", "exploding", "verdict", "gain_init", "gain_init_theory"],
)
PNG = b"\x89PNG"


@pytest.fixture
def files(make_findings):
    """The files of a study of which no record is stored."""
    members = PREDICTED.assign(gain=0.0, first_bad_step=None, first_bad_tensor=None)
    stored = {"info": {"factors": ()}, "gradients": lambda **asked: tidy((), asked)}
    return lambda **given: study_files(make_findings(members, **stored, **given))


def test_a_study_that_ranked_nothing_has_its_page_alone(files):
    (name, page), *others = files().items()
    assert (name, others) == ("report.html", [])
    assert page.startswith(b"<!doctype html>")
    assert b"rnn_clip" in page


def test_every_ranking_has_a_table_and_its_figures_and_theory_has_one(files, make_ranking):
    rows = ({"factor": "init", "share": 0.123456}, {"factor": "activation"}, {"factor": "dummy"})
    rankings = (make_ranking(*rows), make_ranking(*rows, response="exploding"))
    found = files(rankings=rankings, theory=agreement(PREDICTED))
    figures = {f"figures/{kind}_{one.response}.png" for kind in ("ranking", "interactions") for one in rankings}
    tables = {"ranking/vanishing.csv", "ranking/exploding.csv"}
    assert set(found) == {"report.html", "figures/theory.png", *figures, *tables}
    assert all(found[name].startswith(PNG) for name in (*figures, "figures/theory.png"))
    table = pd.read_csv(io.BytesIO(found["ranking/vanishing.csv"]))
    assert list(table["factor"]) == ["init", "activation", "dummy"]
    assert table["share"][0] == 0.1235


def test_one_factor_has_no_interactions_and_a_ranking_without_shares_no_figure(files, make_ranking):
    alone = files(rankings=(make_ranking({"factor": "init"}, {"factor": "dummy"}),))
    assert {"figures/ranking_vanishing.png", "ranking/vanishing.csv", "report.html"} == set(alone)
    nan = float("nan")
    unknown = make_ranking({"factor": "init", "share": nan, "first": nan}, {"factor": "lr", "share": nan, "first": nan})
    assert {"ranking/vanishing.csv", "report.html"} == set(files(rankings=(unknown,)))


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
