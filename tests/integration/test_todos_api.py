"""The REST contract over a running server, on SQLite and on PostgreSQL."""

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from taskoverflow.settings import read_settings
from taskoverflow.web.api import todos_export
from tests.conftest import DATABASES, free_port, new_database, running_web

LONGEST = "😀" * 255


@pytest.fixture(scope="module", params=DATABASES)
def web(request, tmp_path_factory, valkey):
    """One server for all tests of this file: to start one for each takes longer than the tests."""
    given = {
        "DATABASE_URL": new_database(request, tmp_path_factory.mktemp("database")),
        "REDIS_URL": f"unix://{valkey.unix_socket_path}",
        "TASKOVERFLOW_PORT": str(free_port()),
    }
    yield from running_web(read_settings(given))


@pytest.fixture
def client(web):
    for todo in web.get("/todos").json():
        web.delete(f"/todos/{todo['id']}")
    return web


def add(client, title="x", **fields):
    answer = client.post("/todos", json={"title": title, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


def in_days(days):
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


def post_raw(client, body, content_type="application/json"):
    headers = {"Content-Type": content_type} if content_type else {}
    return client.post("/todos", content=body, headers=headers)


def test_it_works(client):
    todo = add(
        client, "Watch CSSE6400 Lecture", description="Queues", deadline_at="2026-12-01T00:00:00"
    )
    assert list(todo) == [
        "id",
        "title",
        "description",
        "completed",
        "deadline_at",
        "created_at",
        "updated_at",
    ]
    assert (todo["title"], todo["description"], todo["completed"]) == (
        "Watch CSSE6400 Lecture",
        "Queues",
        False,
    )
    assert todo["deadline_at"] == "2026-12-01T00:00:00"
    assert datetime.fromisoformat(todo["created_at"]).tzinfo is None
    assert client.get(f"/todos/{todo['id']}").json() == todo
    assert client.get("/todos").json() == [todo]


def test_health_is_exactly_this(client):
    answer = client.get("/health")
    assert (answer.status_code, answer.content) == (200, b'{"status":"ok"}')


def test_the_list_is_a_bare_array_newest_first(client):
    assert client.get("/todos").json() == []
    for title in "abc":
        add(client, title)
    assert [todo["title"] for todo in client.get("/todos").json()] == ["c", "b", "a"]


def test_the_list_is_narrowed_by_completion_and_window(client):
    add(client, "undated")
    add(client, "overdue", deadline_at=in_days(-1), completed=True)
    add(client, "soon", deadline_at=in_days(1))
    add(client, "later", deadline_at=in_days(10))

    def titles(query):
        return {todo["title"] for todo in client.get("/todos", params=query).json()}

    assert titles({"completed": "true"}) == {"overdue"}
    assert titles({"completed": "false"}) == {"undated", "soon", "later"}
    assert titles({"window": "5"}) == {"overdue", "soon"}
    assert titles({"window": "0"}) == {"overdue"}
    assert titles({"window": "36500", "completed": "false"}) == {"soon", "later"}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("completed=1", "completed"),
        ("completed=True", "completed"),
        ("completed=", "completed"),
        ("completed=true&completed=true", "completed"),
        ("window=-1", "window"),
        ("window=36501", "window"),
        ("window=1.5", "window"),
        ("window=", "window"),
        ("window=%2B5", "window"),
        ("window=5%0A", "window"),
        ("window=%D9%A5", "window"),
        ("window=99999999999999999999", "window"),
        ("window=%00", "window"),
        ("complete=true", "complete"),
    ],
)
@pytest.mark.parametrize("call", ["GET /todos", "POST /todos/ical"])
def test_a_bad_query_is_refused_by_name(client, call, query, field):
    method, path = call.split()
    answer = client.request(method, f"{path}?{query}")
    assert answer.status_code == 400
    assert answer.json()["field"] == field
    assert answer.json()["error"].startswith(f"{field}: ")


@pytest.mark.parametrize(
    "todo_id", ["0", "12345", "99999999999999999999", "-1", "1.0", "abc", "1%00", "%F0%9F"]
)
def test_an_unknown_todo_is_not_found(client, todo_id):
    for answer in (
        client.get(f"/todos/{todo_id}"),
        client.put(f"/todos/{todo_id}", json={"completed": True}),
    ):
        assert answer.status_code == 404
        assert answer.json()["error"] == "Todo not found"
    deleted = client.delete(f"/todos/{todo_id}")
    assert (deleted.status_code, deleted.json()) == (200, {})


