"""The list in a real browser."""

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from tests.browser.conftest import keep
from tests.conftest import wait_until

HOSTILE = [
    "<script>document.title = 'owned'</script>",
    '"><img src=x onerror="document.title=\'owned\'">',
    "{{ 7 * 7 }} {% raw %} ${7*7} javascript:alert(1)",
    "🦄" * 255,
    "‮txt.exe \u202e\u2066 اقرأ هذا",
    "zero\u200bwidth\u200d\ufeff",
    "W" * 255,
]


def row(page, title):
    return page.locator("li.todo").filter(has=page.get_by_role("link", name=title, exact=True))


def test_a_todo_is_added_edited_completed_and_deleted_each_with_undo(page, product):
    page.goto("/")
    page.keyboard.press("n")
    page.keyboard.type("Call the dentist")
    page.get_by_label("Due date").fill("2030-03-01")
    page.get_by_label("Time").fill("09:30")
    page.keyboard.press("Enter")
    expect(row(page, "Call the dentist")).to_contain_text("1 Mar 2030 09:30")
    expect(page.get_by_label("Title")).to_have_value("")
    expect(page.get_by_label("Title")).to_be_focused()
    (todo,) = product.api.get("/todos").json()
    assert todo["deadline_at"] == "2030-02-28T23:30:00"

    page.get_by_role("link", name="Call the dentist").click()
    form = page.get_by_role("form", name="Edit todo")
    form.get_by_label("Title").fill("Call Dr. Ray")
    form.get_by_label("Description").fill("In the morning")
    form.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="Call Dr. Ray")).to_be_focused()
    expect(row(page, "Call Dr. Ray")).to_contain_text("In the morning")

    page.get_by_role("button", name="Complete: Call Dr. Ray").click()
    expect(row(page, "Call Dr. Ray")).to_have_count(0)
    assert product.api.get("/todos").json()[0]["completed"] is True
    page.get_by_role("button", name="Undo").click()
    expect(row(page, "Call Dr. Ray")).to_be_visible()

    page.get_by_role("button", name="Delete: Call Dr. Ray").click()
    expect(row(page, "Call Dr. Ray")).to_be_hidden()
    page.keyboard.press("u")
    expect(row(page, "Call Dr. Ray")).to_be_visible()
    assert product.api.get("/todos").json()[0]["id"] == todo["id"]  # it was never gone


def test_who_is_here_for_the_first_time_and_types_at_once_loses_nothing(new_page, product):
    page = new_page(known=False)
    page.goto("/", wait_until="commit")
    page.get_by_label("Title").fill("Fast")
    page.get_by_label("Due date").fill("2030-03-01")
    page.get_by_label("Time").fill("09:30")
    page.get_by_role("button", name="Add").click()
    expect(row(page, "Fast")).to_contain_text("1 Mar 2030 09:30")
    expect(page.get_by_text("Times are in Australia/Brisbane.")).to_be_visible()
    (todo,) = product.api.get("/todos").json()
    assert todo["deadline_at"] in ("2030-02-28T23:30:00", "2030-03-01T09:30:00")


def test_a_deleted_todo_is_gone_when_undo_is_dismissed_or_the_page_is_left(page, product):
    for title in ("one", "two", "three"):
        product.add(title)
    page.goto("/")
    page.get_by_role("button", name="Delete: one").click()
    page.get_by_role("button", name="Dismiss").click()
    wait_until(lambda: product.titles() == {"two", "three"})
    page.get_by_role("button", name="Delete: two").click()
    page.goto("/month")
    wait_until(lambda: product.titles() == {"three"})


