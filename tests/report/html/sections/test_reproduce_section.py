"""How to do it again: commands to copy, seeds, versions, and where everything is."""

import ast
import html
import re

import pytest

from gradstudy.report.html.sections.reproduce_section import reproduce_section

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
