"""Words in Markdown: inert in every dialect, and whole or not at all."""

import html
import re

import pytest

from gradstudy.tracking.markdown import LONGEST_NOTE, code_fence, escaped, markdown_table, note_of


@pytest.mark.parametrize(
    "words",
    [
        "*loud* **louder** _quiet_ __quieter__ ~~gone~~",
        "`code` <script>alert(1)</script> &amp; [a](http://b)",
        "a|b @someone :smile: #1 \\*",
        "http://127.0.0.1",
    ],
)
def test_what_a_person_named_holds_no_mark_and_reads_as_it_was(words):
    shown = escaped(words)
    assert not re.search(r"[*`<>|~@\[\]\\]|:\w|:/|\b_|_\b", shown)
    assert html.unescape(shown) == words


def test_usual_names_and_numbers_stay_readable():
    plain = "clipping.max_norm: 0.5 (n=24), xavier_uniform +2.1"
    assert escaped(plain) == plain


def test_words_over_several_lines_become_one():
    assert escaped("one\n\n# two\t three") == "one &#35; two three"


def test_code_ends_only_where_it_ends():
    assert code_fence("a ``` b") == "````\na ``` b\n````"
    assert code_fence("plain") == "```\nplain\n```"


def test_a_table_has_a_cell_per_word_whatever_it_holds():
    lines = markdown_table(["factor", "share"], [["a|b", "1"], ["`c`\n| d |", "2"]]).splitlines()
    assert [line.count("|") for line in lines] == [3, 3, 3, 3]


def test_a_note_that_is_too_long_loses_its_last_blocks_whole():
    blocks = ["first", "x" * (LONGEST_NOTE // 2), "y" * (LONGEST_NOTE // 2), "last"]
    assert note_of(blocks) == "\n\n".join(blocks[:2])
    assert note_of(["one", "two"]) == "one\n\ntwo"
