"""Long lists: pages, orders, search, and what a client has already."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from taskoverflow.settings import read_settings
from tests.conftest import DATABASES, free_port, new_database, running_web


@pytest.fixture(scope="module", params=DATABASES)
def web(request, tmp_path_factory, valkey):
    given = {
        "DATABASE_URL": new_database(request, tmp_path_factory.mktemp("database")),
        "REDIS_URL": f"unix://{valkey.unix_socket_path}",
        "TASKOVERFLOW_PORT": str(free_port()),
    }
    yield from running_web(read_settings(given))


@pytest.fixture
def client(web):
    while ids := [todo["id"] for todo in web.get("/todos").json()]:
        bulk(web, *({"op": "delete", "id": todo_id} for todo_id in ids))
    return web


def bulk(client, *operations):
    return client.post("/todos/bulk", json={"operations": operations}).json()["results"]


def add(client, title="x", **fields):
    return client.post("/todos", json={"title": title, **fields}).json()


def add_all(client, *todos):
    return [r["todo"] for r in bulk(client, *({"op": "create", "todo": todo} for todo in todos))]


def titles(client, **query):
    answer = client.get("/todos", params=query)
    assert answer.status_code == 200, answer.text
    return [todo["title"] for todo in answer.json()]


def pages(client, **query):
    """The list's pages, by its Link headers alone."""
    answer = client.get("/todos", params=query)
    while True:
        assert answer.status_code == 200, answer.text
        yield answer
        if not (following := answer.links.get("next")):
            return
        assert following["url"].startswith("/api/v1/todos?")
        answer = client.get(str(client.base_url.join(following["url"])))


def test_a_list_is_given_a_thousand_at_a_time_unless_asked(client):
    add_all(client, *({"title": f"{number}"} for number in range(1000)))
    assert "link" not in client.get("/todos").headers
    add(client, "1000")
    first, second = pages(client)
    assert (len(first.json()), len(second.json())) == (1000, 1)
    assert first.headers["x-total-count"] == second.headers["x-total-count"] == "1001"
    assert len(client.get("/todos?limit=10000").json()) == 1001


SORTS = ["created_at", "updated_at", "deadline_at", "title"]


@pytest.mark.parametrize("sort", [sign + key for key in SORTS for sign in ("", "-")])
@pytest.mark.parametrize("narrowed", [{}, {"completed": "false"}, {"window": 30}, {"q": "todo"}])
def test_pages_are_the_whole_list_in_order_each_todo_once(client, sort, narrowed):
    soon = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    deadlines = [soon + timedelta(days=days) for days in (3, 1, 2, 2, 2)]
    kinds = itertools.product(("b", "A", "á"), (True, False), [*deadlines, None, None])
    made = add_all(
        client,
        *(
            {"title": f"{title} todo", "completed": done, "deadline_at": at and at.isoformat()}
            for title, done, at in kinds
        ),
    )
    meant = [
        todo
        for todo in made
        if (narrowed != {"completed": "false"} or not todo["completed"])
        and (narrowed != {"window": 30} or todo["deadline_at"])
    ]
    key, descending = sort.removeprefix("-"), sort.startswith("-")

    def place(todo):
        shown = {"b todo": "b", "A todo": "a", "á todo": "a"}[todo["title"]]
        return ((shown if key == "title" else todo[key]) or "", todo["id"])

    expected = sorted((t for t in meant if t[key]), key=place, reverse=descending)
    expected += sorted((t for t in meant if not t[key]), key=place, reverse=descending)
    found = list(pages(client, sort=sort, limit=4, **narrowed))
    assert [t for page in found for t in page.json()] == expected
    assert {page.headers["x-total-count"] for page in found} == {str(len(expected))}
    assert [len(page.json()) for page in found[:-1]] == [4] * (len(found) - 1)


def test_what_is_added_meanwhile_moves_nothing(client):
    add_all(client, *({"title": str(number)} for number in range(6)))
    walk = pages(client, limit=2)
    seen = next(walk).json()
    add(client, "new")
    bulk(client, {"op": "delete", "id": seen[-1]["id"]})
    for page in walk:
        seen += page.json()
    assert [todo["title"] for todo in seen] == ["5", "4", "3", "2", "1", "0"]


