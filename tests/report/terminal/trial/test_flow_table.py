import numpy as np
import pytest

from gradstudy.analysis.responses.member_row import member_row
from gradstudy.analysis.settings import DEFAULTS
from gradstudy.analysis.theory.prediction import Prediction
from gradstudy.report.terminal.trial.flow_table import TABLE_PLACES, flow_table
from gradstudy.series import evenly_spaced
from gradstudy.words.number_words import amplitude

DECADES = np.arange(-9.0, 1.0)


def cells(page):
    """Each row of the flow as its words without bars, by place."""
    lines = (line.replace("█", "").split() for line in page.splitlines())
    return {line[0]: line[1:] for line in lines if line and line[0].startswith(("layer_", "time_"))}


def bars(page):
    return [line.count("█") for line in page.splitlines() if line.startswith("layer_")]


def predicted(*signal):
    return Prediction(np.array(signal), np.ones(len(signal)))


def test_a_place_shows_log10_of_the_median_over_seeds(render, make_record):
    records = [make_record([[first, 1.0]], seed=seed) for seed, first in enumerate((1e-4, 1e-3, 1e2))]
    assert cells(render(flow_table(records, None))) == {"layer_01": ["-3.00"], "layer_02": ["0.00"]}


@pytest.mark.parametrize(
    ("lasts", "gains"),
    [((1.0, 1e-3, 1e-1), (-6.0, -2.0, -1.0)), ((1.0, 1e-3, 1e-1, 1e-2), (-6.0, -2.0, -1.0, -5.0))],
)
def test_the_flow_falls_by_the_median_of_the_gains_and_not_by_the_gain_of_the_medians(
    render, make_record, lasts, gains
):
    """Of three seeds the medians of both ends fall by 4 (1e-1 to 1e-5), and the median seed falls by 2."""
    pairs = list(zip(lasts, gains, strict=True))
    records = [make_record([[last * 10**gain, last]], seed=seed) for seed, (last, gain) in enumerate(pairs)]
    page = render(flow_table(records, predicted(-2.5, 0.0)))
    first, last = ([float(word) for word in words] for words in cells(page).values())
    sentence = np.median([member_row(record, DEFAULTS)["gain_init"] for record in records])
    assert first[0] - last[0] == pytest.approx(sentence) == pytest.approx(np.median(gains))
    assert first[1] - last[0] == pytest.approx(-2.5)
    assert "each set against its own last place" in page


def test_the_first_and_the_last_recorded_step_stand_side_by_side(render, make_record):
    page = render(flow_table([make_record([[1e-2, 1.0], [5.0, 5.0], [1e-6, 10.0]])], None))
    assert page.split()[:5] == ["place", "step", "0", "step", "2"]
    assert cells(page) == {"layer_01": ["-2.00", "-6.00"], "layer_02": ["0.00", "1.00"]}


def test_theory_starts_from_what_was_measured_at_the_last_place(render, make_record):
    page = render(flow_table([make_record([[1e-4, 1e-3, 1e-1], [1.0, 1.0, 1.0]])], predicted(-3.5, -1.75, 0.0)))
    assert page.split()[:6] == ["place", "step", "0", "theory", "step", "1"]
    assert [words[1] for words in cells(page).values()] == ["-4.50", "-2.75", "-1.00"]


@pytest.mark.parametrize(("said", "word"), [(-np.inf, "zero"), (np.inf, "inf")])
def test_theory_without_a_size_is_a_word(render, make_record, said, word):
    page = render(flow_table([make_record([[1.0, 1.0]])], predicted(said, 0.0)))
    assert cells(page)["layer_01"] == ["0.00", word]


def test_a_true_zero_an_underflow_inf_and_nan_are_told_apart(render, make_record):
    record = make_record([[0.0, 0.0, np.inf, np.nan, 1.0]], exact=[[0.0, 1e-53, np.inf, np.nan, 1.0]])
    page = render(flow_table([record], None))
    words = [" ".join(words) for words in cells(page).values()]
    assert words == ["zero", "underflow (1e-53)", "inf", "nan", "0.00"]
    zero, underflow, infinite, unknown, one = bars(page)
    assert (zero, unknown) == (0, 0)
    assert 0 < underflow < one <= infinite


@pytest.mark.parametrize("read", [np.inf, np.nan])
def test_an_overflow_of_float32_shows_what_float64_saw_with_bars_and_theory(render, make_record, read):
    record = make_record([[read, read, read]], exact=[[1e66, 1e33, 1e-1]])
    page = render(flow_table([record], predicted(66.5, 33.5, 0.0)))
    words = [" ".join(words) for words in cells(page).values()]
    assert words == ["overflow (1e+66) 65.50", "overflow (1e+33) 32.50", "overflow (1e-01) -1.00"]
    first, second, third = bars(page)
    assert first > second > third > 0


