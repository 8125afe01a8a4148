"""The picture of a trial: well-formed, small, true to the record, and never broken by what a network can do."""

import base64
import io
import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from support.made_records import made_record

from gradstudy.analysis.responses.member_row import member_row
from gradstudy.analysis.settings import DEFAULTS
from gradstudy.records import Trial, TrialResult
from gradstudy.report.figure.heat_image import FINE
from gradstudy.report.figure.trial_figure import FIGURE_PLACES, FIGURE_STEPS, LONGEST_LINE, trial_figure

SVG = "{http://www.w3.org/2000/svg}"
NAN, INF = np.nan, np.inf


def result(*records, levels=None):
    rows = tuple(member_row(one, DEFAULTS) for one in records)
    return TrialResult(Trial(3, levels or {"activation": "tanh", "dummy": 0.5}, ()), records, rows)


def drawn(*records, **about):
    picture = trial_figure(result(*records, **about))
    return ElementTree.fromstring(picture)


def words(svg):
    return ["".join(text.itertext()) for text in svg.iter(f"{SVG}text")]


def image(svg):
    address = svg.find(f"{SVG}image").get("href")
    return Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2])))


def lines(svg, width="2"):
    """The points of every thick line, [line][point] of (right, down)."""
    paths = [p.get("d") for p in svg.iter(f"{SVG}path") if p.get("stroke-width") == width and p.get("fill") == "none"]
    return [[tuple(map(float, pair.split(","))) for pair in re.findall(r"[\d.]+,[\d.]+", d)] for d in paths if d]


def test_it_says_which_trial_with_which_levels_and_what_became_of_its_seeds():
    svg = drawn(made_record([[1e-9, 1.0]]), made_record([[1.0, 1.0]], seed=1))
    assert svg.find(f"{SVG}title").text == "Trial 3: 1 healthy, 1 vanishing"
    assert "activation=tanh" in words(svg)
    assert not any("dummy" in one for one in words(svg))
    assert "1e+00 at layer_02 and 3e-05 back at layer_01" in svg.find(f"{SVG}desc").text
    assert svg.get("role") == "img"


def test_the_map_has_a_row_per_place_and_a_column_per_step_and_is_bright_where_the_signal_is_large():
    svg = drawn(made_record([[1e-6, 1e-3, 1.0], [1e-6, 1e-6, 1e-6]]))
    pixels = np.array(image(svg).convert("L"), dtype=float)
    assert pixels.shape == (3, 2)
    assert pixels[0, 0] < pixels[1, 0] < pixels[2, 0]
    assert pixels[:, 1].tolist() == [pixels[0, 0]] * 3


def test_curves_share_the_axis_of_the_map_and_rise_with_the_numbers():
    svg = drawn(made_record([[1.0]] * 3, norms=[1.0, 10.0, 100.0], after=[1.0, 1.0, 1.0], loss=[8.0, 4.0, 2.0]))
    before, after, loss = lines(svg)
    assert [right for right, _ in before] == [right for right, _ in after] == [right for right, _ in loss]
    left, middle, right = (point for point, _ in before)
    box = svg.find(f"{SVG}image")
    start, width = float(box.get("x")), float(box.get("width"))
    assert [left, middle, right] == pytest.approx([start + width * share for share in (1 / 6, 3 / 6, 5 / 6)], abs=0.1)
    downs = [down for _, down in before]
    assert downs[0] - downs[1] == pytest.approx(downs[1] - downs[2], abs=0.15)  # decades are even
    assert downs[0] > downs[2]
    assert len({down for _, down in after}) == 1
    assert loss[0][1] < loss[2][1]


def faded(*quantities):
    """Two time steps' worth of signal: a tenth is left after one step, then a hundredth as training ends."""
    seen = {"far_signal": {"time_01": [0.01, 0.0001], "time_02": [0.1, 0.01], "time_03": [1.0, 1.0]}}
    seen |= {name: {"distance_001": [0.1, 0.01], "distance_002": [0.01, 0.0001]} for name in quantities}
    return made_record(np.ones((4, 3)), kind="time", looks=(0, 3), seen=seen)


def test_where_every_time_step_has_an_answer_what_is_left_of_it_by_distance_is_drawn_beside_theory():
    whole = result(faded("signal_by_distance"))
    svg = ElementTree.fromstring(trial_figure(replace(whole, rows=({**whole.rows[0], "gain_init_theory": -4.0},))))
    *_, first, last, theory = lines(svg)
    assert {"left of an answer's signal", "steps before", "theory", "step 3"} <= set(words(svg))
    drops = [[round(down - line[0][1], 1) for _, down in line] for line in (first, last, theory)]
    assert drops == [[0.0, 20.0, 40.0], [0.0, 40.0, 80.0], [0.0, 40.0, 80.0]]
    told = svg.find(f"{SVG}desc").text
    assert "step 0: 1e-01 after 1, 1e-02 after 2; step 3: 1e-02 after 1, 1e-04 after 2; theory: 1e-02 after 1" in told
    height = float(svg.get("height"))
    assert all(float(text.get("y")) < height for text in svg.iter(f"{SVG}text") if text.get("x") != "20")


