"""What holds for every view: nothing that axe-core finds, at any width and in any light."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, ZONE, keep

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
LOOKS = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": {"color_scheme": "light", **PHONE},
}
VIEWS = {"list": "/", "month": "/month", "exports": "/exports", "error": "/todos/0"}
EVERY_RULE = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# The same page in another look: what can be otherwise there.
OTHER_LOOK = ["color-contrast", "target-size", "scrollable-region-focusable"]
RULES = {"light": EVERY_RULE, "dark": OTHER_LOOK, "phone": OTHER_LOOK}


@pytest.fixture
def filled(product):
    today = datetime.now(ZoneInfo(ZONE)).replace(minute=0, second=0, microsecond=0)
    for title, description, days, hour in (
        ("Send the signed lease back to the agency", "Page 3 wants initials.", -2, 17),
        ("Pay the water bill", None, -1, 9),
        ("Stand-up notes to the team", None, 0, 23),
        ("Prepare the slides for the lecture", "Architecture, then the queue demo.", 1, 8),
        ("Book train tickets to Lyon", None, 2, 19),
        ("اشترِ الحليب والخبز", None, 4, 18),
        ("Submit the tax return", "Receipts are in the blue folder.", 5, 10),
        ("Water the plants", None, 5, 12),
        ("Dinner with Priya & Sam", "Table for four", 5, 19),
        ("Plan the retreat", None, 5, 21),
        ("Renew the passport", None, 12, 9),
        ("Read “A Philosophy of Software Design”", None, None, 0),
    ):
        at = None if days is None else (today + timedelta(days=days)).replace(hour=hour)
        product.add(title, at and at.isoformat(), description=description)
    yesterday = today - timedelta(days=1)
    product.add("Back up the laptop", yesterday.isoformat(), completed=True)
    return product


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_and_nothing_is_cut_off(new_page, filled, look):
    page = new_page(**LOOKS[look])
    for name, address in VIEWS.items():
        page.goto(address)
        check(page, name, look)
    page.goto("/month")
    page.locator("td.today a.number").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    check(page, "day", look)
    page.goto("/")
    page.get_by_role("link", name="Renew the passport").click()
    expect(page.get_by_role("form", name="Edit todo")).to_be_visible()
    check(page, "edit", look)
    page.goto("/")
    page.get_by_role("button", name="Select", exact=True).click()
    page.get_by_role("checkbox", name="Select: Pay the water bill").check()
    check(page, "select", look)


def check(page, name, look):
    keep(page, f"{name}-{look}")
    options = {"runOnly": RULES[look], "resultTypes": ["violations"]}
    found = Axe().run(page, options=options).response["violations"]
    told = [(one["id"], one["impact"], [node["html"] for node in one["nodes"]]) for one in found]
    assert told == [], name
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"], name


def test_the_theme_is_set_kept_and_there_at_the_first_paint(page, product):
    ground = "getComputedStyle(document.body).backgroundColor"
    page.goto("/")
    light = page.evaluate(ground)
    for name in ("Change to light", "Change to dark"):
        page.get_by_role("button", name=name).click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    dark = page.evaluate(ground)
    assert dark != light
    page.goto("/month", wait_until="commit")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.evaluate(ground) == dark


def test_focus_is_seen_and_motion_is_left_out_for_who_wants_none(new_page, filled):
    page = new_page(reduced_motion="reduce")
    page.goto("/")
    seen = set()
    for _ in range(25):
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement.outerHTML")
        style = page.evaluate(
            "(({outlineStyle, outlineWidth}) => [outlineStyle, parseFloat(outlineWidth)])"
            "(getComputedStyle(document.activeElement))"
        )
        assert style[0] != "none", focused
        assert style[1] >= 2, focused
        seen.add(focused)
    assert len(seen) > 15  # a date has a stop for each of its parts
    page.get_by_role("button", name="Delete: Pay the water bill").click()
    assert page.evaluate("document.getAnimations().length") == 0


def test_everything_works_without_scripts(new_page, product):
    page = new_page(java_script_enabled=False)
    page.goto("/")
    page.get_by_label("Title").fill("By hand")
    page.get_by_label("Due date").fill("2030-05-06")
    page.get_by_label("Time (UTC)").fill("18:00")
    page.get_by_role("button", name="Add").click()
    expect(page.locator("li.todo")).to_contain_text("6 May 2030 18:00")
    page.get_by_role("link", name="By hand").click()
    page.get_by_label("Title").fill("By hand, changed")
    page.get_by_role("button", name="Save").click()
    page.get_by_label("Search").fill("changed")
    page.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(re.compile(r"\?.*q=changed"))
    keep(page, "list-without-scripts")
    page.get_by_role("button", name="Complete: By hand, changed").click()
    expect(page.get_by_text("No todos match")).to_be_visible()
    page.get_by_role("link", name="Done").click()
    page.get_by_role("checkbox", name="Select: By hand, changed").check()
    page.get_by_role("button", name="Reopen", exact=True).click()
    page.goto("/month?month=2030-05")
    page.get_by_role("link", name="18:00 By hand, changed").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="Delete this todo?")).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    assert product.titles() == set()
    page.goto("/exports")
    page.get_by_role("button", name="Export as calendar").click()
    expect(page.locator(".job").first).to_be_visible()


def test_a_wide_and_a_narrow_window_show_all_of_a_view(new_page, filled):
    for width in (320, 768, 1920):
        page = new_page(viewport={**DESKTOP, "width": width})
        for address in VIEWS.values():
            page.goto(address)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, address
