"""A request's id and its line in the log, over a running server."""

import io
import json
import logging
import re
import signal
import socket
import threading

import httpx
import pytest
from starlette.responses import StreamingResponse

from taskoverflow.logs import JsonFormatter
from taskoverflow.store.database import open_database
from taskoverflow.store.migrations import migrate
from tests.conftest import running_web, wait_until

MADE = re.compile(r"[0-9a-f]{32}")
LINE = re.compile(r"(?P<method>[A-Z]+) (?P<path>\S+) → (?P<outcome>.*) in \d+ ms")


@pytest.fixture
def log():
    """All that is logged in this process, as a function that parses it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield lambda: parse(stream.getvalue())
    root.setLevel(level)
    root.removeHandler(handler)


def parse(text):
    return [json.loads(line) for line in text.splitlines()]


def requests(lines):
    """What the lines of requests say, as (method, path, outcome)."""
    found = [LINE.fullmatch(line["message"]) for line in lines]
    return [match.group("method", "path", "outcome") for match in found if match]


def one_request(log):
    wait_until(lambda: requests(log()))
    (request,) = requests(log())
    return request


@pytest.fixture
def serve(settings, start, tmp_path):
    """Starts the web server in a process; the log is what it has said when it is stopped."""
    migrate(open_database(settings.database_url, connections=1))
    base = f"http://127.0.0.1:{settings.port}"

    def answers():
        try:
            return httpx.get(f"{base}/api/v1/health").status_code == 200
        except httpx.TransportError:
            return False

    def run(log_format, visit):
        process = start("serve", log_format=log_format)
        wait_until(answers)
        with httpx.Client(base_url=base) as client:
            visit(client)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
        return (tmp_path / "processes.log").read_text()

    return run


def test_each_line_of_the_servers_log_is_json_with_the_promised_keys(serve):
    def visit(client):
        client.get("/api/v1/todos?window=3", headers={"X-Request-ID": "mine"})
        client.get("/a%20b%0a?c%0a", headers={"X-Request-ID": "odd"})

    lines = parse(serve("json", visit))
    assert all({"timestamp", "level", "location", "message"} <= line.keys() for line in lines)
    assert any("Application startup complete" in line["message"] for line in lines)
    (line,) = [line for line in lines if line.get("request_id") == "mine"]
    assert requests([line]) == [("GET", "/api/v1/todos", "200")]
    assert (line["method"], line["url"]) == ("GET", "/api/v1/todos?window=3")
    assert line["location"].startswith("taskoverflow.web.request_log:")
    assert [line["url"] for line in lines if line.get("request_id") == "odd"] == ["/a%20b%0A?c%0a"]


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_a_hostile_address_gives_one_line_and_a_secret_one_is_masked(serve, log_format):
    def visit(client):
        client.get('/x%0a{"level":"ERROR"}%0d%1b[2J%e2%80%a8forged')
        client.get("/%63alendars/s3cret/todos.ics")

    log = serve(log_format, visit)
    assert len([line for line in log.splitlines() if "forged" in line]) == 1
    assert "\x1b" not in log
    assert "s3cret" not in log
    assert "/calendars/***/todos.ics" in log


def test_a_harmless_request_id_is_taken_over(client):
    for given in ("a", "A-b.c_9", "x" * 128):
        answer = client.get("/health", headers={"X-Request-ID": given})
        assert answer.headers.get_list("x-request-id") == [given]


def test_without_a_request_id_each_request_gets_one_of_its_own(client):
    made = {client.get("/health").headers["x-request-id"] for _ in range(3)}
    assert len(made) == 3
    assert all(map(MADE.fullmatch, made))


@pytest.mark.parametrize("given", ["", "x" * 129, "a b", "a;b", 'a"b', "a\tb", b"\xe4", "../a"])
def test_a_hostile_request_id_is_replaced(client, given):
    answer = client.get("/health", headers={"X-Request-ID": given})
    assert MADE.fullmatch(answer.headers["x-request-id"])


def test_an_error_has_a_request_id_too(client, log):
    json_type = {"Content-Type": "application/json"}
    answers = [
        client.get("/nowhere"),
        client.put("/todos"),
        client.post("/todos", content=b"{", headers=json_type),
        client.post("/todos", content=b" " * 2_000_000, headers=json_type),
        client.post("/todos", content=b"x"),
        client.get("/../../static/none.css"),
    ]
    assert [answer.status_code for answer in answers] == [404, 405, 400, 413, 415, 404]
    assert all(MADE.fullmatch(answer.headers["x-request-id"]) for answer in answers)
    wait_until(lambda: len(requests(log())) == 6)


def test_an_uncaught_error_is_logged_once_and_its_answer_has_the_request_id(
    client, log, monkeypatch
):
    def fail(*_):
        raise ZeroDivisionError

    monkeypatch.setattr("taskoverflow.web.api.todos._list", fail)
    answer = client.get("/todos", headers={"X-Request-ID": "mine"})
    assert (answer.status_code, answer.headers["x-request-id"]) == (500, "mine")
    assert answer.json()["code"] == "internal_error"
    client.get("/health")  # the server has done with the first request when it takes this one
    assert requests(log())[0] == ("GET", "/api/v1/todos", "500")
    (error,) = [line for line in log() if line["level"] != "INFO"]
    assert error["exception"].endswith("ZeroDivisionError")
    assert error["request_id"] == "mine"
    assert (error["method"], error["url"]) == ("GET", "/api/v1/todos")


def test_the_id_is_the_handlers_to_read(settings, monkeypatch):
    async def show(request):
        return StreamingResponse(iter([request.state.request_id]))

    monkeypatch.setattr("taskoverflow.web.api.health.show", show)
    for client in running_web(settings):
        assert client.get("/health", headers={"X-Request-ID": "mine"}).text == "mine"


@pytest.fixture
def stream(settings, monkeypatch):
    """A server with an endless answer, which breaks when told to."""
    go_on = threading.Event()

    def pieces():
        yield "first"
        go_on.wait(10)
        raise ZeroDivisionError

    async def show(_):
        return StreamingResponse(pieces())

    monkeypatch.setattr("taskoverflow.web.api.health.show", show)
    for client in running_web(settings):
        with client.stream("GET", "/health") as answer:
            yield answer, go_on
            go_on.set()


def test_a_stream_is_passed_on_piece_by_piece(stream):
    answer, _ = stream
    assert next(answer.iter_text()) == "first"


def test_a_stream_that_breaks_is_logged_as_broken_off_with_one_traceback(stream, log):
    answer, go_on = stream
    pieces = answer.iter_text()
    next(pieces)
    go_on.set()
    with pytest.raises(httpx.RemoteProtocolError):
        next(pieces)
    assert one_request(log) == ("GET", "/api/v1/health", "200, broken off,")
    assert len([line for line in log() if "exception" in line]) == 1


def test_a_client_that_leaves_a_stream_is_no_error(stream, log):
    answer, go_on = stream
    answer.close()
    go_on.set()
    assert one_request(log) == ("GET", "/api/v1/health", "200, broken off,")


def test_a_client_that_leaves_in_its_request_is_no_error(client, log):
    with socket.create_connection((client.base_url.host, client.base_url.port)) as connection:
        connection.sendall(
            b"POST /api/v1/todos HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: 100\r\n\r\n{"
        )
    assert one_request(log) == ("POST", "/api/v1/todos", "499")
    assert [line for line in log() if line["level"] != "INFO"] == []


def test_a_probe_that_is_answered_is_not_worth_a_line(client, log):
    assert client.get(client.base_url.join("/livez")).status_code == 200
    client.get("/health")
    assert one_request(log) == ("GET", "/api/v1/health", "200")


def test_a_request_is_followed_into_the_worker_by_its_id(client, start, tmp_path):
    start("worker", log_format="json")
    task = client.post("/todos/ical", headers={"X-Request-ID": "follow-me"}).json()
    wait_until(lambda: client.get(task["task_url"]).json()["task_status"] == "SUCCESS")
    wait_until(lambda: "done" in (tmp_path / "processes.log").read_text())
    lines = parse((tmp_path / "processes.log").read_text())
    followed = [line for line in lines if line.get("request_id") == "follow-me"]
    assert {line["job_id"] for line in followed} == {task["task_id"]}
    assert len(followed) >= 2