def test_deadlines_are_due_from_one_moment_and_before_another(client):
    for day in (1, 2, 3):
        add(client, str(day), deadline_at=f"2030-01-0{day}T00:00:00")
    add(client, "undated")
    assert titles(client, due_after="2030-01-02T00:00:00") == ["3", "2"]
    assert titles(client, due_before="2030-01-02T00:00:00") == ["1"]
    both = {"due_after": "2030-01-01T12:00:00", "due_before": "2030-01-03T10:00:00+10:00"}
    assert titles(client, **both) == ["2"]
    for name in ("todos.csv", "todos.ndjson"):
        text = client.get(f"/{name}", params={**both, "q": "2"}).text
        assert "2030-01-02" in text
        assert "2030-01-01" not in text


@pytest.mark.parametrize(
    ("title", "q"),
    [
        ("Meeting at the Café", "MEET cafe"),
        ("Cafe\u0301", "café"),
        ("Übung für Straße", "strasse ubu"),
        ("re-read report_final.pdf", "final pdf"),
        ("明日の会議", "会議"),
        ("ประชุมพรุ่งนี้", "พรุ่ง"),
        ("회의 준비", "회의"),
        ("हिन्दी सीखें", "हिन्दी"),
        ("party 🎉", "🎉"),
        ("don't", "don't"),
        ('say "hello"', '"hello"'),
        ("AND OR NOT NEAR", "or not and near"),
        ("a:b & !c | (d)", "a:* & !c | (d)"),
        ("x" * 255, "x" * 200),
        ("50% off_line", "%50_"),
    ],
)
def test_a_search_finds_words_that_begin_so_in_any_spelling(client, title, q):
    add(client, "something else")
    add(client, "in the description", description=f"first line\n{title}")
    add(client, title)
    assert titles(client, q=q) == [title, "in the description"]
    assert client.get("/todos", params={"q": q, "limit": 1}).headers["x-total-count"] == "2"


@pytest.mark.parametrize(
    "q", ["%25", "_", "'", "%22", "*", "%5C", "--", "zzz", "x+zzz", "%ED%A0%80", "%FF", "a:*"]
)
def test_a_search_for_what_is_not_there_finds_nothing(client, q):
    add(client, "x % _ ' \" * \\ --")
    assert client.get(f"/todos?q={q}").json() == []


def test_a_search_for_nothing_is_none_and_a_long_one_is_refused(client):
    add(client, "x")
    assert titles(client, q="") == titles(client, q="  ") == ["x"]
    answer = client.get("/todos", params={"q": "x" * 201})
    assert (answer.status_code, answer.json()["field"]) == (400, "q")


def test_a_changed_todo_is_found_by_what_it_says_now(client):
    todo = add(client, "alpha", description="beta")
    client.patch(f"/todos/{todo['id']}", json={"description": "gamma"})
    assert (titles(client, q="beta"), titles(client, q="gam")) == ([], ["alpha"])
    client.delete(f"/todos/{todo['id']}")
    assert titles(client, q="alpha") == []
    # SQLite's FTS5 table has ids of its own to count: the next todo still gets its own.
    assert add(client, "alpha")["id"] > todo["id"]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=10001", "limit=", "limit=-1", "sort=id", "sort=", "sort=%2Btitle",
        "cursor=", "cursor=x", "cursor=%00", "cursor=W10", "cursor=" + "A" * 4001,
        "cursor=WyItY3JlYXRlZF9hdCIsIjIwMjYtMTEtMjRUMDA6MDA6MDBaIiwxXQ",  # a time with an offset
        "cursor=WyJ0aXRsZSIsImEiLDFd",  # of another sort
        "due_before=tomorrow", "due_after=", "due_after=2030-01-01", "q=a&q=b", "q=%00",
    ],
)  # fmt: skip
def test_a_bad_query_is_refused_by_name(client, query):
    answer = client.get(f"/todos?{query}")
    assert (answer.status_code, answer.json()["field"]) == (400, query.partition("=")[0])


