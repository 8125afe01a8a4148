"""The diagnosis of the terminal's page, for a notebook."""

import gradstudy


def test_what_is_wrong_is_said_in_a_sentence_per_line(make_record, make_measured):
    """One decade per layer is lost over six layers, where theory says half of it."""
    decay = [[10.0**-layer for layer in range(6, -1, -1)]]
    said = gradstudy.diagnose(make_measured(make_record(decay), theory=[-3, -2.5, -2, -1.5, -1, -0.5, 0]))
    assert said.splitlines() == [
        "The signal loses 1.00 decades per layer on its way back (6.0 in all): tanh under default; theory says 0.50.",
        "It vanishes in 1 of 1 members.",
    ]


def test_of_a_healthy_network_one_line_says_so(make_record, make_measured):
    said = gradstudy.diagnose(make_measured(make_record([[1.0, 1.0, 1.0]])))
    assert said.startswith("Nothing is wrong: ")
    assert "\n" not in said
