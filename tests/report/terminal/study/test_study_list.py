from dataclasses import dataclass

import pytest

from gradstudy.report.terminal.study.study_list import study_list


@dataclass
class Listed:
    name: str
    question: str = "Does clipping help?"
    source: str = ""
    error: str | None = None
    origin: str = "shipped"


def test_every_study_is_named_with_its_question_source_and_folder(render):
    studies = [Listed("rnn_clip", source="Pascanu 2013"), Listed("mine", "How deep?", origin="/home/me/studies")]
    page = render(study_list(studies))
    assert all(words in page for words in ("rnn_clip", "Pascanu 2013", "mine", "How deep?", "from /home/me/studies"))


def test_every_way_to_run_a_study_is_a_command_of_one_line(render):
    lines = render(study_list([Listed("rnn_clip")])).splitlines()
    commands = [line.strip() for line in lines if line.startswith("python -m gradstudy")]
    assert commands == [
        "python -m gradstudy +study=rnn_clip",
        "python -m gradstudy +study=rnn_clip mode=plan",
        "python -m gradstudy +study=rnn_clip mode=report",
        "python -m gradstudy +study=rnn_clip mode=trial activation=relu",
    ]


def test_a_broken_study_is_listed_with_its_error_and_not_used_as_the_example(render):
    page = render(study_list([Listed("broken", error="line 3: no question"), Listed("good")]))
    assert "cannot be read: line 3: no question" in page
    assert "+study=good" in page
    assert "+study=broken" not in page


@pytest.mark.parametrize("studies", [[], [Listed("broken", error="no")]])
def test_without_a_study_that_runs_the_commands_are_still_told(render, studies):
    assert "python -m gradstudy +study=NAME" in render(study_list(studies))


def test_what_people_write_stays_text_and_within_the_page(render):
    page = render(study_list([Listed("[red]name", "[bold]bold?[/bold] :smile: " + "long " * 40, error=None)]))
    assert "[red]name" in page
    assert "[bold]bold?[/bold] :smile:" in page
    assert page.count("long") == 40
    assert max(map(len, page.splitlines())) <= 80
    assert "\x1b" not in page
