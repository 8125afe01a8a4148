"""The maps in a real browser: any trial can be chosen, and every field read by pointing and by keys."""

import re

import numpy as np
import pytest

from gradstudy.analysis.responses.signal_map import signal_map
from gradstudy.report.html.page import report_page
from gradstudy.report.html.pieces.trial_map import stored_records


@pytest.fixture(scope="module")
def opened(browser, findings, tmp_path_factory):
    """The page of the made study, opened from disk, and what the browser complained of."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(report_page(findings), encoding="utf-8")
    page, complaints = browser.new_page(), []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(path.as_uri())
    yield page, complaints
    page.close()


@pytest.fixture
def page(opened):
    page, complaints = opened
    yield page
    assert complaints == []


def read(figure):
    """step, place and amplitude of the field that was pointed at."""
    step, place, amplitude = re.fullmatch(
        r"step (\d+), (\S+): (\S+)", figure.locator(".flow-read").inner_text()
    ).groups()
    return int(step), place, float(amplitude)


def test_pointing_at_a_field_reads_its_step_place_and_value(page, findings):
    figure = page.locator("#signal figure").nth(1)
    trial = int(figure.get_attribute("id").removeprefix("flow-"))
    signal = signal_map(stored_records(findings.run.gradients, [trial], ["signal"])[trial])
    box = figure.locator(".flow-map").bounding_box()
    for row, column in ((0, 4), (2, 0), (1, 3)):
        share = (column + 0.5) / len(signal.steps), (row + 0.5) / len(signal.places)
        figure.locator(".flow-map").hover(position={"x": box["width"] * share[0], "y": box["height"] * share[1]})
        step, place, amplitude = read(figure)
        assert (step, place) == (signal.steps[column], signal.places[row])
        assert np.log10(amplitude) == pytest.approx(signal.decades[column, row], abs=0.05)


def test_arrow_keys_read_field_by_field_and_stop_at_the_edge(page):
    figure = page.locator("#signal figure").first
    page.mouse.move(0, 0)
    figure.locator(".flow-map").focus()
    page.keyboard.press("ArrowDown")
    assert read(figure)[:2] == (0, "layer_02")
    page.keyboard.press("ArrowRight")
    assert read(figure)[:2] == (1, "layer_02")
    for _ in range(9):
        page.keyboard.press("ArrowUp")
    assert read(figure)[:2] == (1, "layer_01")
    assert figure.locator(".flow-here").count() == 1
    figure.locator(".flow-map").blur()
    assert figure.locator(".flow-here").count() == 0


def test_any_trial_of_the_list_can_be_chosen_and_read(page):
    choice = page.locator(".flow-choice")
    offered = choice.locator("option[value]:not([value=''])")
    values = [offered.nth(which).get_attribute("value") for which in (0, offered.count() - 1)]
    for value in values:
        choice.locator("select").select_option(value)
        assert choice.locator("figure").count() == 1
        assert f": trial {value}" in choice.locator("figure h3").inner_text()
        choice.locator(".flow-map").hover()
        assert read(choice.locator("figure"))[1] == "layer_02"
    choice.locator("select").select_option("")
    assert choice.locator("figure").count() == 0


def test_every_picture_is_drawn(page):
    drawn = page.locator("#signal img").evaluate_all("all => all.map(one => one.complete && one.naturalWidth > 0)")
    assert drawn
    assert all(drawn)


def test_the_chart_of_the_norm_stands_below_its_map_and_is_as_wide(page):
    figure = page.locator("#signal figure").first
    above, below = (figure.locator(part).bounding_box() for part in (".flow-map", ".flow-curves"))
    assert below["y"] > above["y"] + above["height"]
    assert (below["x"], below["width"]) == pytest.approx((above["x"], above["width"]), abs=0.1)
