import pytest

from gradstudy.report.summary import summary

COMMAND = "python -m gradstudy +study=rnn_clip"
UI = "mlflow ui --backend-store-uri sqlite:///mlflow.db"


@pytest.fixture
def page(render, make_ranking):
    rankings = [make_ranking({}), make_ranking({"factor": "clipping"}, response="exploding")]
    verdicts = ["healthy", "vanishing", "vanishing", "diverged"]
    return render(summary("rnn_clip", rankings, verdicts, store="sqlite:///mlflow.db", ui_command=UI, command=COMMAND))


def test_both_rankings_come_in_the_order_given(page):
    assert 0 <= page.index("What makes gradients vanish?") < page.index("What makes gradients explode?")


def test_the_verdicts_of_all_members_are_counted(page):
    words = " ".join(page.split())
    assert "4 members: healthy 1 (25 %), vanishing 2 (50 %), exploding 0 (0 %), diverged 1 (25 %)" in words


@pytest.mark.parametrize(
    "line",
    [
        "sqlite:///mlflow.db",
        UI,
        "python -m gradstudy +study=rnn_clip mode=report",
        'gradstudy.load_study("rnn_clip")',
    ],
)
def test_every_way_on_stands_on_one_line_to_copy(page, line):
    assert any(written.rstrip().endswith(line) for written in page.splitlines())


def test_a_summary_is_plain_text_of_80_columns(page):
    assert max(map(len, page.splitlines())) <= 80
    assert "\x1b" not in page


def test_a_name_stays_text_and_a_string_of_python(render):
    page = render(summary('a"[red]b', [], [], store="", ui_command=UI, command=COMMAND))
    assert 'gradstudy.load_study("a\\"[red]b")' in page