def test_a_form_that_is_wrong_says_so_in_place(page, product):
    page.goto("/")
    page.get_by_label("Title").fill("   ")
    page.get_by_label("Title").press("Enter")
    expect(page.get_by_role("alert")).to_have_text("A todo needs a title of 1 to 255 characters.")
    expect(page.get_by_label("Title")).to_be_focused()
    page.get_by_label("Title").fill("now it has one")
    page.get_by_label("Title").press("Enter")
    expect(row(page, "now it has one")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_search_filter_sort_and_headings(page, product):
    now = datetime.now(UTC).replace(tzinfo=None)
    for title, days in (("late", -2), ("soon", 2), ("far", 40)):
        product.add(title, (now + timedelta(days=days)).isoformat())
    product.add("never")
    product.add("finished", completed=True)
    page.goto("/")
    headings = page.locator("#todos h2")
    expect(headings).to_have_text(["Overdue", "This week", "Later", "No date"])
    page.keyboard.press("/")
    page.keyboard.type("so")
    expect(page.locator("a.title")).to_have_text(["soon"])
    expect(page.get_by_role("status").filter(has_text="1 todo")).to_be_visible()
    page.get_by_label("Search").fill("")
    expect(page.locator("a.title")).to_have_text(["late", "soon", "far", "never"])
    page.get_by_role("link", name="All", exact=True).click()
    expect(page).to_have_url(re.compile(r"\?state=all$"))
    expect(page.locator("a.title")).to_have_text(["late", "soon", "far", "never", "finished"])
    page.get_by_label("Sort by").select_option("By title")
    expect(page.locator("a.title")).to_have_text(["far", "finished", "late", "never", "soon"])
    page.get_by_label("Due", exact=True).select_option("Due within 7 days")
    expect(page.locator("a.title")).to_have_text(["late", "soon"])
    page.reload()
    expect(page.locator("a.title")).to_have_text(["late", "soon"])
    page.go_back()
    expect(page.locator("a.title")).to_have_count(4)


def test_several_are_completed_and_deleted_at_once(page, product):
    for n in range(4):
        product.add(f"t{n}")
    page.goto("/")
    page.get_by_role("button", name="Select", exact=True).click()
    page.get_by_role("checkbox", name="Select: t0").check()
    page.get_by_role("checkbox", name="Select: t1").check()
    bar = page.get_by_role("toolbar")
    expect(bar).to_contain_text("2 selected")
    bar.get_by_role("button", name="Complete").click()
    expect(page.locator("a.title")).to_have_text(["t2", "t3"])
    assert len(product.api.get("/todos?completed=true").json()) == 2
    page.get_by_role("button", name="Select", exact=True).click()
    bar.get_by_role("button", name="Select all").click()
    bar.get_by_role("button", name="Delete").click()
    expect(page.locator("li.todo:visible")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("a.title")).to_have_text(["t2", "t3"])


def test_the_keys_work_and_never_while_somebody_types(page, product):
    for n in range(3):
        product.add(f"t{n}", f"2030-01-0{n + 1}T00:00:00")
    page.goto("/")
    for key, focused in (("j", "t0"), ("j", "t1"), ("j", "t2"), ("j", "t2"), ("k", "t1")):
        page.keyboard.press(key)
        expect(page.get_by_role("link", name=focused)).to_be_focused()
    page.keyboard.press("x")
    expect(page.locator("a.title")).to_have_text(["t0", "t2"])
    expect(page.get_by_role("link", name="t2")).to_be_focused()
    page.keyboard.press("e")
    title = page.get_by_role("form", name="Edit todo").get_by_label("Title")
    expect(title).to_be_focused()
    page.keyboard.type("jkxe/n?")
    expect(title).to_have_value("t2jkxe/n?")
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="t2")).to_be_focused()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    dialog.get_by_label("Single-key shortcuts are on").uncheck()
    keep(page, "keys")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(dialog).to_be_hidden()


def test_two_tabs_and_two_people_stay_in_step(page, new_page, product):
    page.goto("/")
    tab = new_page(page.context)
    other = new_page()
    tab.goto("/")
    other.goto("/")
    page.get_by_label("Title").fill("seen by all")
    page.get_by_label("Title").press("Enter")
    for watcher in (tab, other):
        expect(watcher.get_by_role("link", name="seen by all")).to_be_visible()
    # What somebody is writing stays as it is.
    other.get_by_label("Title").fill("half a")
    product.add("from a client")
    expect(other.get_by_role("link", name="from a client")).to_be_visible()
    expect(other.get_by_label("Title")).to_have_value("half a")


def test_somebody_elses_change_is_shown_and_not_overwritten(page, product):
    todo = product.add("mine")
    page.goto("/")
    page.get_by_role("link", name="mine").click()
    form = page.get_by_role("form", name="Edit todo")
    form.get_by_label("Title").fill("mine, changed")
    product.api.patch(f"/todos/{todo}", json={"title": "theirs"})
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert")).to_contain_text("theirs")
    expect(form.get_by_label("Title")).to_have_value("mine, changed")
    keep(page, "conflict")
    form.get_by_role("button", name="Save").click()
    expect(row(page, "mine, changed")).to_be_visible()
    assert product.titles() == {"mine, changed"}


def test_hostile_titles_are_text_everywhere(page, product):
    for title in HOSTILE:
        product.add(title, "2026-12-01T02:00:00", description=title * 3)
    for address in ("/", "/month?month=2026-12", "/?day=2026-12-01", "/exports"):
        page.goto(address)
        page.wait_for_timeout(100)
        assert "owned" not in page.title()
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= page.viewport_size["width"], address
    page.goto("/")
    shown = page.locator("a.title").evaluate_all("links => links.map(link => link.textContent)")
    assert shown == HOSTILE
    keep(page, "hostile")
    page.get_by_role("button", name=f"Delete: {HOSTILE[0]}").click()
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("link", name=HOSTILE[1]).click()
    expect(page.get_by_role("form", name="Edit todo").get_by_label("Title")).to_have_value(
        HOSTILE[1]
    )
    assert "owned" not in page.title()


def test_five_thousand_todos_are_shown_as_they_are_needed(page, product):
    now = datetime(2030, 1, 1)
    product.add_many(
        [
            {"title": f"Todo {n:04}", "deadline_at": now + timedelta(hours=n), "completed": False}
            for n in range(5000)
        ]
    )
    page.goto("/")
    expect(page.get_by_role("status").filter(has_text="5000 todos")).to_be_visible()
    expect(page.locator("li.todo")).to_have_count(100)
    page.keyboard.press("End")
    expect(page.locator("li.todo")).to_have_count(200)
    page.reload()
    expect(page.locator("li.todo")).to_have_count(200)
    page.goto("/?shown=1000")
    page.locator("button.check").nth(998).click()
    expect(page.locator("a.title").last).to_have_text("Todo 1000")
    page.locator("#more").click()
    expect(page.locator("a.title").first).to_have_text("Todo 1001")
    page.goto("/month?month=2030-01")
    expect(page.get_by_text("+21 more").first).to_be_visible()


def test_without_a_connection_the_page_says_so_and_comes_back(page):
    page.goto("/")
    page.context.set_offline(True)
    expect(page.get_by_text("No connection to the server.")).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_text("Connected again.")).to_be_visible()
