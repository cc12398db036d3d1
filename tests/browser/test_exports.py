"""Exports in a real browser, with real workers, and without."""

import re

import icalendar
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import drag, keep
from tests.conftest import wait_until


@pytest.fixture(autouse=True)
def all_well(product):
    """Whatever a test does to the worker and to Redis, the next one finds both."""
    product.worker()


def test_from_the_list_by_the_month_to_the_file(page, product):
    page.goto("/")
    page.get_by_label("Title").fill("Submit the tax return")
    page.get_by_label("Due date").fill("2030-05-06")
    page.get_by_label("Time").fill("18:00")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("link", name="Submit the tax return")).to_be_visible()
    page.goto("/month?month=2030-05")
    drag(page, page.locator(".chip"), page.locator("td[data-day='2030-05-20']"))
    expect(page.locator("td[data-day='2030-05-20'] .chip")).to_be_visible()
    expect(page.get_by_text("Moved to")).to_be_visible()
    product.worker(ical_delay=3.0)
    page.goto("/exports")
    page.get_by_role("button", name="Export as calendar").click()
    job = page.locator(".job").first
    expect(job).to_contain_text("Running")
    bar = job.get_by_role("progressbar")
    wait_until(lambda: bar.evaluate("bar => bar.position > 0.2 && bar.position < 1"))
    expect(job).to_contain_text(re.compile(r"of 3(\.0)? s"))
    keep(page, "export-running")
    expect(job).to_contain_text("Ready")
    with page.expect_download() as download:
        job.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "todos.ics"
    calendar = icalendar.Calendar.from_ical(download.value.path().read_bytes())
    (event,) = calendar.walk("VEVENT")
    assert event["SUMMARY"] == "Submit the tax return"
    assert event.decoded("DTSTART").isoformat() == "2030-05-20T08:00:00+00:00"


def test_an_export_waits_without_a_worker_and_is_cancelled_and_tried_again(page, product):
    product.stop_worker()
    page.goto("/exports")
    expect(page.get_by_text("No worker is running")).to_be_visible()
    page.get_by_role("button", name="Export as calendar").click()
    job = page.locator(".job").first
    expect(job).to_contain_text("Next in the queue")
    page.get_by_label("As", exact=True).first.select_option("Tasks")
    page.get_by_role("button", name="Export as calendar").click()
    expect(job).to_contain_text("1 job before it")
    expect(page.locator(".elapsed").first).not_to_have_text("0 s")
    keep(page, "no-worker")
    page.get_by_role("button", name="Cancel").first.click()
    expect(job).to_contain_text("Cancelled")
    job.get_by_role("button", name="Try again").click()
    expect(job).to_contain_text("Waiting")
    product.worker()
    expect(page.get_by_text("No worker is running")).to_be_hidden()
    expect(page.locator(".job.success")).to_have_count(page.locator(".job").count())


def test_without_redis_the_list_works_and_exports_come_back_by_themselves(page, product):
    page.goto("/exports")
    product.valkey.kill()
    try:
        page.get_by_role("button", name="Export as calendar").click()
        expect(page.get_by_role("alert")).to_have_text("The job queue is not reachable")
        expect(page.get_by_text("Your todos are safe")).to_be_visible()
        keep(page, "no-redis")
        page.goto("/")
        page.get_by_label("Title").fill("still works")
        page.get_by_label("Title").press("Enter")
        expect(page.get_by_role("link", name="still works")).to_be_visible()
        page.goto("/exports")
        expect(page.get_by_text("The job queue is not reachable")).to_be_visible()
    finally:
        product.valkey.start()
    expect(page.get_by_text("The job queue is not reachable")).to_be_hidden()


def test_a_calendar_file_is_imported_and_what_is_none_is_refused(page, product, tmp_path):
    product.add("From a file", "2026-12-01T10:00:00")
    task = product.api.post("/todos/ical", headers={"Prefer": "wait=20"}).json()["task_id"]
    file = f"/todos/ical/{task}/result"
    wait_until(lambda: product.api.get(file).status_code == 200)
    (tmp_path / "todos.ics").write_bytes(product.api.get(file).content)
    (tmp_path / "none.ics").write_text("<script>")
    product.clear()
    page.goto("/exports")
    page.get_by_label("Calendar file (.ics)").set_input_files(tmp_path / "none.ics")
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("alert")).to_contain_text("That is not a calendar file")
    page.get_by_label("Calendar file (.ics)").set_input_files(tmp_path / "todos.ics")
    page.get_by_role("button", name="Import").click()
    expect(page.locator(".job").first).to_contain_text("1 new, 0 changed")
    assert product.titles() == {"From a file"}


def test_an_address_is_made_copied_renewed_and_revoked(page, product):
    product.add("Plan the retreat", "2026-12-01T10:00:00")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/exports")
    page.get_by_label("Name").fill("Phone")
    page.get_by_role("button", name="Create an address").click()
    address = page.get_by_label("The address of “Phone”")
    expect(address).to_have_value(re.compile("/calendars/.+/todos.ics$"))
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    first = page.evaluate("navigator.clipboard.readText()")
    assert "Plan the retreat" in page.request.get(first).text()
    keep(page, "subscription")
    page.get_by_role("button", name="New address for Phone").click()
    expect(address).not_to_have_value(first)
    second = address.input_value()
    assert page.request.get(first).status == 404
    page.get_by_role("button", name="Revoke Phone").click()
    expect(page.get_by_role("button", name="Revoke Phone")).to_be_hidden()
    assert page.request.get(second).status == 404
