"""A subscription, from its making to its revocation: a web server, a Redis, and workers."""

import gzip
import re
import sqlite3
import time
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from redis import Redis

from tests.calendar_lint import lint, unescape
from tests.conftest import free_port, wait_until


def add(client, title="x", days=1.0, **fields):
    due = (datetime.now(UTC) + timedelta(days=days)).isoformat()
    return client.post("/todos", json={"title": title, "deadline_at": due, **fields}).json()


@pytest.fixture
def worker(client, start):
    return start("worker")


def subscribe(client, **fields):
    answer = client.post("/calendars", json={"name": "Mine", **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


def titles(client, feed):
    answer = client.get(feed["url"])
    assert answer.status_code == 200
    return sorted(unescape(event["SUMMARY"]) for event in lint(answer.content))


def test_it_works(client, worker, settings):
    add(client, "first")
    feed = subscribe(client, name="My; todos")
    base = f"127.0.0.1:{settings.port}/calendars/"
    assert re.fullmatch(rf"http://{base}[A-Za-z0-9_-]{{43}}/todos\.ics", feed["url"])
    assert feed["webcal_url"] == feed["url"].replace("http://", "webcal://")
    answer = client.get(feed["url"])
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["content-disposition"] == 'inline; filename="todos.ics"'
    assert answer.headers["cache-control"].startswith("private")
    assert r"NAME:My\; todos" in answer.text
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT1H" in answer.text
    assert titles(client, feed) == ["first"]


def test_a_change_is_seen_by_the_fetch_after_the_next(client, worker):
    feed = subscribe(client)
    assert titles(client, feed) == []
    todo = add(client, "added")
    assert titles(client, feed) == []  # the last good file; a newer one is under way
    wait_until(lambda: titles(client, feed) == ["added"])
    client.put(f"/todos/{todo['id']}", json={"title": "changed"})
    wait_until(lambda: titles(client, feed) == ["changed"])
    client.delete(f"/todos/{todo['id']}")
    wait_until(lambda: titles(client, feed) == [])


def test_a_feed_is_narrowed_and_shaped_as_asked(client, worker):
    add(client, "soon", completed=True)
    add(client, "later", days=30)
    add(client, "in ten years", days=3650)
    assert titles(client, subscribe(client)) == ["later", "soon"]
    assert titles(client, subscribe(client, window=36500)) == ["in ten years", "later", "soon"]
    assert titles(client, subscribe(client, completed=False, window=60)) == ["later"]
    assert titles(client, subscribe(client, window=2, check_mark=True)) == ["✓ soon"]
    assert titles(client, subscribe(client, q="LAT", window=60)) == ["later"]
    client.post("/todos", json={"title": "some day"})
    tasks = subscribe(client, component="VTODO", window=None)
    assert titles(client, tasks) == ["in ten years", "later", "some day", "soon"]
    shaped = subscribe(client, component="VTODO", alarm="15m", all_day="midnight", tz="UTC")
    assert "BEGIN:VTODO" in client.get(shaped["url"]).text


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "a\0"}, "name"),
        ({"name": "x", "window": -1}, "window"),
        ({"name": "x", "window": "5"}, "window"),
        ({"name": "x", "component": "VJOURNAL"}, "component"),
        ({"name": "x", "alarm": "soon"}, "alarm"),
        ({"name": "x", "tz": "UTC"}, "tz"),
        ({"name": "x", "all_day": "midnight", "tz": "Mars"}, "tz"),
        ({"name": "x", "token": "mine"}, "token"),
    ],
)
def test_a_bad_feed_is_refused_by_its_field_and_not_made(client, body, field):
    answer = client.post("/calendars", json=body)
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert client.get("/calendars").json() == {"calendars": []}


def test_feeds_are_listed_without_their_addresses(client, worker):
    first, second = subscribe(client, name="a"), subscribe(client, name="b")
    listed = client.get("/calendars").json()["calendars"]
    assert [feed["name"] for feed in listed] == ["b", "a"]
    assert listed[1]["fetched_at"] is None
    for feed in (first, second):
        token = feed["url"].split("/")[-2]
        assert token not in client.get("/calendars").text
    client.get(first["url"])
    wait_until(lambda: client.get(f"/calendars/{first['id']}").json()["fetched_at"])


