import ast

from gradstudy.words.command_words import LINE_WIDTH, folded_call


def test_a_long_call_is_folded_within_the_page_and_read_as_one_by_python():
    words = [f"space.factor_{n}=choice('a', \"b\")" for n in range(9)]
    folded = folded_call("list", words)
    assert max(map(len, folded.splitlines())) <= LINE_WIDTH
    assert ast.literal_eval(folded.strip().removeprefix("list")) == words
