import pytest
from jinja2 import UndefinedError

from gradstudy.report.rendering import breakable, render


def test_what_a_template_is_not_given_is_an_error():
    with pytest.raises(UndefinedError, match="counts"):
        render("verdict_bar.html")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("clipping.max_norm", "clipping.<wbr>max_<wbr>norm"),
        ("0.1 to 0.46", "0.1 to 0.46"),
        ("<b>.x", "&lt;b&gt;.<wbr>x"),
        (3, "3"),
    ],
)
def test_a_name_may_go_on_behind_a_dot_but_not_a_number(name, shown):
    assert breakable(name) == shown
