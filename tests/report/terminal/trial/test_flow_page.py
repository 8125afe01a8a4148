import numpy as np
import pytest

from gradstudy.report.terminal.trial.flow_page import flow_page


@pytest.fixture
def page(render, make_measured):
    """The page of these records, with its lines as lists of words too."""

    def made(*records, overrides=("activation=tanh",), width=80, **measured):
        text = render(flow_page(make_measured(*records, **measured), overrides), width=width)
        return text, [line.split() for line in text.splitlines()]

    return made


def test_the_sentence_comes_before_every_table(page, make_record):
    text, _ = page(make_record([[1e-5, 1e-3, 1e-1]]), theory=[-4.0, -2.0, 0.0])
    order = [
        "activation=tanh",
        "The signal loses 2.00 decades per layer",
        "place",
        "response",
        "verdict",
        "Instrument:",
        "what causes it",
        "in a notebook",
    ]
    found = [text.index(words) for words in order]
    assert found == sorted(found)
    assert "theory says 2.00." in text


def test_responses_show_median_and_range_over_seeds(page, make_record):
    records = [make_record([[10.0**-lost, 1.0]], seed=seed) for seed, lost in enumerate((1, 9, 2))]
    assert ["vanishing", "2.00", "1.00", "9.00", "decades"] in page(*records)[1]


def test_every_seed_shows_verdict_norms_and_losses(page, make_record):
    diverged = make_record(
        [[1.0, 1.0]] * 2,
        norm=[3.0, np.inf],
        loss=[2.5, 0.125],
        first_bad_step=1,
        first_bad_tensor="gradient cell.weight",
    )
    _, lines = page(diverged, make_record([[1.0, 1.0]], seed=1, norm=[5.0], loss=[4.0]), width=100)
    end = ["diverged", "at", "step", "1,", "first", "in", "gradient", "cell.weight"]
    assert ["0", "3", "->", "inf", "2.5", "->", "0.125", *end] in lines
    assert ["1", "5", "4", "healthy"] in lines


def test_the_cost_of_the_instrument_is_its_median_share_of_the_time(page, make_record):
    costs = ({"recorder": 0.1, "probes": 0.5}, {"recorder": 0.12, "probes": 0.3}, {"recorder": 0.5, "probes": 0.2})
    text, _ = page(*(make_record([[1.0, 1.0]], seed=seed, cost=cost) for seed, cost in enumerate(costs)))
    assert "Instrument: 12 % of the training time for the record, 30 % for looks inside." in text.splitlines()


def test_a_record_without_costs_claims_none(page, make_record):
    assert "Instrument" not in page(make_record([[1.0, 1.0]], cost={}))[0]


def test_what_was_seen_inside_stands_on_the_page(page, make_record):
    _, lines = page(make_record([[1.0, 1.0]], seen={"gradient_cosine": {"all": [0.5]}}))
    assert ["cosine", "of", "successive", "gradients", "0.5", "0"] in lines
    assert "looking inside" not in page(make_record([[1.0, 1.0]]))[0]


def test_a_page_stays_text_within_80_columns(page, make_record):
    signal = [10.0 ** np.arange(-300.0, 300.0, 10.0), 10.0 ** np.arange(300.0, -300.0, -10.0)]
    bad = {"first_bad_step": 1, "first_bad_tensor": "gradient [red]" + "encoder.layers." * 5}
    text, _ = page(make_record(signal, **bad), overrides=["[bold]activation=tanh"], no_theory="[blink]gates")
    assert text.startswith("[bold]activation=tanh\n")
    assert "[red]" in text
    assert "[blink]" in text
    assert max(map(len, text.splitlines())) <= 80
    assert not any(line.endswith(" ") for line in text.splitlines())
    assert "\x1b" not in text
