import shlex

from gradstudy.report.terminal.plain import way_on
from gradstudy.words.command_words import LINE_WIDTH, folded_command

LONG = "python -m gradstudy +study=rnn_clip " + " ".join(f"space.factor_{n}='choice(a, b)'" for n in range(9))


def test_a_short_way_stands_on_the_line_of_what_it_is_about(render):
    assert render(way_on("stored in", "sqlite:///mlflow.db")) == "stored in       sqlite:///mlflow.db\n"


def test_a_long_command_is_folded_within_the_page_and_read_as_one_by_a_shell(render):
    page = render(way_on("see this again", LONG, folded_command(LONG)))
    about, _, command = page.partition("\n")
    assert about == "see this again"
    assert max(map(len, page.splitlines())) <= LINE_WIDTH
    assert shlex.split(command.replace("\\\n", " ")) == shlex.split(LONG)
    assert folded_command(LONG) == command.rstrip("\n")


def test_an_address_longer_than_the_page_stays_whole_on_a_line_of_its_own(render):
    address = "/home/somebody/" + "a_long_folder/" * 9 + "report.html"
    assert render(way_on("report", address)).splitlines() == ["report", f"  {address}"]
