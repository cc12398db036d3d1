"""How much a client may ask for, and how long it may take: each limit, and that it can be off."""

import json
import socket
import time

import msgspec
import pytest

from taskoverflow.store import todos
from taskoverflow.tokens import Scope, new_token
from tests.conftest import free_port, serving, wait_until

TODO = {"title": "Water the plants"}


@pytest.fixture
def limited(settings):
    """Makes clients of servers with other limits."""
    running = []

    def make(**limits):
        running.append(serving(msgspec.structs.replace(settings, port=free_port(), **limits)))
        return running[-1].__enter__()

    yield make
    for server in running:
        server.__exit__(None, None, None)


def connect(client):
    return socket.create_connection((client.base_url.host, client.base_url.port), timeout=20)


def answer_of(connection):
    """What the server says before it hangs up: the status, and the body's code."""
    said = b""
    while data := connection.recv(65536):
        said += data
    return (
        (int(said.split()[1]), json.loads(said.partition(b"\r\n\r\n")[2])["code"]) if said else None
    )


def test_a_client_is_told_what_it_has_left_and_refused_when_it_is_nothing(limited):
    client = limited(rate_limit=5)
    answers = [client.get("/todos") for _ in range(7)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    assert [int(a.headers["ratelimit"].split("r=")[1].split(";")[0]) for a in answers[:5]] == [
        4, 3, 2, 1, 0,
    ]  # fmt: skip
    assert answers[0].headers["ratelimit-policy"] == '"requests";q=5;w=60'
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    assert answers[-1].json()["code"] == "too_many_requests"
    assert client.get("/health").status_code == 200  # a probe counts for nothing


def test_all_web_processes_count_together(limited):
    clients = [limited(rate_limit=4), limited(rate_limit=4)]
    statuses = [client.get("/todos").status_code for client in clients * 3]
    assert statuses == [200] * 4 + [429] * 2


def test_without_redis_reading_goes_on_and_submitting_does_not(limited, tmp_path):
    client = limited(rate_limit=1, redis_url=f"unix://{tmp_path}/none.sock")
    for _ in range(3):
        answer = client.get("/todos")
        assert (answer.status_code, "ratelimit" in answer.headers) == (200, False)
        assert client.post("/todos/ical").status_code == 503


def test_no_limit_is_no_limit(limited):
    client = limited(
        rate_limit=0, max_jobs=0, max_todos=0, max_watchers=0, max_body=0, max_headers=0,
        header_timeout=0, body_timeout=0,
    )  # fmt: skip
    assert client.get("/todos", headers={"X-Long": "x" * 100_000}).status_code == 200
    body = json.dumps(TODO) + " " * 2_000_000
    answer = client.post("/todos", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 201
    assert client.post("/todos/ical").status_code == 202


def test_a_client_s_jobs_are_limited_until_one_ends(limited):
    client = limited(max_jobs=2)
    first, _ = (client.post(f"/todos/ical?window={n}").json()["task_id"] for n in (1, 2))
    refused = client.post("/todos/ical?window=3")
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_jobs")
    assert "retry-after" in refused.headers
    assert client.post("/todos/ical?window=2").status_code == 202  # joins the one that waits
    client.delete(f"/jobs/{first}")
    assert client.post("/todos/ical?window=3").status_code == 202


def test_todos_are_limited_however_they_come(limited):
    client = limited(max_todos=2)
    created = [client.post("/todos", json=TODO) for _ in range(3)]
    assert [answer.status_code for answer in created] == [201, 201, 409]
    assert created[-1].json()["code"] == "too_many_todos"
    several = {"operations": [{"op": "delete", "id": created[0].json()["id"]}]}
    several["operations"] += [{"op": "create", "todo": TODO}] * 2
    assert client.post("/todos/bulk", json=several).status_code == 409
    assert len(client.get("/todos").json()) == 2
    several["operations"].pop()
    assert client.post("/todos/bulk", json=several).status_code == 200


def test_the_number_of_todos_is_that_of_the_rows(database):
    made = todos.create(database, TODO)
    assert sum(todos.create_many(database, [TODO | {"completed": False}] * 250)) == 250
    todos.delete(database, made.id)
    with database.connection_context():
        (counted,) = database.execute_sql("SELECT sum(todos) FROM revision_slot").fetchone()
    assert counted == 250


def test_watchers_are_limited(limited):
    client = limited(max_watchers=1)
    job = client.post("/todos/ical").json()["task_id"]
    with client.stream("GET", f"/jobs/{job}/events") as first:
        assert first.status_code == 200
        lines = first.iter_lines()  # kept: it hangs up when it is forgotten
        next(lines)
        refused = client.get(f"/jobs/{job}/events")
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_watchers")
    wait_until(lambda: client.get(f"/jobs/{job}", headers={"Prefer": "wait=0"}).status_code == 200)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"GET /" + b"x" * 3000 + b" HTTP/1.1\r\n\r\n", (414, "url_too_long")),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 5000 + b"\r\n\r\n", (431, "headers_too_large")),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 2000 + b"\r\n", (431, "headers_too_large")),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 5000, (431, "headers_too_large")),  # it never ends
    ],
)
def test_a_head_that_is_too_long_is_refused(limited, sent, said):
    with connect(limited(max_headers=4096)) as connection:
        connection.sendall(sent)
        assert answer_of(connection) == said


def test_a_long_body_is_no_long_head(limited):
    client = limited(max_headers=4096)
    assert client.post("/todos", json=TODO | {"description": "x" * 9000}).status_code == 201
    assert client.get("/todos").status_code == 200


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"", None),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n", (408, "request_timeout")),
    ],
)
def test_a_head_that_does_not_come_is_not_waited_for(limited, sent, said):
    with connect(limited(header_timeout=0.5)) as connection:
        connection.sendall(sent)
        assert answer_of(connection) == said


def test_a_body_that_trickles_is_not_waited_for(limited):
    with connect(limited(body_timeout=1)) as connection:
        connection.sendall(
            b"POST /api/v1/todos HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: 1000\r\nConnection: close\r\n\r\n"
        )
        for _ in range(6):
            connection.sendall(b" ")
            time.sleep(0.2)
        assert connection.recv(65536).startswith(b"HTTP/1.1 408 ")


def test_who_sends_too_much_is_not_listened_to_any_longer(limited):
    with connect(limited(max_body=1000)) as connection:
        connection.sendall(
            b"POST /api/v1/todos HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: 1000000000\r\n\r\n"
        )
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            connection.sendall(b" " * 200_000_000)


def test_who_tries_tokens_is_slowed_down_and_logged_without_them(limited, caplog):
    token, entry = new_token("a", Scope.READ)
    client = limited(api_tokens=entry)
    tried = {"Authorization": "Bearer tov_guessed"}
    statuses = [client.get("/todos", headers=tried).status_code for _ in range(22)]
    assert statuses == [401] * 20 + [429] * 2
    assert "a token that is not known was sent from 127.0.0.1" in caplog.text
    assert "guessed" not in caplog.text
    known = {"Authorization": f"Bearer {token}"}
    assert client.get("/todos", headers=known).status_code == 200  # it may share the address


def test_a_deep_body_is_refused(client):
    body = b'{"title": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    answer = client.post("/todos", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
