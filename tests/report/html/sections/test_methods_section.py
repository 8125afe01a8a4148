"""The methods in plain words, every number that of the study, and how to do it again."""

import ast
import html
import re
from dataclasses import replace

import pytest

from gradstudy.analysis.settings import DEFAULTS
from gradstudy.records import DUMMY, HUNT, Factor
from gradstudy.report.html.sections.methods_section import methods_section, reproduce_section


def words(fragment):
    return " ".join(re.sub(r"<[^>]*>", "", str(fragment)).split())


@pytest.fixture(scope="module")
def page(findings):
    return words(methods_section(findings))


def test_the_design_is_told_with_its_counts(page):
    assert "36 trials were drawn at random from the space of 5 factors" in page
    assert "Every trial was trained at 2 seeds, 5 steps each: 72 members in all." in page


def test_what_was_read_of_a_persons_data_is_told(make_study, page):
    told = str(methods_section(make_study(info={"data": {"left out": "<id> (a running number)"}})))
    assert "<dt>left out</dt><dd>&lt;id&gt; (a running number)</dd>" in told
    assert "What was read" not in page


def test_the_statistics_are_called_by_their_names(page):
    for term in ("total-effect (Sobol) index", "first-order index", "second-order index", "permutation test"):
        assert term in page
    assert "false discovery rate" in page


def test_the_factors_are_listed_without_the_dummy_and_say_where_they_live(findings, tables):
    rows = tables(str(methods_section(findings)))[0]
    assert ["lr.value", "0.001 to 0.1, evenly over decades", "every trial"] in rows
    assert ["activation", "tanh, relu, sigmoid", "every trial"] in rows
    assert ["clipping.max_norm", "0.1 to 10, evenly over decades", "18 trials"] in rows
    assert not any("dummy" in row[0] for row in rows)


def test_a_conditional_factor_is_named_as_one(page):
    assert "clipping.max_norm lives in some trials only" in page


def test_the_trust_in_every_ranking_is_its_own(findings, tables):
    ranking = findings.rankings[0]
    (row,) = tables(str(methods_section(findings)))[1][1:]
    assert row[:2] == ["vanishing (decades)", "36"]
    assert float(row[2]) == pytest.approx(ranking.fit, abs=0.0051)
    assert int(row[6]) == ranking.diverged > 0


def test_cap_thresholds_draws_and_confidence_are_those_of_the_settings(make_study, findings):
    settings = replace(DEFAULTS, cap=7.0, first_steps=1, confidence=0.9, draws=64, negligible=0.1)
    page = words(methods_section(make_study(responses=(), rankings=findings.rankings, settings=settings)))
    assert "0 where it loses none, and 7 at most" in page
    assert "its median in the first 1 step (within" in page
    assert "90 % intervals come from 64 draws" in page
    assert "significant at 10 %" in page
    assert "ends below 0.1" in page


def test_only_responses_that_were_ranked_are_defined_beside_the_usual_ones(make_study, findings, page):
    assert "log-rank" not in page
    ranking = replace(findings.rankings[0], response="time_to_divergence")
    timed = words(methods_section(make_study(responses=(), rankings=(ranking,))))
    assert "Ranked by log-rank scores" in timed
    assert "clipping changed the gradient" not in timed


def test_diverged_members_are_counted_as_data(findings, make_study, page):
    diverged = int((findings.run.members["verdict"] == "diverged").sum())
    assert f"The {diverged} members that diverged are data" in page
    members = findings.run.members.assign(verdict="healthy")
    assert "here none did" in words(methods_section(make_study(members, responses=())))


def test_a_hunt_says_that_it_ranks_nothing_and_why(findings, make_study):
    members = findings.run.members.assign(phase=HUNT)
    info = {"design": "tpe", "hunted": {"goal": "worst", "objective": ["gain"]}, "phases": (HUNT,)}
    page = words(methods_section(make_study(members, responses=(), info=info)))
    assert "36 trials were chosen by what came out before, in search of the worst (search=tpe)." in page
    assert "Such trials rank no causes." in page
    assert "Why there is no ranking" in page
    assert "drawn at random from the space" not in page


def test_an_untrained_study_of_one_seed_says_what_that_means(findings, make_study):
    members = findings.run.members[findings.run.members["seed"] == 0]
    page = words(methods_section(make_study(members, responses=(), info={"steps": 0})))
    assert "trained at 1 seed, no step: what is measured is the first backward pass" in page
    assert "With one seed nobody knows" in page


def test_names_stay_text(findings, make_study):
    factor = Factor("<b>", ("<i>", "x"))
    members = findings.run.members.assign(**{"<b>": "x"})
    found = str(methods_section(make_study(members, factors=(factor, DUMMY), responses=())))
    assert "<b>" not in found
    assert "&lt;i&gt;, x" in found


COMMAND = "python -m gradstudy +study=rnn_clip 'model.width=8' 'task.path=/a b/<c>.csv'"


@pytest.fixture
def section(findings, make_study):
    return lambda **info: str(reproduce_section(make_study(findings.run.members, responses=(), info=info)))


def commands(fragment):
    return [html.unescape(found) for found in re.findall(r'<pre class="command">(.*?)</pre>', fragment, re.DOTALL)]


def test_the_commands_are_whole(section):
    found = commands(section(command=COMMAND))
    assert found[0] == COMMAND
    assert found[1] == f"{COMMAND} mode=report"
    assert found[3].startswith("mlflow ui")
    assert "<c>" not in section(command=COMMAND)


def test_the_notebook_lines_are_python_whatever_the_name(section):
    name = 'a "quoted" \\ <b>'
    lines = commands(section(name=name))[2]
    *_, call = ast.parse(lines).body
    assert [argument.value for argument in call.value.args] == [name]


def test_seeds_fingerprint_and_versions_are_listed(section, tables):
    rows = dict(
        row[:2] for row in tables(section(seeds=4, seed=17, fingerprint="abc", versions={"torch": "2.13.0"}))[0]
    )
    assert rows["seed of the study"] == "17"
    assert rows["seeds of members"].startswith("0 to 3 ")
    assert rows["fingerprint"].startswith("abc")
    assert rows["torch"] == "2.13.0"


def test_a_study_older_than_its_versions_says_so(section, tables):
    rows = dict(row[:2] for row in tables(section(versions={}, seeds=1))[0])
    assert rows["versions"] == "not stored: this study is older than their being kept"
    assert rows["seeds of members"].startswith("0 (")
