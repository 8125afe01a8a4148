import json
import shlex

import numpy as np
import pytest
from support.made_records import made_series

from gradstudy.report.terminal.trial.flow_page import flow_page, probe_table, trial_ways


@pytest.fixture
def page(render, make_measured):
    """The page of these records, with its lines as lists of words too."""

    def made(*records, overrides=("activation=tanh",), width=80, **measured):
        text = render(flow_page(make_measured(*records, overrides=overrides, **measured)), width=width)
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


def test_what_was_read_of_a_persons_data_is_told_first(page, make_record):
    text, _ = page(make_record([[1.0]]), data={"left out": "id (a running number)"})
    assert text.index("left out  id (a running number)") < text.index("seed")


def test_responses_show_median_and_range_over_seeds(page, make_record):
    records = [make_record([[10.0**-lost, 1.0]], seed=seed) for seed, lost in enumerate((1, 9, 2))]
    assert ["vanishing", "2.00", "1.00", "9.00", "decades"] in page(*records)[1]


def test_a_response_of_nothing_has_no_minus(page, make_record):
    """A signal that does not change loses -0 decades by arithmetic."""
    text, _ = page(make_record([[1.0, 1.0]], seen={"gradient_cosine": {"all": [-0.0]}}))
    assert "-0" not in text.replace("layer_0", "")


def test_every_seed_shows_verdict_norms_and_losses(page, make_record):
    diverged = make_record(
        [[1.0, 1.0]] * 2,
        norms=[3.0, np.inf],
        loss=[2.5, 0.125],
        first_bad_step=1,
        first_bad_tensor="gradient cell.weight",
    )
    _, lines = page(diverged, make_record([[1.0, 1.0]], seed=1, norms=[5.0], loss=[4.0]), width=120)
    end = ["diverged", "at", "step", "1,", "first", "in", "gradient", "cell.weight"]
    assert ["0", "3", "->", "inf", "2.5", "->", "0.125", *end, "untrained"] in lines
    assert ["1", "5", "4", "healthy", "untrained"] in lines


def test_the_page_says_whether_its_seeds_learned_and_against_what(page, make_record):
    records = [
        make_record([[1.0, 1.0]] * 2, seed=seed, loss=loss, baseline=2.0, seen={"held_out_accuracy": {"all": [0.95]}})
        for seed, loss in enumerate(([2.0, 0.5], [2.0, 2.0]))
    ]
    for record in records:
        record.series["baseline_accuracy"] = made_series([0.125])
    text, lines = page(*records, width=120)
    words = " ".join(text.split())
    assert "Learned: 1 learned, 1 stuck. In the median the training loss came 0.375 of the way from 2, the" in words
    assert any(line[-2:] == ["healthy", "stuck"] for line in lines)
    assert ["held-out", "accuracy", "95", "%", "12.5", "%", "0"] in lines


def test_the_cost_of_the_instrument_is_its_median_share_of_the_time(page, make_record):
    costs = ({"recorder": 0.1, "probes": 0.5}, {"recorder": 0.12, "probes": 0.3}, {"recorder": 0.5, "probes": 0.2})
    text, _ = page(*(make_record([[1.0, 1.0]], seed=seed, cost=cost) for seed, cost in enumerate(costs)))
    assert "Instrument: 12 % of the training time for the record, 30 % for looks inside." in text.splitlines()


def test_what_a_replayed_training_cannot_time_is_left_out(page, make_record):
    text, _ = page(make_record([[1.0, 1.0]], cost={"seconds": 1.0, "probes": 0.3}))
    assert "Instrument: 30 % for looks inside." in text.splitlines()


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


def rows(page):
    """Words of each row by the name in front, which ends where two blanks follow."""
    return {line.split("  ")[0]: line.split("  ", 1)[1].split() for line in page.splitlines() if "  " in line}


def test_a_cell_is_the_median_over_places_and_seeds_at_the_first_and_the_last_look(render, make_record):
    shares = ([0.0, 0.9], [0.2, 0.9]), ([0.1, 0.7], [0.3, 0.9])
    records = [
        make_record(np.ones((10, 1)), seed=seed, looks=(0, 9), seen={"dead_units": {"a": one, "b": other}})
        for seed, (one, other) in enumerate(shares)
    ]
    assert rows(render(probe_table(records)))["dead units"] == ["15", "%", "90", "%", "0", "and", "9"]


def test_a_row_has_its_own_steps(render, make_record):
    record = make_record(np.ones((10, 1)), looks=(0, 1, 9), seen={"gradient_cosine": {"all": [0.9, -0.25]}})
    assert rows(render(probe_table([record])))["cosine of successive gradients"] == ["0.9", "-0.25", "1", "and", "9"]


def test_only_what_was_measured_has_a_row(render, make_record):
    page = render(probe_table([make_record([[1.0]], seen={"held_out_accuracy": {"all": [0.5]}})]))
    heading, _, row, _ = page.splitlines()
    assert heading.startswith("looking inside")
    assert row.split() == ["held-out", "accuracy", "50", "%", "0"]


def test_nothing_to_show_is_no_table(make_record):
    assert probe_table([make_record([[1.0]])]) is None


def test_an_infinite_update_of_a_bias_of_zero_does_not_hide_the_others(render, make_record):
    ratios = {"weight": [0.001], "bias": [np.inf], "readout": [0.003]}
    assert (
        rows(render(probe_table([make_record([[1.0]], seen={"update_ratio": ratios})])))["update / weight"][0]
        == "0.002"
    )


def test_what_is_never_finite_is_said_in_words(render, make_record):
    record = make_record([[1.0]], seen={"held_out_loss": {"all": [np.nan]}})
    assert rows(render(probe_table([record])))["held-out loss"] == ["not", "finite", "0"]


def test_of_the_jacobian_the_largest_and_the_smallest_singular_value_are_shown(render, make_record):
    values = {"value_001": [8.0], "value_002": [2.0], "value_003": [0.5]}
    found = rows(render(probe_table([make_record([[1.0]], seen={"jacobian": values})])))
    assert found["jacobian, largest singular value"] == ["8", "0"]
    assert found["jacobian, smallest"] == ["0.5", "0"]


OVERRIDES = ["model=mlp", "activation=sigmoid", "activation.slope=2", "init=lecun", "init.gain=1.5", "budget.steps=5"]


def ways(render, overrides, study=()):
    """The two ways, by what they are about, each on one line as a shell and Python read it."""
    page = render(trial_ways(overrides, study)).replace(" \\\n", " ")
    causes, notebook = page.split("in a notebook")
    return shlex.split(causes.removeprefix("what causes it")), notebook.strip()


def test_the_command_of_the_study_is_quoted_for_a_shell(render):
    study = ["name=mine", "task.path=my data.csv", "+space.activation=choice(sigmoid,relu)"]
    assert ways(render, OVERRIDES, study)[0] == ["python", "-m", "gradstudy", *study]


def test_a_notebook_measures_the_same_overrides(render):
    _, notebook = ways(render, [*OVERRIDES, "space.x=choice('a \"b\"', c)"])
    call, _, given = notebook.partition("(")
    assert call == "gradstudy.measure"
    assert json.loads(given.removesuffix(")"))[-1] == "space.x=choice('a \"b\"', c)"
