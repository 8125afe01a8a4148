"""The page as people meet it: opened from disk in a real browser, by pointer, by keyboard, on a phone, on paper."""

import re

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

from gradstudy.analysis.responses.signal_map import signal_map
from gradstudy.records import DUMMY, Factor
from gradstudy.report.html.page import report_page
from gradstudy.report.html.pieces.trial_map import stored_records
from gradstudy.report.html.trial_page import trial_page

EVIL = "<script>document.title='hacked';alert(1)</script>"
PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="session")
def stored(tmp_path_factory):
    """The address of a page once it is stored."""

    def written(page):
        file = tmp_path_factory.mktemp("page") / "report.html"
        file.write_text(page, encoding="utf-8")
        return file.as_uri()

    return written


@pytest.fixture(scope="session")
def address(whole_page, stored):
    return stored(whole_page)


@pytest.fixture
def opened(browser, address):
    """Opens the page and collects what a browser complains about and asks for."""
    pages = []

    def visit(where=address, **options):
        page = browser.new_context(**options).new_page()
        page.complaints, page.asked = [], []
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("dialog", lambda dialog: (page.complaints.append("a dialog"), dialog.dismiss()))
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto(where)
        pages.append(page)
        return page

    yield visit
    for page in pages:
        page.context.close()


def tip(page):
    return page.locator("#tip")


def test_it_opens_from_disk_without_a_complaint_and_asks_for_nothing_else(opened, address):
    page = opened()
    page.mouse.wheel(0, 20_000)
    assert page.complaints == []
    assert [url for url in page.asked if not url.startswith("data:")] == [address]


def test_what_somebody_wrote_stays_text(opened, make_study, findings, stored):
    names = {"activation": f"a.{EVIL}", "lr.value": f"b{EVIL}"}
    members = findings.run.members.rename(columns=names).replace(
        {"sigmoid": EVIL, "norm": '"><img src=x onerror=alert(1)>'}
    )
    factors = (
        Factor(names["activation"], ("tanh", "relu", EVIL)),
        Factor("clipping", ("none", '"><img src=x onerror=alert(1)>')),
        Factor(names["lr.value"], low=0.001, high=0.1, log=True),
        DUMMY,
    )
    info = {"name": EVIL, "question": f"{EVIL}?", "source": EVIL, "command": f"python {EVIL}", "versions": {EVIL: EVIL}}
    page = opened(stored(report_page(make_study(members, factors, info=info, uri=EVIL))))
    assert page.complaints == []
    assert page.title() == f"{EVIL} · gradstudy"
    assert page.locator("h1").text_content() == f"{EVIL}?"
    assert page.locator("img[src=x]").count() == 0


@pytest.mark.parametrize(
    ("viewport", "scheme"),
    [
        pytest.param(None, "light", id="desk-light"),
        pytest.param(PHONE, "dark", id="phone-dark"),
        pytest.param(None, "dark", id="desk-dark", marks=pytest.mark.slow),
        pytest.param(PHONE, "light", id="phone-light", marks=pytest.mark.slow),
    ],
)
def test_anybody_can_read_it(opened, scheme, viewport):
    page = opened(color_scheme=scheme, **({"viewport": viewport} if viewport else {}))
    page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
    found = Axe().run(page).response["violations"]
    assert [(one["id"], node["target"]) for one in found for node in one["nodes"]] == []