def test_a_place_is_called_what_most_members_read_there(render, make_record):
    exact = [[1e66, 1.0]]
    over = [make_record([[np.nan, 1.0]], seed=seed, exact=exact) for seed in range(3)]
    fine = [make_record([[1e30, 1.0]], seed=seed, exact=[[1e30, 1.0]]) for seed in range(3, 6)]
    assert cells(render(flow_table([*over, fine[0]], None)))["layer_01"] == ["overflow", "(1e+66)"]
    assert cells(render(flow_table([*over[:1], *fine], None)))["layer_01"] == ["30.00"]


def test_zeros_of_some_members_do_not_move_the_others(render, make_record):
    """A member that passes nothing back from its last place on has nothing to be set against."""
    records = [make_record([[0.0, 0.0]]), *(make_record([[1e-4, 1e-1]], seed=seed) for seed in (1, 2))]
    assert cells(render(flow_table(records, None))) == {"layer_01": ["-4.00"], "layer_02": ["-1.00"]}


@pytest.mark.parametrize(
    ("decades", "written"), [(-52.5, "3e-53"), (66.0, "1e+66"), (2.99, "1e+03"), (-330.0, "1e-330"), (309.3, "2e+309")]
)
def test_an_amplitude_is_written_with_one_digit_also_beyond_float64(decades, written):
    assert amplitude(decades) == written


def test_an_amplitude_of_one_has_no_negative_logarithm(render, make_record):
    assert cells(render(flow_table([make_record([[1 - 1e-9]])], None))) == {"layer_01": ["0.00"]}


def test_a_zero_of_this_batch_is_none_of_the_precision(render, make_record):
    """A look repeats the first batch: where it sees 1e-3, what another batch reads as 0 did not underflow."""
    record = make_record([[1.0, 1.0], [0.0, 1.0]], exact=[[1.0, 1.0], [1e-3, 1.0]], looks=(0, 1))
    assert cells(render(flow_table([record], None)))["layer_01"] == ["0.00", "zero"]


def test_a_zero_that_float64_did_not_look_at_is_only_read(render, make_record):
    page = render(flow_table([make_record([[1.0, 1.0], [0.0, 1.0]])], None))
    assert cells(page)["layer_01"] == ["0.00", "reads", "0"]


def test_bars_grow_with_decades_and_not_with_amplitude(render, make_record):
    lengths = bars(render(flow_table([make_record([10.0**DECADES])], None)))
    steps = np.diff(lengths)
    assert (steps > 0).all()
    assert steps.max() - steps.min() <= 1


def test_bars_go_on_where_float32_ends(render, make_record):
    truth = 10.0 ** np.arange(-59.5, 1.0, 12.0)
    page = render(flow_table([make_record([np.where(truth < 1e-37, 0.0, truth)], exact=[truth])], None))
    steps = np.diff(bars(page))
    assert (steps >= 0).all()
    assert steps.max() - steps.min() <= 1
    assert "bars from 1e-60 to 1e+1" in page


def test_a_flow_of_nothing_but_zeros_is_a_table_without_bars(render, make_record):
    page = render(flow_table([make_record([[0.0, 0.0]])], None))
    assert cells(page) == {"layer_01": ["zero"], "layer_02": ["zero"]}
    assert "█" not in page
    assert "bars" not in page


def test_a_table_says_when_places_were_left_out(render, make_record):
    page = render(flow_table([make_record(np.ones((1, 60)), kind="time")], None))
    assert len(cells(page)) == TABLE_PLACES
    assert f"{TABLE_PLACES} of 60 places" in page


def test_the_widest_table_keeps_every_word_in_80_columns(render, make_record):
    truth = 10.0 ** np.linspace(-250, 0, 60)
    signal = [np.where(truth < 1e-37, 0.0, truth)] * 200
    record = make_record(signal, exact=[truth, truth], looks=(0, 199), kind="time")
    page = render(flow_table([record], predicted(*np.log10(truth))))
    assert max(map(len, page.splitlines())) <= 80
    assert page.count("underflow (") == 2 * sum(truth[place] < 1e-37 for place in evenly_spaced(60, TABLE_PLACES))
    assert cells(page)["time_01"] == ["underflow", "(1e-250)", "-250.00", "underflow", "(1e-250)"]


def test_where_every_step_has_an_answer_the_flow_is_that_of_the_last_one_at_its_first_and_last_look(
    render, make_record
):
    seen = {"far_signal": {"time_001": [1e-40, 1e-2], "time_002": [1e-3, 1e-3]}}
    record = make_record(np.ones((5, 2)), places=["time_001", "time_002"], looks=(0, 3), seen=seen)
    page = render(flow_table([record], predicted(-37.5, 0.0)))
    assert page.split()[:8] == ["place", "step", "0", "theory", "step", "3", "---------", "-------"]
    assert cells(page) == {"time_001": ["-40.00", "-40.50", "-2.00"], "time_002": ["-3.00", "-3.00", "-3.00"]}
    assert "from the last answer alone" in page
    assert "alone" not in render(flow_table([make_record(np.ones((5, 2)))], None))