def test_the_address_is_stored_as_a_hash_and_logged_nowhere(worker, settings, start, tmp_path):
    port = free_port()
    start("serve", port=port)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=20) as client:
        wait_until(lambda: is_up(client))
        feed = subscribe(client)
        token = feed["url"].split("/")[-2]
        assert client.get(feed["url"]).status_code == 200
        assert client.get(f"{feed['url']}x").status_code == 404
    wait_until(lambda: "todos.icsx" in (tmp_path / "processes.log").read_text())
    files = [path.read_bytes() for path in tmp_path.iterdir() if path.is_file()]
    assert not any(token.encode() in content for content in files)


def is_up(client):
    try:
        return client.get("/health").status_code == 200
    except httpx.TransportError:
        return False


def test_a_rotated_address_works_and_the_old_one_does_not(client, worker):
    add(client, "kept")
    feed = subscribe(client)
    rotated = client.post(f"/calendars/{feed['id']}/rotate").json()
    assert rotated["url"] != feed["url"]
    assert client.get(feed["url"]).status_code == 404
    assert titles(client, rotated) == ["kept"]


def test_a_revoked_feed_is_not_found(client, worker):
    feed = subscribe(client)
    revoked = client.delete(f"/calendars/{feed['id']}")
    assert (revoked.status_code, revoked.json()["id"]) == (200, feed["id"])
    assert client.get(feed["url"]).status_code == 404
    assert client.get(f"/calendars/{feed['id']}").status_code == 404
    assert client.post(f"/calendars/{feed['id']}/rotate").status_code == 404
    assert client.delete(f"/calendars/{feed['id']}").json() == {}


@pytest.mark.parametrize("token", ["x", "x" * 43, "..%2f..", "%00", "%F0"])
def test_an_unknown_address_is_not_found(client, token):
    base = str(client.base_url).removesuffix("/api/v1/")
    assert client.get(f"{base}/calendars/{token}/todos.ics").status_code == 404


def test_the_last_good_file_is_served_without_redis_and_without_workers(
    client, worker, settings, start, monkeypatch
):
    add(client, "kept")
    feed = subscribe(client)
    worker.kill()
    worker.wait()
    add(client, "not yet there")
    for _ in range(3):
        assert titles(client, feed) == ["kept"]
    with Redis.from_url(settings.redis_url) as connection:
        # However often it was fetched, one refresh waits.
        assert waiting(settings) == 1
        connection.config_set("maxmemory", 1)
        try:
            assert client.post("/todos/ical").status_code == 503
            add(client, "nor this")
            assert titles(client, feed) == ["kept"]
        finally:
            connection.config_set("maxmemory", 0)
    start("worker")
    wait_until(lambda: len(titles(client, feed)) == 3)


def test_without_a_worker_no_address_is_handed_out(client, monkeypatch):
    monkeypatch.setattr("taskoverflow.web.api.calendars.FIRST_FILE", 0.5)
    answer = client.post("/calendars", json={"name": "x"})
    assert (answer.status_code, answer.json()["code"]) == (503, "feed_not_ready")
    assert client.get("/calendars").json() == {"calendars": []}