def test_light_and_dark_differ(opened):
    colours = [
        opened(color_scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    ]
    assert colours[0] != colours[1]


def test_on_a_phone_the_page_itself_never_scrolls_sideways(opened):
    page = opened(viewport=PHONE)
    page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_long_names_fold_instead_of_making_a_phone_scroll(opened, make_study, findings, stored):
    cause, none, level = "c" * 60, "n" * 60, "l" * 60
    members = findings.run.members.rename(columns={"activation": cause, "clipping": none}).replace({"sigmoid": level})
    factors = (Factor(cause, ("tanh", "relu", level)), Factor(none, ("none", "norm")), DUMMY)
    page = opened(stored(report_page(make_study(members, factors, info={"name": "s" * 80}))), viewport=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_no_letters_are_too_small_to_read_on_a_phone(opened):
    page = opened(viewport=PHONE)
    sizes = page.evaluate(
        "[...document.querySelectorAll('main *')].filter(e => [...e.childNodes].some(n => n.nodeType === 3 && "
        "n.data.trim())).map(e => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert min(sizes) >= 11


def first_column(page):
    return page.locator(".forest tbody th").all_text_contents()


def shares(page):
    return [
        float(value) for value in page.locator(".forest td.share").evaluate_all("all => all.map(e => e.dataset.value)")
    ]


def test_a_click_on_a_heading_sorts_and_another_turns_the_order_round(opened):
    page = opened()
    heading = page.locator(".forest th[data-sort]", has_text="share")
    heading.locator("button").click()
    assert heading.get_attribute("aria-sort") == "descending"
    assert shares(page) == sorted(shares(page), reverse=True)
    heading.locator("button").click()
    assert heading.get_attribute("aria-sort") == "ascending"
    assert shares(page) == sorted(shares(page))


def test_the_keyboard_sorts_by_name(opened):
    page = opened()
    before = [name.split()[0] for name in first_column(page)]
    page.locator(".forest th button").first.focus()
    page.keyboard.press("Enter")
    after = [name.split()[0] for name in first_column(page)]
    assert after == sorted(before)
    assert page.locator(".forest [aria-sort]").count() == 1


def test_a_tip_is_told_to_the_pointer_and_to_the_keyboard(opened):
    page = opened()
    row = page.locator(".forest td.plot").first
    row.hover()
    assert "activation: sigmoid raises it by" in tip(page).text_content()
    page.mouse.move(0, 0)
    assert tip(page).is_hidden()
    page.locator(".forest th button").last.focus()
    page.keyboard.press("Tab")
    assert tip(page).is_visible()
    assert row.get_attribute("aria-describedby") == "tip"
    page.keyboard.press("Escape")
    assert tip(page).is_hidden()


def test_the_nearest_trial_is_named(opened, findings):
    page = opened()
    strip = page.locator(".levels svg.points").first
    strip.scroll_into_view_if_needed()
    path = strip.locator("path[data-trials]").first
    trial = path.get_attribute("data-trials").split()[0]
    x, y = map(int, path.get_attribute("d").partition("h")[0].removeprefix("M").split())
    box = strip.bounding_box()
    page.mouse.move(box["x"] + box["width"] * x / 1000, box["y"] + box["height"] * y / 1000)
    value = findings.run.members.groupby("trial")["vanishing"].mean()[int(trial)]
    assert tip(page).text_content().startswith(f"trial {trial}: {value:.3g} (")


def test_arrow_keys_move_between_the_fields_of_a_heat_map(opened):
    page = opened()
    page.locator(".heat td[tabindex='0']").first.focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.parentElement.rowIndex") == 2
    assert page.locator(".heat").first.locator("td[tabindex='0']").count() == 1


def test_every_picture_has_a_name(opened):
    page = opened()
    names = page.locator("img, [role=img], svg:not([aria-hidden])").evaluate_all(
        "all => all.map(e => e.alt || e.getAttribute('aria-label') || e.querySelector('title')?.textContent)"
    )
    assert names
    assert all(names)


def test_paper_shows_what_the_screen_folds_and_no_contents(opened):
    page = opened(color_scheme="dark")
    folded = page.locator("details .card").first
    assert folded.is_hidden()
    page.emulate_media(media="print")
    assert folded.is_visible()
    assert page.locator("nav").is_hidden()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_it_can_be_read_without_any_script(opened):
    page = opened(java_script_enabled=False)
    assert page.locator(".forest th", has_text="share [95").is_visible()
    assert page.locator(".forest button").count() == 0


@pytest.fixture
def page(opened):
    """The page of the made study, of which the browser has nothing to complain."""
    page = opened()
    yield page
    assert page.complaints == []


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


def test_the_page_of_one_configuration_opens_without_a_complaint_and_fits_a_phone(
    opened, stored, make_measured, make_record
):
    records = [make_record(np.ones((5, 40)), kind="time", seed=seed) for seed in range(2)]
    page = opened(stored(trial_page(make_measured(*records, overrides=["activation=tanh"] * 9))), viewport=PHONE)
    page.locator(".flow-map").focus()
    page.keyboard.press("ArrowDown")
    assert "time_0" in page.locator(".flow-read").inner_text()
    assert page.complaints == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert Axe().run(page).violations_count == 0