def test_both_states_of_a_gated_network_have_a_chart_and_no_theory():
    svg = drawn(faded("signal_by_distance", "cell_signal_by_distance"))
    names = [word for word in words(svg) if word.startswith("left of")]
    assert names == ["left of an answer's signal: hidden state", "left of an answer's signal: cell state"]
    assert "theory" not in words(svg)
    assert "steps before" not in words(drawn(made_record([[1.0, 1.0]])))


def test_a_norm_that_is_never_clipped_is_drawn_once_and_called_so():
    svg = drawn(made_record([[1.0]] * 2, norms=[1.0, 2.0]))
    assert len(lines(svg)) == 2
    assert "gradient norm (not clipped)" in words(svg)
    assert "after clipping" not in words(svg)


def test_a_seed_that_diverged_is_crossed_where_it_ended_and_counted():
    svg = drawn(
        made_record([[1.0, 1.0], [INF, 1.0]], first_bad_step=1, loss=[1.0, NAN]), made_record([[1.0, 1.0]] * 3, seed=1)
    )
    assert "1 of 2 seeds diverged, at step 1" in words(svg)
    both = drawn(made_record([[1.0], [NAN]], first_bad_step=1), made_record([[INF]], first_bad_step=0, seed=1))
    assert "2 of 2 seeds diverged, at steps 0 to 1" in words(both)
    assert not any("diverged" in one for one in words(drawn(made_record([[1.0]])))[1:])


def test_zero_and_not_finite_are_patterns_named_below_and_only_where_they_occur():
    svg = drawn(made_record([[0.0, INF, 1.0]]))
    assert {"exactly zero", "not finite"} <= set(words(svg))
    assert image(svg).size[0] >= FINE[1]
    assert not {"exactly zero", "not finite"} & set(words(drawn(made_record([[1.0]]))))


def test_long_training_and_deep_networks_are_thinned_and_it_says_so():
    deep = np.exp(np.random.default_rng(0).normal(size=(500, 200)))
    noisy = np.exp(np.random.default_rng(1).normal(size=500)).tolist()
    seeds = [made_record(deep, seed=seed, norms=noisy, after=noisy[::-1], loss=noisy) for seed in range(3)]
    picture = trial_figure(result(*seeds))
    svg = ElementTree.fromstring(picture)
    assert image(svg).size == (FIGURE_STEPS, FIGURE_PLACES)
    assert any(
        f"{FIGURE_STEPS} of 500 steps (of neighbours the least usual) and {FIGURE_PLACES} of 200 places" in one
        for one in words(svg)
    )
    assert len(picture) < 20_000
    assert max(map(len, words(svg))) <= LONGEST_LINE
    texts = [float(text.get("font-size", 12)) for text in svg.iter(f"{SVG}text")]
    assert min(texts) >= 11


@pytest.mark.parametrize(
    "seeds",
    [
        [made_record([[1.0]])],
        [made_record([[0.0, 0.0]], norms=[0.0], loss=[0.0])],
        [made_record([[NAN, INF]], first_bad_step=0, norms=[INF], loss=[NAN])],
        [made_record([[1e-300, 1e300]] * 2, norms=[1e-300, 1e300], loss=[1e-300, 1e300])],
        [made_record([[1.0]] * 2, loss=[-3.0, 2.0])],
        [made_record([[1.0]] * 2, loss=[-3.0, -3.0])],
        [made_record([[NAN]], first_bad_step=0, loss=[-INF])],
        [made_record([[1.0]] * 9), made_record([[INF]], first_bad_step=0, seed=1, norms=[NAN], loss=[INF])],
    ],
    ids=["one place", "all zero", "not finite at step 0", "huge", "negative", "constant", "-inf", "uneven ends"],
)
def test_whatever_a_network_does_the_picture_is_well_formed_and_within_its_frame(seeds):
    picture = trial_figure(result(*seeds))
    svg = ElementTree.fromstring(picture)
    assert not re.search(rb"\b(nan|inf)\b[^ <]", picture)
    width, height = float(svg.get("width")), float(svg.get("height"))
    for line in lines(svg):
        assert all(0 <= right <= width and 0 <= down <= height for right, down in line)


def test_names_are_text_whatever_they_are():
    levels = {"<script>": "a&b\"'", "x" * 300: "ü[red]", "activation": "tanh"}
    svg = drawn(made_record([[1.0, 2.0]], places=["<b>one</b>", "layer_" + "9" * 80]), levels=levels)
    assert any("<script>=a&b\"'" in one for one in words(svg))
    assert "<b>one</b>" in words(svg)
    assert not list(svg.iter(f"{SVG}script"))
    assert max(map(len, words(svg))) <= LONGEST_LINE
