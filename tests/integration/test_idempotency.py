"""Idempotency-Key: a request that comes again is answered again, and nothing is done twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from taskoverflow.errors import KeyInUse
from taskoverflow.store import idempotency, todos
from taskoverflow.store.database import transaction
from taskoverflow.store.idempotency import Answer, Claim
from taskoverflow.store.models import IdempotencyKey, utc_now
from tests.conftest import serving

TODO = {"title": "Water the plants", "deadline_at": "2026-12-01T18:00:00"}
KEY = {"Idempotency-Key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}
CALENDAR = b"BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nSUMMARY:Buy milk\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"


def same(one, other):
    names = ("etag", "location", "content-type", "cache-control")
    heads = [[answer.headers.get(name) for name in names] for answer in (one, other)]
    return (one.status_code, one.content, heads[0]) == (other.status_code, other.content, heads[1])


def test_the_same_key_and_body_get_the_first_answer_again(client):
    first = client.post("/todos", json=TODO, headers=KEY)
    client.delete(f"/todos/{first.json()['id']}")
    again = client.post("/todos", json=dict(reversed(TODO.items())), headers=KEY)
    assert first.status_code == 201
    assert same(first, again)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert client.get("/todos").json() == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/todos/ical?window=7", {}),
        ("/todos/import", {"content": CALENDAR, "headers": {"Content-Type": "text/calendar"}}),
        ("/todos/bulk", {"json": {"operations": [{"op": "create", "todo": TODO}]}}),
    ],
)
def test_so_do_jobs_and_many_changes(client, path, body):
    headers = body.pop("headers", {}) | KEY
    first, again = (client.post(path, headers=headers, **body) for _ in range(2))
    assert first.is_success
    assert same(first, again)
    jobs, todos = client.get("/jobs").json()["jobs"], client.get("/todos").json()
    assert len(jobs) + len(todos) == 1


@pytest.mark.parametrize(
    ("path", "body"), [("/todos", {**TODO, "completed": True}), ("/todos/ical", None)]
)
def test_the_key_of_another_request_is_refused(client, path, body):
    client.post("/todos", json=TODO, headers=KEY)
    answer = client.post(path, json=body, headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (422, "key_reused")


def test_an_error_leaves_the_key_free(settings):
    with serving(settings) as client:
        assert client.post("/todos", json={"title": ""}, headers=KEY).status_code == 400
        assert client.post("/todos", json=TODO, headers=KEY).status_code == 201


@pytest.mark.parametrize(
    "key",
    [
        "",
        '""',
        '"a',
        'a"',
        "a b",
        '"a\\b"',
        '"' + "x" * 256 + '"',
        "x" * 256,
        "é",
        '"a";p=1',
        ":\x7f:",
    ],
)
def test_what_is_no_key_is_refused_and_nothing_is_done(client, key):
    answer = client.post("/todos", json=TODO, headers={"Idempotency-Key": key.encode("latin-1")})
    assert answer.status_code == 400
    assert answer.json().get("field", "Idempotency-Key") == "Idempotency-Key"
    assert client.get("/todos").json() == []


def test_a_bare_key_is_the_quoted_one(client):
    client.post("/todos", json=TODO, headers={"Idempotency-Key": "abc"})
    again = client.post("/todos", json=TODO, headers={"Idempotency-Key": '"abc"'})
    assert "idempotent-replayed" in again.headers


def test_of_many_at_once_one_is_carried_out(client):
    with ThreadPoolExecutor(12) as threads:
        sent = [threads.submit(client.post, "/todos", json=TODO, headers=KEY) for _ in range(12)]
        answers = [one.result() for one in sent]
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert {a.json()["code"] for a in answers if a.status_code == 409} <= {"key_in_use"}
    assert len(client.get("/todos").json()) == 1
    assert client.post("/todos", json=TODO, headers=KEY).status_code == 201


def claim(database, **changes):
    return idempotency.claim(database, **{"client": "", "key": "k", "fingerprint": "f"} | changes)


def test_a_claim_is_one_client_s_until_it_is_settled_or_released(database):
    first = claim(database)
    with pytest.raises(KeyInUse):
        claim(database)
    assert isinstance(claim(database, client="another"), Claim)
    idempotency.release(database, first)
    second = claim(database)
    idempotency.settle(database, second, Answer(201, {"etag": '"1"'}, b"{}"))
    idempotency.release(database, second)  # what is settled stays
    assert claim(database) == Answer(201, {"etag": '"1"'}, b"{}")


def test_a_claim_whose_process_died_is_free_again_and_a_late_one_changes_nothing(
    database,
):
    dead = claim(database)
    with transaction(database, write=True):
        IdempotencyKey.update(claimed_at=utc_now() - timedelta(minutes=2)).execute()
    heir = claim(database)
    with pytest.raises(KeyInUse):
        change_and_settle(database, dead)
    assert todos.count(database, todos.Filter()) == 0  # the change went with its settlement
    idempotency.settle(database, heir, Answer(201, {}, b"heir"))
    assert claim(database).body == b"heir"


def change_and_settle(database, claimed):
    with transaction(database, write=True):
        todos.create(database, {"title": "late"})
        idempotency.settle(database, claimed, Answer(201, {}, b"dead"))


def test_an_answer_is_forgotten_after_a_day(database):
    idempotency.settle(database, claim(database), Answer(201, {}, b"{}"))
    with transaction(database, write=True):
        IdempotencyKey.update(expires_at=utc_now()).execute()
    assert isinstance(claim(database), Claim)