def test_conditions_are_answered_as_rfc_9110_has_them(client, worker):
    add(client)
    url = subscribe(client)["url"]
    for encoding in ("gzip", "identity"):
        headers = {"Accept-Encoding": encoding}
        full = client.get(url, headers=headers)
        etag, modified = full.headers["etag"], full.headers["last-modified"]
        known = [
            {"If-None-Match": etag},
            {"If-None-Match": f"W/{etag}"},
            {"If-Modified-Since": modified},
            {"If-None-Match": etag, "If-Modified-Since": "Mon, 01 Jan 2001 00:00:00 GMT"},
        ]
        for condition in known:
            answer = client.get(url, headers={**headers, **condition})
            assert (answer.status_code, answer.content) == (304, b""), condition
        unknown = [
            {"If-None-Match": '"x"', "If-Modified-Since": modified},
            {"If-Modified-Since": "Mon, 01 Jan 2001 00:00:00 GMT"},
            {"If-Modified-Since": "yesterday"},
        ]
        for condition in unknown:
            assert client.get(url, headers={**headers, **condition}).status_code == 200, condition
    with client.stream("GET", url, headers={"Accept-Encoding": "gzip"}) as answer:
        assert lint(gzip.decompress(b"".join(answer.iter_raw())))
    assert client.head(url).headers["content-length"]


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_a_part_of_the_file_is_sent_when_asked_for(client, worker, encoding):
    for number in range(30):
        add(client, f"todo {number}")
    url = subscribe(client)["url"]

    def ask(method="GET", **conditions):
        headers = {"Accept-Encoding": encoding, **conditions}
        with client.stream(method, url, headers=headers) as answer:
            return answer, b"".join(answer.iter_raw())

    whole, data = ask()
    size, etag = len(data), whole.headers["etag"]
    assert whole.headers["accept-ranges"] == "bytes"
    parts = {
        "0-9": (0, 10),
        "5-5": (5, 6),
        f"{size - 3}-": (size - 3, size),
        "-4": (size - 4, size),
        f"10-{10 * size}": (10, size),
        f"-{10 * size}": (0, size),
    }
    for asked, (start, end) in parts.items():
        answer, part = ask(Range=f"bytes={asked}", **{"If-Range": etag})
        assert (answer.status_code, part) == (206, data[start:end]), asked
        assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{size}"
        assert int(answer.headers["content-length"]) == end - start
    for asked in (f"{size}-", f"{size}-{size + 1}", "-0"):
        answer, _ = ask(Range=f"bytes={asked}")
        assert answer.status_code == 416, asked
        assert answer.headers["content-range"] == f"bytes */{size}"
    for asked in (
        "bytes=0-1,3-4",
        "bytes=-",
        "bytes=5-2",
        "lines=0-1",
        "bytes=x-",
        "bytes=\u0661-",
    ):
        answer, part = ask(Range=asked.encode())
        assert (answer.status_code, part) == (200, data), asked
    answer, part = ask(Range="bytes=0-9", **{"If-Range": '"another"'})
    assert (answer.status_code, part) == (200, data)


def test_a_file_grows_old_by_itself_since_a_window_moves(client, worker, settings):
    feed = subscribe(client)
    worker.kill()
    worker.wait()
    client.get(feed["url"])
    assert waiting(settings) == 0
    with sql(settings) as database:
        database.execute("UPDATE feed SET built_at = datetime('now', '-61 minutes')")
    client.get(feed["url"])
    wait_until(lambda: waiting(settings) == 1)


def waiting(settings):
    with Redis.from_url(settings.redis_url) as connection:
        return connection.llen(f"rq:queue:{settings.queue}")


@contextmanager
def sql(settings):
    """The database behind the server's back, in a transaction."""
    connection = sqlite3.connect(settings.data_folder / "todos.db", timeout=10)
    with closing(connection), connection:
        yield connection


def test_replaced_files_are_purged_and_the_last_one_never(client, worker, settings):
    feed = subscribe(client)
    for number in range(3):
        add(client, f"todo {number}")
        client.get(feed["url"])
        wait_until(lambda: len(titles(client, feed)) == number + 1)  # noqa: B023
    with sql(settings) as database:
        ends = [row[0] for row in database.execute("SELECT expires_at FROM calendar")]
        assert len(ends) > 1
        assert sum(end.startswith("9999") for end in ends) == 1
        database.execute("UPDATE calendar SET expires_at = '2001' WHERE expires_at < '9000'")
    client.post("/todos/ical")  # each calendar's job purges

    def kept():
        with sql(settings) as database:
            return [row[0] for row in database.execute("SELECT expires_at FROM calendar")]

    wait_until(lambda: "2001" not in kept())
    assert len(titles(client, feed)) == 3


def test_clients_at_once_all_get_the_whole_file_while_it_is_replaced(client, worker):
    for number in range(20):
        add(client, f"todo {number}")
    feed = subscribe(client)
    end = time.monotonic() + 3
    with httpx.Client(timeout=20) as other:
        while time.monotonic() < end:
            add(client)
            answer = other.get(feed["url"])
            assert answer.status_code == 200
            assert len(lint(answer.content)) >= 20