def test_what_has_a_name_of_its_own_is_no_todo(client):
    for answer in (client.get("/todos/ical"), client.delete("/todos/ical")):
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_put_changes_what_is_given(client):
    before = add(client, "x", description="kept", deadline_at="2026-12-01T00:00:00")
    answer = client.put(f"/todos/{before['id']}", json={"completed": True, "deadline_at": None})
    assert answer.status_code == 200
    after = answer.json()
    assert (after["title"], after["description"], after["completed"], after["deadline_at"]) == (
        "x",
        "kept",
        True,
        None,
    )
    assert after["updated_at"] > before["updated_at"]
    assert client.get(f"/todos/{before['id']}").json() == after


def test_delete_returns_the_todo_and_then_nothing(client):
    todo = add(client)
    first = client.delete(f"/todos/{todo['id']}")
    assert (first.status_code, first.json()) == (200, todo)
    second = client.delete(f"/todos/{todo['id']}")
    assert (second.status_code, second.json()) == (200, {})


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("2023-02-27 13:14:15.678", "2023-02-27T13:14:15.678000"),  # the course's own page
        ("2023-02-27T00:00:00", "2023-02-27T00:00:00"),
        ("2023-02-27T13:14:15Z", "2023-02-27T13:14:15"),
        ("2023-02-27T13:14:15+10:00", "2023-02-27T03:14:15"),
        (None, None),
    ],
)
def test_a_deadline_is_shown_in_utc(client, given, shown):
    assert add(client, deadline_at=given)["deadline_at"] == shown


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "title"),
        ({"title": None}, "title"),
        ({"title": ""}, "title"),
        ({"title": 5}, "title"),
        ({"title": "x" * 256}, "title"),
        ({"title": ["x"]}, "title"),
        ({"title": "a\0b"}, "title"),
        ({"title": "x", "description": 1}, "description"),
        ({"title": "x", "description": "d" * 10_001}, "description"),
        ({"title": "x", "description": "\0"}, "description"),
        ({"title": "x", "completed": "true"}, "completed"),
        ({"title": "x", "completed": 1}, "completed"),
        ({"title": "x", "completed": None}, "completed"),
        ({"title": "x", "deadline_at": "tomorrow"}, "deadline_at"),
        ({"title": "x", "deadline_at": 1700000000}, "deadline_at"),
        ({"title": "x", "deadline_at": ""}, "deadline_at"),
        ({"title": "x", "id": 5}, "id"),
        ({"title": "x", "extra": True}, "extra"),
        ([], "body"),
        ("title", "body"),
        (None, "body"),
    ],
)
def test_a_bad_body_is_refused_by_its_field_and_changes_nothing(client, body, field):
    todo = add(client)
    assert_refused(client.post("/todos", **as_json(body)), field)
    if body != {}:  # an update needs no title
        assert_refused(client.put(f"/todos/{todo['id']}", **as_json(body)), field)
    assert client.get("/todos").json() == [todo]


def as_json(body):
    # httpx sends nothing for json=None.
    return {"content": json.dumps(body), "headers": {"Content-Type": "application/json"}}


def assert_refused(answer, field):
    assert answer.status_code == 400, answer.text
    assert answer.json()["field"] == field
    assert answer.json()["error"].startswith(f"{field}: ")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"title": "x"',
        b'{"title": "x"} {}',
        b"{'title': 'x'}",
        b"\xff\xfe",
        b'{"title": "\xff"}',
        b'{"title": "\xed\xa0\x80"}',
        b'{"title": "\\ud800"}',
        b'{"title": "\\udc00\\ud800"}',
        b'{"title": NaN}',
        b'\xef\xbb\xbf{"title": "x"}',
        b'{"description": ' + b"[" * 100_000,
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
)
def test_what_is_no_json_is_refused(client, body):
    answer = post_raw(client, body)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert client.get("/todos").json() == []