def test_a_list_that_the_client_has_is_not_sent_again(client):
    add(client, "x", deadline_at="2030-01-01T00:00:00")
    for query in ("", "?limit=5", "?completed=false", "?q=x&sort=title", "?window=36500"):
        answer = client.get(f"/todos{query}")
        etag = answer.headers["etag"]
        again = client.get(f"/todos{query}", headers={"If-None-Match": f'"other", W/{etag}'})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        assert client.get("/todos?limit=7", headers={"If-None-Match": etag}).status_code == 200
        add(client, "y")
        changed = client.get(f"/todos{query}", headers={"If-None-Match": etag})
        assert (changed.status_code, changed.headers["etag"] != etag) == (200, True)


def test_a_window_that_reaches_another_deadline_is_another_list(client):
    now = datetime.now(UTC)
    add(client, "soon", deadline_at=(now + timedelta(seconds=2)).isoformat())
    before = client.get("/todos?window=0")
    assert before.json() == []
    deadline = now + timedelta(seconds=20)
    while datetime.now(UTC) < deadline:
        headers = {"If-None-Match": before.headers["etag"]}
        answer = client.get("/todos?window=0", headers=headers)
        if answer.status_code == 200:
            break
        assert answer.status_code == 304
    assert [todo["title"] for todo in answer.json()] == ["soon"]


def test_a_todo_s_etag_is_another_after_each_change(client):
    created = client.post("/todos", json={"title": "x"})
    url, tags = f"/todos/{created.json()['id']}", [created.headers["etag"]]
    for change in ({"title": "y"}, {"title": "x"}, {"completed": True}, {"completed": True}):
        assert client.get(url).headers["etag"] == tags[-1]
        assert client.get(url, headers={"If-None-Match": tags[-1]}).status_code == 304
        tags.append(client.put(url, json=change).headers["etag"])
        assert client.get(url, headers={"If-None-Match": tags[-2]}).status_code == 200
    assert len(set(tags)) == len(tags)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_todo_that_is_not_as_the_client_knows_it_is_not_changed(client, method):
    created = client.post("/todos", json={"title": "x"})
    url, etag = f"/todos/{created.json()['id']}", created.headers["etag"]
    body = {} if method == "DELETE" else {"json": {"title": "z"}}

    def ask(if_match):
        return client.request(method, url, headers={"If-Match": if_match}, **body)

    for wrong in ('"other"', f"W/{etag}", f'"other", W/{etag}', etag.strip('"'), "", ", ,", '"*"'):
        answer = ask(wrong)
        assert (answer.status_code, answer.json()["code"]) == (412, "precondition_failed"), wrong
        assert client.get(url).json() == created.json()
    right = ask(f'"other", {etag}')
    assert right.status_code == 200
    assert ask(etag).status_code == 412  # it has been changed, or is gone
    assert client.delete(url, headers={"If-Match": "*"}).status_code == (
        412 if method == "DELETE" else 200
    )


def test_of_many_who_change_the_same_state_one_does(client):
    created = client.post("/todos", json={"title": "x"})
    url, headers = f"/todos/{created.json()['id']}", {"If-Match": created.headers["etag"]}
    with ThreadPoolExecutor(8) as threads:
        answers = list(
            threads.map(
                lambda n: client.put(url, json={"title": f"{n}"}, headers=headers), range(24)
            )
        )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 23
    (winner,) = (answer for answer in answers if answer.status_code == 200)
    assert client.get(url).json() == winner.json()


def test_changes_of_different_fields_at_once_are_all_kept(client):
    urls = [f"/todos/{add(client)['id']}" for _ in range(10)]
    changes = [{"title": "new"}, {"description": "new"}, {"completed": True}]
    with ThreadPoolExecutor(8) as threads:
        list(
            threads.map(
                lambda job: client.put(job[0], json=job[1]), itertools.product(urls, changes)
            )
        )
    for url in urls:
        todo = client.get(url).json()
        assert (todo["title"], todo["description"], todo["completed"]) == ("new", "new", True)
