"""How the databases find what the API asks for, among 50,000 todos: by their indexes.

EXPLAIN tells it without a clock: a plan that reads the whole table, or sorts much of it, fails.
"""

import json
import logging
from datetime import datetime, timedelta

import pytest
from peewee import PostgresqlDatabase

from taskoverflow.store import todos
from taskoverflow.store.database import transaction
from taskoverflow.store.todos import Filter, Order
from tests.conftest import DATABASES, migrated, new_database

COUNT = 50_000
MANY = 1000  # rows: too many to sort for one page
MINUTES = 500_000  # that the todos' times are spread over
START = datetime(2026, 1, 1)  # of them
ORDERS = [
    Order(key, descending=descending)
    for key in ("created_at", "updated_at", "deadline_at", "title")
    for descending in (True, False)
]
WIDE = {
    "all": Filter(),
    "completed": Filter(completed=True),
}
NARROW = {
    "window": Filter(window=36_500),
    "open in a window": Filter(completed=False, window=36_500),
    "due": Filter(due_after=START, due_before=START + timedelta(hours=9)),
    "open and due": Filter(completed=False, due_after=START, due_before=START + timedelta(hours=9)),
    "search": Filter(q="word777"),
    "open search": Filter(q="word777", completed=False),
    "search in a window": Filter(q="word777 made", window=36_500),
}

# By the database itself, which takes it a second: one in ten undated, one in three completed.
FILL = """INSERT INTO todo (title, title_key, words, completed, deadline_at, created_at, updated_at)
    SELECT 'Word' || i, 'word' || i, 'word' || (i % 1000) || ' made up', i % 3 = 0,
    CASE WHEN i % 10 > 0 THEN {i} END, {i_7}, {i_9} FROM n"""
NUMBERS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {})",
    "postgresql": "WITH n(i) AS (SELECT generate_series(1, {}))",
}
MOMENT = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%S', '2026-01-01', '+' || ({} * 7919 % {}) || ' minutes')",
    "postgresql": "timestamp '2026-01-01' + ({} * 7919 % {}) * interval '1 minute'",
}


@pytest.fixture(scope="module", params=DATABASES)
def database(request, tmp_path_factory):
    kind = request.param
    moments = {
        name: MOMENT[kind].format(number, MINUTES)
        for name, number in {"i": "i", "i_7": "(i + 7)", "i_9": "(i + 9)"}.items()
    }
    for filled in migrated(new_database(request, tmp_path_factory.mktemp("database"))):
        with transaction(filled, write=True):
            fill = f"{NUMBERS[kind].format(COUNT)} {FILL.format(**moments)}"
            filled.execute_sql(fill if kind == "sqlite" else fill.replace("%", "%%"))
            if kind == "postgresql":
                filled.execute_sql("ANALYZE todo")
        yield filled


@pytest.fixture
def explained(database, caplog):
    """Calls something and returns the plan of each question that it asks the database."""

    def explain(call, *arguments):
        caplog.clear()
        with caplog.at_level(logging.DEBUG, logger="peewee"):
            answer = call(database, *arguments)
        asked = [record.msg for record in caplog.records if record.name == "peewee"]
        questions = [
            (sql, values)
            for sql, values in asked
            if sql.startswith("EXECUTE") or ('FROM "todo"' in sql and "PREPARE" not in sql)
        ]
        return answer, [plan(database, *question) for question in questions]

    return explain


def plan(database, sql, values):
    """The steps: (what is done, to how many rows).

    PostgreSQL may plan a prepared statement for its values, or once for all: both are looked at.
    """
    with transaction(database):
        if not isinstance(database, PostgresqlDatabase):
            rows = database.execute_sql(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()
            return [(row[-1], None) for row in rows]
        found = []
        for mode in ("force_custom_plan", "force_generic_plan"):
            database.execute_sql(f"SET LOCAL plan_cache_mode = {mode}")
            answer = database.execute_sql(f"EXPLAIN (FORMAT JSON) {sql}", values).fetchone()[0]
            found.append((json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"])
        return [
            (f"{node['Node Type']} {node.get('Relation Name', '')}", node["Plan Rows"])
            for root in found
            for node in nodes(root)
        ]


def nodes(node):
    yield node
    for child in node.get("Plans", []):
        yield from nodes(child)


def scans(steps):
    """The steps that read a whole table of todos, or a whole index."""
    return [step for step in steps if step[0].startswith(("SCAN t1", "Seq Scan todo"))]


def reads_todos(steps):
    """Whether the steps are of a question for todos, and not only for their revision."""
    return any("todo" in step or " t1" in step for step, _ in steps)


def sorts(steps):
    """The steps that sort; on PostgreSQL, those that sort many."""
    return [
        (step, rows)
        for step, rows in steps
        if "TEMP B-TREE" in step or ("Sort" in step and rows > MANY)
    ]


@pytest.mark.parametrize("which", WIDE)
def test_a_page_of_many_is_a_walk_along_an_index(explained, which):
    for order in ORDERS:
        page, first = explained(todos.page, WIDE[which], 50, order)
        following, second = explained(todos.page, WIDE[which], 50, order, page.next)
        assert len({todo.id for todo in (*page.todos, *following.todos)}) == 100
        for steps in (*first, *second):
            # A walk that begins at the index's end is a SCAN to SQLite, too, if USING INDEX.
            assert all("USING INDEX" in step for step, _ in scans(steps)), (order, steps)
            assert not sorts(steps), (order, steps)
        assert not any(scans(steps) for steps in second), (order, second)


@pytest.mark.parametrize("which", NARROW)
def test_a_few_are_found_by_an_index_and_may_be_sorted_then(explained, which):
    for order in ORDERS:
        page, questions = explained(todos.page, NARROW[which], 50, order)
        assert page.todos
        assert questions
        for steps in questions:
            assert all("USING INDEX" in step for step, _ in scans(steps)), (order, steps)
            if "search" in which:
                assert any("todo_search" in s or "Bitmap Index" in s for s, _ in steps), steps


def calendar_of(database, which, undated=True):
    with todos.by_deadline(database, which, undated=undated) as found:
        return list(found.todos)


@pytest.mark.parametrize("undated", [True, False])
def test_that_a_calendar_is_large_is_seen_along_an_index(explained, undated):
    _, (first, *_) = explained(calendar_of, Filter(), undated)
    assert all("USING" in step for step, _ in scans(first)), first
    assert not sorts(first), first


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        (todos.get, (4711,)),
        (todos.version, (Filter(window=7),)),
        (todos.count, (NARROW["search"],)),
        (todos.count, (NARROW["due"],)),
        (calendar_of, (NARROW["search"],)),
        (calendar_of, (NARROW["due"],)),
        (calendar_of, (NARROW["open and due"],)),
    ],
)
def test_what_else_is_asked_is_found_by_an_index(explained, call, arguments):
    _, questions = explained(call, *arguments)
    assert questions
    for steps in questions:
        assert not scans(steps), steps


@pytest.mark.parametrize("read", [todos.page, todos.versioned_page])
def test_a_page_is_one_question_however_long(explained, read):
    for limit in (1, 1000):
        for order in ORDERS:
            _, questions = explained(read, Filter(), limit, order)
            assert len([steps for steps in questions if reads_todos(steps)]) == 1