@pytest.mark.parametrize(
    "content_type",
    [None, "text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""],
)
def test_another_content_type_is_refused(client, content_type):
    answer = post_raw(client, b'{"title": "x"}', content_type)
    assert answer.status_code == 415
    assert "application/json" in answer.json()["error"]


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON"])
def test_json_is_json_however_it_is_spelt(client, content_type):
    assert post_raw(client, b'{"title": "x"}', content_type).status_code == 201


@pytest.mark.parametrize("size", [2**20 + 1, 5 * 2**20])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_a_mebibyte_is_refused(client, size, chunked):
    body = b'{"title": "x", "description": "' + b"d" * size
    answer = post_raw(client, iter([body]) if chunked else body)
    assert answer.status_code == 413
    assert answer.json()["code"] == "body_too_large"
    assert client.get("/todos").json() == []


def test_a_body_of_a_mebibyte_is_read(client):
    body = json.dumps({"title": "x"}).encode()
    assert post_raw(client, body + b" " * (2**20 - len(body))).status_code == 201


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/todos", {"GET", "HEAD", "POST"}),
        ("POST", "/todos/1", {"DELETE", "GET", "HEAD", "PATCH", "PUT"}),
        ("POST", "/health", {"GET", "HEAD"}),
        ("PUT", "/todos/ical/x/status", {"GET", "HEAD"}),
    ],
)
def test_a_method_that_is_not_there_is_answered_with_those_that_are(client, method, path, allowed):
    answer = client.request(method, path)
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == allowed
    assert answer.json()["error"]


@pytest.mark.parametrize("path", ["/", "/todo", "/todos/", "/todos/1/2", "/%2e%2e/todos", "//"])
def test_an_unknown_path_is_json_too(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json()["error"]


@pytest.mark.parametrize(
    "title",
    [
        LONGEST,
        "x" * 255,
        " ",
        "\u202eevil",
        "<script>alert(1)</script>",
        "a\r\nb\tc\x01",
        "' OR 1=1",
    ],
)
def test_a_strange_title_comes_back_as_it_was(client, title):
    todo = add(client, title)
    assert client.get(f"/todos/{todo['id']}").json()["title"] == title


def test_head_is_get_without_a_body(client):
    add(client)
    answer = client.head("/todos")
    assert (answer.status_code, answer.content) == (200, b"")


def test_a_request_gives_its_connection_back(client):
    for _ in range(60):  # three times the pool's connections
        assert client.get("/todos").status_code == 200


def test_all_todos_come_as_csv(client):
    first = add(client, 'with "quotes", commas\r\nand lines', deadline_at="2026-12-01T00:00:00")
    second = add(client, "=HYPERLINK(1)", completed=True, description="-1+1")
    answer = client.get("/todos.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="todos.csv"'
    header, *rows = csv.reader(io.StringIO(answer.text, newline=""))
    assert header == list(first)
    shown = [dict(zip(header, row, strict=True)) for row in rows]
    assert [row["id"] for row in shown] == [str(second["id"]), str(first["id"])]
    assert shown[0]["title"] == "'=HYPERLINK(1)"
    assert shown[0]["description"] == "'-1+1"
    assert shown[1]["title"] == first["title"]
    assert (shown[0]["completed"], shown[1]["completed"]) == ("true", "false")
    assert (shown[0]["deadline_at"], shown[1]["deadline_at"]) == ("", first["deadline_at"])


def test_all_todos_come_as_lines_of_json(client):
    made = [add(client, f"todo {number}\u2028") for number in range(3)]
    answer = client.get("/todos.ndjson")
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert [json.loads(line) for line in answer.text.removesuffix("\n").split("\n")] == made[::-1]


@pytest.mark.parametrize("path", ["/todos.csv", "/todos.ndjson"])
def test_an_export_is_whole_over_many_pages_and_narrowed_as_the_list_is(client, path, monkeypatch):
    monkeypatch.setattr(todos_export, "PAGE", 2)
    for number in range(7):
        add(client, f"todo {number}", completed=number % 2 == 0)
    lines = client.get(f"{path}?completed=true").text.splitlines()
    titles = [re.search(r"todo \d", line) for line in lines]
    assert [found[0] for found in titles if found] == ["todo 6", "todo 4", "todo 2", "todo 0"]
    assert client.get(f"{path}?completed=maybe").status_code == 400
