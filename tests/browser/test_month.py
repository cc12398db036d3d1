"""The month in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import drag
from tests.conftest import wait_until


def day(page, date):
    return page.locator(f"td[data-day='{date}']")


def chip(page, title):
    return page.locator(".chip").filter(has_text=title)


def test_a_todo_is_dragged_to_another_day_and_back_by_undo(page, product):
    todo = product.add("Water the plants", "2026-11-24T08:30:15.250000")
    page.goto("/month?month=2026-11")
    drag(page, chip(page, "Water the plants"), day(page, "2026-11-18"))
    expect(page.get_by_text("Moved to Wednesday 18 November 2026.")).to_be_visible()
    expect(day(page, "2026-11-18")).to_contain_text("18:30 Water the plants")
    wait_until(
        lambda: (
            product.api.get(f"/todos/{todo}").json()["deadline_at"] == "2026-11-18T08:30:15.250000"
        )
    )
    page.get_by_role("button", name="Undo").click()
    expect(day(page, "2026-11-24")).to_contain_text("Water the plants")


def test_a_day_keeps_the_focus_when_a_todo_comes_from_elsewhere(page, product):
    page.goto("/month?month=2026-11")
    number = day(page, "2026-11-12").locator("a.number")
    number.focus()
    product.add("Dinner with Priya", "2026-11-12T08:30:00")
    expect(day(page, "2026-11-12")).to_contain_text("Dinner with Priya")
    expect(number).to_be_focused()


def test_the_grid_is_walked_and_a_todo_moved_by_keys(page, product):
    product.add("Renew the passport", "2026-11-26T08:00:00")
    page.goto("/month?month=2026-11")
    day(page, "2026-11-26").get_by_role("link", name="Thursday 26 November 2026, 1 todo").focus()
    for key, date in (
        ("ArrowRight", "2026-11-27"),
        ("ArrowDown", "2026-12-04"),
        ("ArrowLeft", "2026-12-03"),
        ("ArrowUp", "2026-11-26"),
        ("Home", "2026-11-23"),
        ("End", "2026-11-29"),
        ("PageUp", "2026-10-29"),
        ("PageDown", "2026-11-29"),
    ):
        page.keyboard.press(key)
        expect(day(page, date).locator("a.number")).to_be_focused()
        expect(page.locator("td a[tabindex='0'].number")).to_have_count(1)
    page.keyboard.press("j")
    expect(chip(page, "Renew the passport").get_by_role("link")).to_be_focused()
    page.keyboard.press("Alt+ArrowDown")
    expect(day(page, "2026-12-03")).to_contain_text("Renew the passport")
    expect(chip(page, "Renew the passport").get_by_role("link")).to_be_focused()
    page.keyboard.press("Alt+ArrowLeft")
    expect(day(page, "2026-12-02")).to_contain_text("Renew the passport")
    wait_until(lambda: product.api.get("/todos").json()[0]["deadline_at"] == "2026-12-02T08:00:00")
    expect(chip(page, "Renew the passport").get_by_role("link")).to_be_focused()
    page.keyboard.press("x")
    expect(chip(page, "Renew the passport")).to_have_class(re.compile("done"))


@pytest.mark.parametrize(
    ("before", "onto", "after"),
    [
        ("2026-03-28T08:00:00", "2026-03-29", "2026-03-29T07:00:00"),  # the clocks go forward
        ("2026-10-24T07:00:00", "2026-10-25", "2026-10-25T08:00:00"),  # and back
    ],
)
def test_nine_o_clock_stays_nine_o_clock_when_the_clocks_change(
    new_page, product, before, onto, after
):
    page = new_page(timezone_id="Europe/Berlin")
    product.add("Nine", before)
    page.goto(f"/month?month={onto[:7]}")
    expect(chip(page, "Nine")).to_contain_text("09:00")
    drag(page, chip(page, "Nine"), day(page, onto))
    expect(day(page, onto)).to_contain_text("09:00 Nine")
    wait_until(lambda: product.api.get("/todos").json()[0]["deadline_at"] == after)


def test_a_click_on_a_day_opens_it_to_add_edit_and_complete(page, product):
    page.goto("/month?month=2026-11")
    day(page, "2026-11-12").click(position={"x": 80, "y": 80})
    dialog = page.get_by_role("dialog", name="Todos of Thursday 12 November 2026")
    expect(dialog.get_by_label("Title")).to_be_focused()
    page.keyboard.type("Dinner with Priya")
    dialog.get_by_label("Time").fill("19:30")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("link", name="Dinner with Priya")).to_be_visible()
    expect(day(page, "2026-11-12")).to_contain_text("19:30 Dinner with Priya")
    dialog.get_by_role("button", name="Complete: Dinner with Priya").click()
    expect(dialog.get_by_role("button", name="Reopen: Dinner with Priya")).to_be_visible()
    page.keyboard.press("Escape")
    expect(day(page, "2026-11-12").locator("a.number")).to_be_focused()
    chip(page, "Dinner with Priya").click()
    editor = page.get_by_role("dialog", name="Edit todo")
    editor.get_by_label("Due date").fill("2026-11-13")
    editor.get_by_role("button", name="Save").click()
    expect(editor).to_be_hidden()
    expect(day(page, "2026-11-13")).to_contain_text("Dinner with Priya")
    chip(page, "Dinner with Priya").click()
    editor.get_by_role("button", name="Delete").click()
    expect(editor).to_be_hidden()
    expect(chip(page, "Dinner with Priya")).to_be_hidden()
    page.get_by_role("button", name="Undo").click()
    expect(chip(page, "Dinner with Priya")).to_be_visible()


def test_a_full_day_names_three_todos_and_counts_the_rest(page, product):
    for n in range(5):
        product.add(f"t{n}", f"2030-05-01T0{n}:00:00")
    page.goto("/month?month=2030-05")
    expect(day(page, "2030-05-01").locator(".chip")).to_have_count(3)
    day(page, "2030-05-01").get_by_text("+2 more").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("a.title")).to_have_text([f"t{n}" for n in range(5)])


def test_months_are_turned_and_the_way_back_leads_through_them(page, product):
    page.goto("/month?month=2026-12")
    page.get_by_role("link", name="Next month").click()
    expect(page.get_by_role("heading", name="January 2027")).to_be_visible()
    page.get_by_role("link", name="Previous month").click()
    expect(page.get_by_role("heading", name="December 2026")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="January 2027")).to_be_visible()
    page.get_by_role("link", name="Today").click()
    expect(page.locator("td.today")).to_be_visible()
