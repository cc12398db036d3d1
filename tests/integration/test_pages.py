"""The pages, as a browser without scripts sees them."""

import httpx
import pytest

from tests.conftest import wait_until


@pytest.fixture
def page(client):
    with httpx.Client(base_url=str(client.base_url).removesuffix("/api/v1/")) as page:
        yield page


def test_a_todo_is_added_by_the_form_and_shown(page, client):
    form = {"title": "Read <b>& write", "description": "", "deadline_at": "2026-12-01T09:30"}
    added = page.post("/", data=form)
    assert (added.status_code, added.headers["location"]) == (303, "/")
    (todo,) = client.get("/todos").json()
    assert todo["title"] == "Read <b>& write"
    assert todo["description"] is None
    assert todo["deadline_at"] == "2026-12-01T09:30:00"
    shown = page.get("/")
    assert shown.headers["content-type"] == "text/html; charset=utf-8"
    assert "Read &lt;b&gt;&amp; write" in shown.text


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"title": ""},
        {"title": "x" * 256},
        {"title": "<script>x</script>", "deadline_at": "<script>tomorrow</script>"},
        {"title": "<script>\0</script>"},
        {"title": "x", "description": "<script>" + "d" * 10_000},
    ],
)
def test_a_form_that_is_wrong_says_so_keeps_what_was_typed_and_escapes_it(page, client, form):
    answer = page.post("/", data=form)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert "<script>" not in answer.text
    assert client.get("/todos").json() == []
    if form.get("title"):
        assert 'name="title" required maxlength="255" value=""' not in answer.text


def test_what_is_no_utf_8_in_a_form_does_no_harm(page, client):
    answer = page.post("/", content=b"title=%FF%00x&title=\xff")
    assert answer.status_code in (303, 400)
    assert page.get("/").status_code == 200


def test_the_export_button_leads_to_the_file(page, client, start):
    page.post("/", data={"title": "x", "deadline_at": "2026-12-01T09:30"})
    pressed = page.post("/exports")
    assert pressed.status_code == 303
    waiting = page.get(pressed.headers["location"])
    assert "Waiting for a worker" in waiting.text
    assert 'http-equiv="refresh"' in waiting.text
    start("worker")
    wait_until(lambda: "Ready: 1 event" in page.get(pressed.headers["location"]).text)
    done = page.get(pressed.headers["location"])
    assert 'http-equiv="refresh"' not in done.text
    link = done.text.partition('<a href="/api')[2].partition('"')[0]
    assert page.get("/api" + link).text.startswith("BEGIN:VCALENDAR")


def test_an_unknown_export_is_not_found(page):
    assert page.get("/exports/unknown").status_code == 404


def test_what_the_page_loads_is_served_here(page):
    assert page.get("/static/style.css").headers["content-type"].startswith("text/css")
    assert "http://" not in page.get("/").text.replace(str(page.base_url), "")
    assert "https://" not in page.get("/").text


@pytest.mark.parametrize(
    "path", ["/static/../pages.py", "/static/%2e%2e/pages.py", "/static/", "/nothing"]
)
def test_no_other_file_is_served(page, path):
    assert page.get(path).status_code == 404
