"""The pages, as a browser without scripts sees them."""

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import httpx
import msgspec
import pytest

from taskoverflow.store import todos
from taskoverflow.store.database import open_database
from tests.conftest import free_port, running_web, wait_until

HOSTILE = '<script>alert("x")</script> \'"&‮\u200b'


@pytest.fixture
def page(client):
    with httpx.Client(base_url=str(client.base_url).removesuffix("/api/v1/")) as page:
        yield page


def test_a_todo_is_added_by_the_form_and_shown(page, client):
    form = {"title": "Read <b>& write", "description": "", "date": "2026-12-01", "time": "09:30"}
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
        {"title": " \t"},
        {"title": "x" * 256},
        {"title": "<script>x</script>", "date": "<script>tomorrow</script>"},
        {"title": "<script>x</script>", "time": "10:00"},
        {"title": "x", "date": "2026-12-01", "time": "25:00"},
        {"title": "x", "date": "0001-01-01", "time": "00:00", "zone": "Australia/Brisbane"},
        {"title": "<script>\0</script>"},
        {"title": "x", "description": "<script>" + "d" * 10_000},
    ],
)
def test_a_form_that_is_wrong_says_so_keeps_what_was_typed_and_escapes_it(page, client, form):
    answer = page.post("/", data=form)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert "<script>" not in answer.text
    assert client.get("/todos").json() == []
    kept = re.search(r'id="add-title" [^>]* value="([^"]*)"', answer.text)[1]
    assert bool(kept.strip()) == bool(form.get("title", "").strip())


def test_what_is_no_utf_8_in_a_form_does_no_harm(page, client):
    answer = page.post("/", content=b"title=%FF%00x&title=\xff")
    assert answer.status_code in (303, 400)
    assert page.get("/").status_code == 200


def test_deadlines_are_shown_and_taken_in_the_zone_of_the_person(page, client):
    page.cookies.set("zone", "America/New_York")
    page.cookies.set("clock", "12")
    soon = datetime.now(UTC).year + 1
    form = {"title": "x", "date": f"{soon}-07-01", "time": "18:30", "zone": "America/New_York"}
    page.post("/", data=form)
    (todo,) = client.get("/todos").json()
    assert todo["deadline_at"] == f"{soon}-07-01T22:30:00"
    shown = page.get("/").text
    assert "6:30 pm" in shown
    assert "Times are in America/New York." in shown
    # A form that was made before the zone was known means the zone that it was made in.
    page.post("/", data={"title": "y", "date": f"{soon}-07-01", "time": "18:30", "zone": "UTC"})
    assert client.get("/todos").json()[0]["deadline_at"] == f"{soon}-07-01T18:30:00"


@pytest.mark.parametrize("zone", ["../../etc/passwd", "Mars/Base", "", "UTC,UTC"])
def test_a_zone_that_is_none_is_utc(page, zone):
    answer = page.get("/", headers={"Cookie": f'zone="{zone}"; week=9; theme=<b>'})
    assert "Times are in UTC." in answer.text


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_the_first_and_the_last_deadline_that_there_can_be_break_no_page(page, client, zone):
    page.cookies.set("zone", zone)
    for deadline in ("0001-01-01T00:00:00", "9999-12-31T23:59:59.999999"):
        made = client.post("/todos", json={"title": deadline, "deadline_at": deadline}).json()
        assert page.get(f"/todos/{made['id']}").status_code == 200
    shown = page.get("/?state=all")
    assert titles(shown.text) == ["0001-01-01T00:00:00", "9999-12-31T23:59:59.999999"]
    for odd in ("0001-01-01", "9999-12-31", "0001-06-01", "9999-06-01"):
        assert page.get("/", params={"day": odd}).status_code == 200
        assert page.get("/", params={"days": "36500", "day": odd}).status_code == 200
        assert page.get("/month", params={"month": odd[:7]}).status_code == 200


