import numpy as np

from gradstudy.report.terminal.trial.flow_page import probe_table


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
