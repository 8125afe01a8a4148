import numpy as np
import pandas as pd
import pytest

from gradstudy.report.flow_page import MOST_PLACES, flow_page, shown_places

MEMBER = {
    "trial": 7,
    "vanishing": 2.0,
    "exploding": 0.0,
    "gain": -2.0,
    "gain_init": -2.5,
    "rate": -0.5,
    "clipped": 0.25,
    "learned": 1.0,
    "verdict": "healthy",
    "first_bad_step": None,
    "first_bad_tensor": None,
}


def members(*changes):
    return pd.DataFrame([{**MEMBER, "seed": seed, **change} for seed, change in enumerate(changes)])


def tidy(*rows):
    frame = pd.DataFrame(rows, columns=["seed", "step", "quantity", "place", "value"])
    return frame.assign(trial=7, quantity=frame["quantity"].astype("category"), place=frame["place"].astype("category"))


def signals(values, step=0, seed=0):
    return [(seed, step, "signal", f"layer_{place:02d}", value) for place, value in enumerate(values)]


def places(page):
    """Each row of the flow as its words without bars, by place."""
    lines = (line.replace("█", "").split() for line in page.splitlines())
    return {line[0]: line[1:] for line in lines if line and line[0].startswith("layer_")}


def bars(page):
    return [line.count("█") for line in page.splitlines() if line.startswith("layer_")]


def test_a_place_shows_log10_of_the_median_over_seeds(render):
    rows = [row for seed, first in enumerate((1e-4, 1e-3, 1e2)) for row in signals([first, 1.0], seed=seed)]
    assert places(render(flow_page(tidy(*rows), members({}, {}, {}), title="t"))) == {
        "layer_00": ["-3.00"],
        "layer_01": ["0.00"],
    }


def test_the_first_and_the_last_recorded_step_stand_side_by_side(render):
    rows = signals([1e-2, 1.0]) + signals([5.0, 5.0], step=3) + signals([1e-6, 10.0], step=9)
    page = render(flow_page(tidy(*rows), members({}), title="t"))
    assert "step 0" in page
    assert "step 9" in page
    assert "step 3" not in page
    assert places(page) == {"layer_00": ["-2.00", "-6.00"], "layer_01": ["0.00", "1.00"]}


def test_zero_inf_and_nan_are_words(render):
    page = render(flow_page(tidy(*signals([0.0, np.inf, np.nan, 1.0])), members({}), title="t"))
    assert [words[0] for words in places(page).values()] == ["zero", "inf", "nan", "0.00"]
    empty, full, none, _ = bars(page)
    assert (empty, none) == (0, 0)
    assert full > 0


def test_bars_grow_with_decades_and_not_with_amplitude(render):
    lengths = bars(render(flow_page(tidy(*signals([1e-9, 1e-6, 1e-3, 1.0])), members({}), title="t")))
    steps = np.diff(lengths)
    assert (steps > 0).all()
    assert steps.max() - steps.min() <= 1


def test_a_flow_of_nothing_but_zeros_is_a_page_too(render):
    page = render(flow_page(tidy(*signals([0.0, 0.0])), members({}), title="t"))
    assert places(page) == {"layer_00": ["zero"], "layer_01": ["zero"]}


@pytest.mark.parametrize("count", [1, 2, MOST_PLACES, MOST_PLACES + 1, 50, 1000])
def test_shown_places_are_evenly_spaced_with_the_first_and_the_last(count):
    names = [f"time_{place:04d}" for place in range(count)]
    shown = shown_places(names[::-1])
    gaps = np.diff([names.index(name) for name in shown])
    assert shown[0] == names[0]
    assert shown[-1] == names[-1]
    assert len(shown) == min(count, MOST_PLACES)
    assert (gaps > 0).all()
    assert count == 1 or gaps.max() - gaps.min() <= 1


def test_a_page_says_when_places_were_left_out(render):
    page = render(flow_page(tidy(*signals(np.ones(60))), members({}), title="t"))
    assert len(places(page)) == MOST_PLACES
    assert f"{MOST_PLACES} of 60 places" in page


def test_responses_show_median_and_range_over_seeds(render):
    table = members({"vanishing": 1.0}, {"vanishing": 9.0}, {"vanishing": 2.0})
    page = render(flow_page(tidy(*signals([1.0])), table, title="t"))
    assert ["vanishing", "2.00", "1.00", "9.00", "decades"] in [line.split() for line in page.splitlines()]


def test_every_seed_shows_verdict_norms_and_losses(render):
    rows = [
        *signals([1.0]),
        (0, 0, "loss", "all", 2.5),
        (0, 8, "loss", "all", 0.125),
        (0, 0, "norm_before_clipping", "all", 3.0),
        (0, 8, "norm_before_clipping", "all", np.inf),
        (1, 0, "loss", "all", 4.0),
    ]
    diverged = {"verdict": "diverged", "first_bad_step": 8, "first_bad_tensor": "cell.weight"}
    lines = render(flow_page(tidy(*rows), members(diverged, {}), title="t"), width=100).splitlines()
    words = [line.split() for line in lines if "verdict" not in line]
    first = ["0", "3", "->", "inf", "2.5", "->", "0.125", "diverged", "at", "step", "8,", "first", "in", "cell.weight"]
    assert first in words
    assert ["1", "-", "4", "healthy"] in words


def test_a_trial_without_a_signal_says_so(render):
    assert "No signal was recorded." in render(flow_page(tidy((0, 0, "loss", "all", 1.0)), members({}), title="t"))


def test_a_flow_stays_text_within_80_columns(render):
    rows = signals(10.0 ** np.arange(-300, 300, 10)) + signals(10.0 ** np.arange(300, -300, -10), step=199)
    long = {"verdict": "diverged", "first_bad_step": 17, "first_bad_tensor": "[red]" + "encoder.layers." * 5}
    page = render(flow_page(tidy(*rows), members(long), title="[bold]activation=tanh"))
    assert page.startswith("[bold]activation=tanh")
    assert "[red]" in page
    assert max(map(len, page.splitlines())) <= 80
    assert "\x1b" not in page