def test_the_list_stands_under_headings_and_is_narrowed_by_its_address(page, client):
    now = datetime.now(UTC).replace(tzinfo=None)
    for title, days in (("late", -1), ("soon", 2), ("far", 40), ("never", None)):
        deadline = None if days is None else (now + timedelta(days=days)).isoformat()
        client.post("/todos", json={"title": title, "deadline_at": deadline})
    client.post("/todos", json={"title": "finished", "completed": True})
    assert groups(page.get("/").text) == ["past", "week", "later", "undated"]
    assert titles(page.get("/").text) == ["late", "soon", "far", "never"]
    assert titles(page.get("/?state=overdue").text) == ["late"]
    assert titles(page.get("/?state=done").text) == ["finished"]
    assert titles(page.get("/?state=all&sort=title").text) == [
        "far",
        "finished",
        "late",
        "never",
        "soon",
    ]
    assert titles(page.get("/?days=7").text) == ["late", "soon"]
    assert titles(page.get("/?q=fa").text) == ["far"]
    assert titles(page.get(f"/?day={(now + timedelta(days=2)).date()}").text) == ["soon"]
    assert titles(page.get("/?state=x&days=-1&day=2026-02-30&sort=&after=x&shown=0").text)
    assert "No todos match" in page.get("/?q=nothing").text


def test_many_todos_are_shown_in_pages(page, settings):
    every = [f"Todo {n:04}" for n in range(1300)]
    database = open_database(settings.database_url, connections=1)
    assert list(todos.create_many(database, ({"title": title} for title in every)))
    longest = page.get("/?sort=title&shown=1000").text
    assert "1300 todos" in longest
    behind = re.search(r'id="more" class="button" href="([^"]+)" rel', longest)[1]
    rest = page.get(behind.replace("&amp;", "&") + "&shown=1000").text
    assert "1300 todos" in rest
    assert titles(longest) + titles(rest) == every
    assert 'id="more"' not in rest
    assert len(titles(page.get("/").text)) == 100


def test_buttons_complete_reopen_and_delete(page, client):
    ids = [client.post("/todos", json={"title": f"t{n}"}).json()["id"] for n in range(3)]
    back = {"back": "/?q=t"}
    done = page.post("/todos", data={"complete": ids[0], **back})
    assert (done.status_code, done.headers["location"]) == (303, "/?q=t")
    assert client.get(f"/todos/{ids[0]}").json()["completed"] is True
    page.post("/todos", data={"reopen": ids[0]})
    assert client.get(f"/todos/{ids[0]}").json()["completed"] is False
    page.post("/todos", data={"bulk": "complete", "id": ids[:2]})
    assert len(client.get("/todos?completed=true").json()) == 2
    asked = page.post("/todos", data={"bulk": "delete", "id": ids[:2]})
    assert "Delete these 2 todos?" in asked.text
    assert len(client.get("/todos").json()) == 3
    page.post("/todos", data={"bulk": "delete-now", "id": ids[:2]})
    assert [todo["id"] for todo in client.get("/todos").json()] == ids[2:]
    for odd in ({}, {"complete": "x"}, {"bulk": "fly", "id": ids[2]}, {"delete": 2**70}):
        assert page.post("/todos", data=odd).status_code == 303
    assert len(client.get("/todos").json()) == 1


@pytest.mark.parametrize(
    "back", ["//evil.example", "https://evil.example", "/\\evil.example", "/\n/evil.example", "x"]
)
def test_a_form_never_leads_to_another_host(page, client, back):
    assert page.post("/todos", data={"back": back}).headers["location"] == "/"
    todo = client.post("/todos", json={"title": "x"}).json()
    shown = page.get(f"/todos/{todo['id']}", params={"back": back}).text
    assert fields(shown)["back"] == "/"
    assert not re.search(r'href="[^"]*evil', shown)


def test_a_todo_is_edited_and_somebody_elses_change_is_not_overwritten(page, client):
    deadline = "2026-12-01T09:30:15"
    made = client.post("/todos", json={"title": HOSTILE, "deadline_at": deadline}).json()
    address = f"/todos/{made['id']}"
    form = fields(page.get(address).text)
    assert form["title"] == HOSTILE
    # A deadline that is left alone keeps its seconds.
    saved = page.post(address, data=form | {"description": "one\r\ntwo"})
    assert saved.status_code == 303
    todo = client.get(address).json()
    assert (todo["description"], todo["deadline_at"]) == ("one\ntwo", deadline)
    client.put(address, json={"title": "theirs"})
    refused = page.post(address, data=form | {"title": "mine"})
    assert refused.status_code == 412
    assert "theirs" in refused.text
    assert fields(refused.text)["title"] == "mine"
    assert client.get(address).json()["title"] == "theirs"
    assert page.post(address, data=fields(refused.text)).status_code == 303
    assert client.get(address).json()["title"] == "mine"


