"""What the API says when a dependency is away, and that it says so soon."""

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import msgspec
import psutil
import psycopg2
import pytest

from tests.conftest import free_port, running_web, wait_until


@pytest.fixture(params=["refuses", "hangs"])
def away(request):
    """The address of a server that refuses connections, or takes them and says nothing."""
    if request.param == "refuses":
        yield f"127.0.0.1:{free_port()}"
        return
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield f"127.0.0.1:{silent.getsockname()[1]}"


def test_without_redis_the_job_calls_are_503_and_the_others_work(settings, away):
    for client in running_web(msgspec.structs.replace(settings, redis_url=f"redis://{away}")):
        assert client.post("/todos", json={"title": "x"}).status_code == 201
        assert client.get("/todos").status_code == 200
        assert_unavailable(client.post("/todos/ical"), "queue_unavailable")
        assert_unavailable(client.get("/todos/ical/x/status"), "queue_unavailable")
        assert_unavailable(client.get("/todos/ical/x/result"), "queue_unavailable")
        assert client.get("/health").content == b'{"status":"ok"}'


def test_without_a_database_the_todo_calls_are_503_and_health_is_not(settings):
    for client in running_web(settings):
        database = settings.data_folder / "todos.db"
        database.rename(database.with_suffix(".away"))
        database.mkdir()  # SQLite would make a new file
        client.get("/todos")  # may still hold the old file open
        for answer in [client.get("/todos") for _ in range(3)][-1:]:
            assert_unavailable(answer, "database_unavailable")
        assert_unavailable(client.post("/todos", json={"title": "x"}), "database_unavailable")
        assert client.get("/health").status_code == 200
        assert client.post("/todos/ical").status_code == 202


def test_without_postgresql_the_todo_calls_are_503(settings, away, monkeypatch):
    monkeypatch.setattr("tests.conftest.migrate", lambda database: None)
    away_url = f"postgresql://me:secret@{away}/todos"
    for client in running_web(msgspec.structs.replace(settings, database_url=away_url)):
        with ThreadPoolExecutor(5) as threads:
            answers = list(threads.map(lambda _: client.get("/todos"), range(10)))  # noqa: B023
        for answer in answers:
            assert_unavailable(answer, "database_unavailable")
            assert "secret" not in answer.text
        assert client.get("/health").status_code == 200


@pytest.mark.postgresql
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_postgresql_that_freezes_is_503_and_recovers(settings, database_url, postgresql_url):
    for client in running_web(msgspec.structs.replace(settings, database_url=database_url)):
        assert client.post("/todos", json={"title": "x"}).status_code == 201
        with frozen(backends_of(database_url, postgresql_url)):
            assert_unavailable(client.get("/todos"), "database_unavailable")
            assert client.get("/health").status_code == 200
        wait_until(lambda: client.get("/todos").status_code == 200)  # noqa: B023


@contextmanager
def frozen(processes):
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        for process in processes:
            process.resume()


def backends_of(url, server_url):
    """The server's processes that serve a database."""
    connection = psycopg2.connect(server_url)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pid, datname FROM pg_stat_activity")
            found = [psutil.Process(pid) for pid, name in cursor if name and f"/{name}?" in url]
    finally:
        connection.close()
    assert found
    return found


def test_a_redis_that_hangs_does_not_hold_up_what_needs_none(settings):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        hanging = msgspec.structs.replace(settings, redis_url=url, threads=4)
        for client in running_web(hanging):
            with ThreadPoolExecutor(40) as threads:
                asked = [threads.submit(client.post, "/todos/ical") for _ in range(40)]
                assert client.get("/todos", timeout=5).status_code == 200
                for answer in asked:
                    assert_unavailable(answer.result(), "queue_unavailable")


def assert_unavailable(answer, code):
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json()["code"] == code
