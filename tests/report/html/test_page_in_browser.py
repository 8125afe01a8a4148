"""The page as people meet it: opened from disk in a real browser, by pointer, by keyboard, on a phone, on paper."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from support.browsing import browser

from gradstudy.records import DUMMY, Factor
from gradstudy.report.html.page import report_page

__all__ = ["browser"]
EVIL = "<script>document.title='hacked';alert(1)</script>"
PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def address(findings, tmp_path_factory):
    return stored(findings, tmp_path_factory)


def stored(findings, tmp_path_factory):
    file = tmp_path_factory.mktemp("page") / "report.html"
    file.write_text(report_page(findings), encoding="utf-8")
    return file.as_uri()


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


def test_what_somebody_wrote_stays_text(opened, make_study, findings, tmp_path_factory):
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
    page = opened(stored(make_study(members, factors, info=info, uri=EVIL), tmp_path_factory))
    assert page.complaints == []
    assert page.title() == f"{EVIL} · gradstudy"
    assert page.locator("h1").text_content() == f"{EVIL}?"
    assert page.locator("img[src=x]").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desk", "phone"])
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


def test_long_names_fold_instead_of_making_a_phone_scroll(opened, make_study, findings, tmp_path_factory):
    cause, none, level = "c" * 60, "n" * 60, "l" * 60
    members = findings.run.members.rename(columns={"activation": cause, "clipping": none}).replace({"sigmoid": level})
    factors = (Factor(cause, ("tanh", "relu", level)), Factor(none, ("none", "norm")), DUMMY)
    page = opened(stored(make_study(members, factors, info={"name": "s" * 80}), tmp_path_factory), viewport=PHONE)
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