def test_the_month_has_its_days_and_their_todos(page, client):
    for n in range(5):
        client.post("/todos", json={"title": f"t{n}", "deadline_at": f"2026-11-30T2{n % 4}:00"})
    client.post("/todos", json={"title": "next", "deadline_at": "2026-12-07T00:00"})
    shown = page.get("/month?month=2026-11").text
    days = re.findall(r'data-day="([^"]+)"', shown)
    assert (days[0], days[-1], len(days)) == ("2026-10-26", "2026-12-06", 42)
    assert shown.count('class="chip') == 3
    assert "+2 more" in shown
    assert "Monday 30 November 2026, 5 todos" in shown
    page.cookies.set("week", "7")
    page.cookies.set("zone", "Australia/Brisbane")
    moved = page.get("/month?month=2026-12").text
    assert re.findall(r'data-day="([^"]+)"', moved)[0] == "2026-11-29"
    assert "Tuesday 1 December 2026, 5 todos" in moved
    for odd in ("0000-13", "9999-12", "0001-01", "<b>", ""):
        assert page.get("/month", params={"month": odd}).status_code == 200


def test_the_export_button_leads_to_the_file(page, client, start):
    page.post("/", data={"title": "x", "date": "2026-12-01", "time": "09:30"})
    pressed = page.post("/exports", data={"which": "open", "component": "both"})
    assert pressed.status_code == 303
    waiting = page.get(pressed.headers["location"])
    assert "No worker is running" in waiting.text
    assert 'http-equiv="refresh"' in waiting.text
    start("worker")
    wait_until(lambda: ">Ready<" in page.get("/exports").text)
    done = page.get("/exports").text
    assert 'http-equiv="refresh"' not in done
    assert "No worker is running" not in done
    link = re.search(r'href="(/api/v1/todos/ical/[^"]+/result)"', done)[1]
    assert page.get(link).text.startswith("BEGIN:VCALENDAR")


def test_an_export_is_cancelled_and_tried_again(page, client):
    job = client.post("/todos/ical").json()["task_id"]
    page.post("/exports", data={"cancel": job})
    assert client.get(f"/jobs/{job}").json()["status"] == "REVOKED"
    page.post("/exports", data={"retry": job})
    assert client.get(f"/jobs/{job}").json()["status"] == "PENDING"
    for odd in ({"cancel": "x"}, {"retry": job}, {"component": "<b>"}):
        assert page.post("/exports", data=odd).status_code == 303


def test_a_subscription_is_shown_once_and_revoked(page, client, start):
    start("worker")
    made = page.post("/subscriptions", data={"name": HOSTILE, "which": "all"}, timeout=30)
    assert made.status_code == 201
    address = re.search(r'id="address" readonly value="([^"]+)"', made.text)[1]
    assert httpx.get(address).text.startswith("BEGIN:VCALENDAR")
    again = page.get("/exports").text
    assert address not in again
    assert "<script>alert" not in again
    (feed,) = client.get("/calendars").json()["calendars"]
    page.post("/subscriptions", data={"revoke": feed["id"]})
    assert httpx.get(address).status_code == 404
    assert page.post("/subscriptions", data={"name": " "}).status_code == 400
    assert page.post("/subscriptions", data={"rotate": "x"}).status_code == 303


def test_without_redis_the_list_works_and_exports_say_so(settings):
    away = msgspec.structs.replace(settings, redis_url=f"redis://127.0.0.1:{free_port()}")
    for client in running_web(away):
        with httpx.Client(base_url=str(client.base_url).removesuffix("/api/v1/")) as page:
            assert page.post("/", data={"title": "x"}).status_code == 303
            assert titles(page.get("/").text) == ["x"]
            assert "The job queue is not reachable" in page.get("/exports").text
            pressed = page.post("/exports", data={})
            assert (pressed.status_code, pressed.headers["content-type"][:9]) == (503, "text/html")


