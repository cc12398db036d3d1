"""POST /todos/bulk over a running server, on SQLite and on PostgreSQL."""

import pytest
from playhouse.db_url import connect

from taskoverflow.settings import read_settings
from tests.conftest import DATABASES, free_port, new_database, running_web


@pytest.fixture(scope="module", params=DATABASES)
def url(request, tmp_path_factory):
    return new_database(request, tmp_path_factory.mktemp("database"))


@pytest.fixture(scope="module")
def client(url, valkey):
    given = {
        "DATABASE_URL": url,
        "REDIS_URL": f"unix://{valkey.unix_socket_path}",
        "TASKOVERFLOW_PORT": str(free_port()),
    }
    yield from running_web(read_settings(given))


def add(client, title="x", **fields):
    return client.post("/todos", json={"title": title, **fields}).json()


def bulk(client, *operations):
    return client.post("/todos/bulk", json={"operations": operations})


def done(client, *operations):
    answer = bulk(client, *operations)
    assert answer.status_code == 200, answer.text
    return answer.json()["results"]


def revision(url):
    # A connection of its own: open_database would take the models away from the server.
    with connect(url) as database:
        return database.execute_sql("SELECT SUM(changes) FROM revision_slot").fetchone()[0]


def test_it_works(client):
    first, second, third = (add(client, title) for title in ("one", "two", "three"))
    results = done(
        client,
        {"op": "complete", "id": first["id"]},
        {"op": "create", "todo": {"title": "new", "deadline_at": "2026-12-01T10:00:00+10:00"}},
        {"op": "delete", "id": second["id"]},
        {"op": "reopen", "id": 10**15},
        {"op": "update", "id": third["id"], "todo": {"title": "drei", "description": None}},
        {"op": "create", "todo": {"title": "newer", "completed": True}},
    )
    assert [result["status"] for result in results] == [200, 201, 200, 404, 200, 201]
    assert results[0]["todo"]["completed"] is True
    assert results[1]["todo"]["deadline_at"] == "2026-12-01T00:00:00"
    assert results[2]["todo"] == second
    assert results[3] == {"status": 404, "error": "Todo not found", "code": "not_found"}
    assert results[4]["todo"]["title"] == "drei"
    for number in (0, 1, 4, 5):
        todo = results[number]["todo"]
        assert client.get(f"/todos/{todo['id']}").json() == todo
    assert client.get(f"/todos/{second['id']}").status_code == 404


def test_operations_on_one_todo_come_one_after_the_other(client):
    todo = add(client)
    results = done(
        client,
        {"op": "complete", "id": todo["id"]},
        {"op": "update", "id": todo["id"], "todo": {"title": "y"}},
        {"op": "delete", "id": todo["id"]},
        {"op": "reopen", "id": todo["id"]},
    )
    assert [result["status"] for result in results] == [200, 200, 200, 404]
    assert results[2]["todo"] == results[1]["todo"]
    assert (results[2]["todo"]["title"], results[2]["todo"]["completed"]) == ("y", True)


def test_a_thousand_at_once_are_found_by_what_they_say_now(client, url):
    titles = [f"thousandfold {number}" for number in range(1000)]
    made = done(client, *({"op": "create", "todo": {"title": title}} for title in titles))
    assert [result["todo"]["title"] for result in made] == titles
    assert client.get("/todos?q=thousandf").headers["x-total-count"] == "1000"
    ids = [result["todo"]["id"] for result in made]
    before = revision(url)
    changed = done(
        client,
        *({"op": "update", "id": i, "todo": {"title": "renamed", "completed": True}} for i in ids),
    )
    assert {(r["status"], r["todo"]["completed"]) for r in changed} == {(200, True)}
    assert revision(url) == before + 1
    assert client.get("/todos?q=thousandfold").json() == []
    renamed = client.get("/todos?q=RENAMED&completed=true").json()
    assert [todo["id"] for todo in renamed] == ids[::-1]
    assert {r["status"] for r in done(client, *({"op": "delete", "id": i} for i in ids))} == {200}
    assert client.get("/todos?q=renamed").json() == []


@pytest.mark.parametrize(
    ("operation", "field"),
    [
        (5, "operations[2]"),
        ({}, "operations[2].op"),
        ({"op": "explode", "id": 1}, "operations[2].op"),
        ({"op": "complete"}, "operations[2].id"),
        ({"op": "complete", "id": "1"}, "operations[2].id"),
        ({"op": "complete", "id": 0}, "operations[2].id"),
        ({"op": "complete", "id": 2**63}, "operations[2].id"),
        ({"op": "complete", "id": 1, "todo": {}}, "operations[2].todo"),
        ({"op": "create"}, "operations[2].todo"),
        ({"op": "create", "todo": {}}, "operations[2].todo.title"),
        ({"op": "create", "todo": {"title": ""}}, "operations[2].todo.title"),
        ({"op": "create", "todo": {"title": "a\0"}}, "operations[2].todo.title"),
        ({"op": "create", "todo": {"title": "x", "id": 1}}, "operations[2].todo.id"),
        ({"op": "update", "id": 1, "todo": {"deadline_at": "?"}}, "operations[2].todo.deadline_at"),
    ],
)
def test_a_malformed_operation_is_named_and_nothing_changes(client, operation, field):
    todo = add(client)
    good = {"op": "delete", "id": todo["id"]}
    answer = bulk(client, good, good, operation, good)
    assert (answer.status_code, answer.json()["field"]) == (400, field), answer.text
    assert answer.json()["error"].startswith(f"{field}: ")
    assert client.get(f"/todos/{todo['id']}").json() == todo


def test_one_to_a_thousand_operations_are_taken(client):
    assert bulk(client).json()["field"] == "operations"
    one = {"op": "delete", "id": 10**15}
    assert bulk(client, *[one] * 1001).json()["field"] == "operations"
    assert {result["status"] for result in done(client, *[one] * 1000)} == {404}


def test_two_mebibytes_are_taken_and_seventeen_are_not(client):
    long = {"op": "create", "todo": {"title": "bulky", "description": "d" * 10_000}}
    results = done(client, *[long] * 200)
    done(client, *({"op": "delete", "id": result["todo"]["id"]} for result in results))
    headers = {"Content-Type": "application/json"}
    body = b'{"operations": [' + b" " * 16 * 2**20
    answer = client.post("/todos/bulk", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
