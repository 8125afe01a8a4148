import pytest

from gradstudy.report.html.page import assets


@pytest.mark.parametrize("ending", [".css", ".js"])
def test_the_pages_own_file_comes_first_and_none_ends_a_script(ending):
    text = assets(ending)
    assert text.startswith({".css": "/* What every section", ".js": "// Tooltips"}[ending])
    assert "</" not in text