def test_an_error_is_a_page(page):
    missing = page.get("/todos/12")
    assert (missing.status_code, missing.headers["content-type"][:9]) == (404, "text/html")
    assert "There is no such page" in missing.text


@pytest.mark.parametrize(
    ("path", "status"), [("/nowhere", 404), ("/%3Cb%3E", 404), ("/theme", 405)]
)
def test_a_browser_that_is_led_astray_is_shown_a_page(page, path, status):
    found = page.get(path, headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert (found.status_code, found.headers["content-type"][:9]) == (status, "text/html")
    assert 'href="/"' in found.text
    assert "<b>" not in found.text
    others = page.get(path)
    assert (others.status_code, others.headers["content-type"]) == (
        status,
        "application/problem+json",
    )
    assert found.headers.get("allow") == others.headers.get("allow")


def test_the_theme_is_in_the_page_itself(page):
    assert 'data-theme="system"' in page.get("/").text
    for theme in ("light", "dark", "system"):
        assert page.post("/theme", data={"back": "/month"}).headers["location"] == "/month"
        assert f'data-theme="{theme}"' in page.get("/").text


def test_what_the_pages_load_is_served_here_and_kept_for_a_year(page):
    for address in ("/", "/month", "/exports"):
        text = page.get(address).text
        assert "http://" not in text
        assert "https://" not in text
        assert "<style" not in text
        assert not re.search(r"<script(?! type=\"module\" src=)|\son[a-z]+=|\sstyle=", text)
        for link in re.findall(r'(?:href|src)="(/static/[^"#]+)', text):
            file = page.get(link)
            assert file.status_code == 200
            assert file.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert file.headers["content-encoding"] == "gzip"
            for imported in re.findall(r'from "\./(.+?)"', file.text):
                assert page.get(link.rpartition("/")[0] + "/" + imported).status_code == 200
    other = page.get("/static/another/style.css", headers={"Accept-Encoding": "identity"})
    assert (other.status_code, other.headers["cache-control"]) == (200, "no-store")
    assert other.text.startswith("/*")


def test_all_that_a_browser_loads_is_less_than_60_kilobytes(page):
    loaded = {}
    for address in ("/", "/month", "/exports"):
        text = page.get(address).text
        files = set(re.findall(r'(?:href|src)="(/static/[^"#]+)', text))
        for link in files:
            loaded[link] = int(page.get(link).headers["content-length"])
        assert 5 < len(files) < 25
    assert sum(loaded.values()) < 60_000


@pytest.mark.parametrize(
    "path",
    ["/static/../list_page.py", "/static/x/%2e%2e/list_page.py", "/static/", "/static/x/y.js"],
)
def test_no_other_file_is_served(page, path):
    assert page.get(path).status_code == 404


def titles(text):
    class Titles(HTMLParser):
        found, inside = [], False

        def handle_starttag(self, tag, attrs):
            self.inside = ("class", "title") in attrs

        def handle_data(self, data):
            if self.inside:
                self.found.append(data)
            self.inside = False

    parser = Titles()
    parser.found = []
    parser.feed(text)
    return parser.found


def is_sent(field):
    return field.get("type") != "checkbox" or "checked" in field


def groups(text):
    return re.findall(r'data-group="([^"]+)"', text)


def fields(text):
    """What a browser would send of the form that edits."""

    class Form(HTMLParser):
        given, area = {}, False

        def handle_starttag(self, tag, attrs):
            named = dict(attrs)
            if tag == "form":
                self.open = named.get("id", "").startswith("edit-")
            elif self.open and tag == "textarea":
                self.area = True
            elif self.open and tag == "input" and is_sent(named):
                self.given[named["name"]] = named.get("value", "")

        def handle_data(self, data):
            if self.area:
                self.given["description"] = data.removeprefix("\n")
            self.area = False

    parser = Form()
    parser.given, parser.open = {}, False
    parser.feed(text)
    return parser.given
