"""Todos as a stream in the order of their deadlines, for a calendar."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any

from msgspec import Struct
from peewee import SQL, Database, fn
from playhouse.postgres_ext import ServerSide

from taskoverflow.store import compiled, models
from taskoverflow.store.database import reading, transaction
from taskoverflow.store.postgresql import PostgresqlPool
from taskoverflow.store.todos.reading import count
from taskoverflow.store.todos.selection import Filter, Order, Selection, in_order, select
from taskoverflow.store.todos.values import CalendarTodo

SOME = 1000  # todos that PostgreSQL sends at once; 1 MB

Row = tuple[Any, ...]


class TodoStream(Struct, frozen=True):
    """Todos in the order of their deadlines, and how many there are of them.

    `total` is how many the stream holds, `undated` how many of those meant have no deadline: they
    come last, or not at all.
    """

    total: int
    undated: int
    todos: Iterator[CalendarTodo]


@contextmanager
def by_deadline(database: Database, which: Filter, *, undated: bool) -> Iterator[TodoStream]:
    """The todos meant, read row by row while the block lasts; `undated`: those, too.

    They are read as they are at one moment. A todo whose deadline is changed meanwhile would else
    be in the calendar twice, under one UID, or not at all.
    """
    with reading(database):
        if isinstance(database, PostgresqlPool):
            found = _at_once(database, which, undated)
            if found is not None:
                yield found
                return
        # In SQLite this keeps the WAL from being reused meanwhile: it grew by 30 kB for each change
        # of a todo, and not after the end.
        with transaction(database):
            yield _row_by_row(database, which, undated)


def _at_once(database: PostgresqlPool, which: Filter, undated: bool) -> TodoStream | None:
    """A stream of SOME todos or fewer, without a cursor, which takes six round trips more."""

    def first() -> Selection:
        (query,) = _queries(database, which, undated)
        return query.limit(SOME + 1)

    rows = _ask(database, which, ("by deadline", undated), first, SOME + 1)
    if len(rows) > SOME:
        return None
    found = [CalendarTodo(*row) for row in rows]
    if undated:
        number = sum(todo.deadline_at is None for todo in found)
    else:
        number = _number_undated(database, which)
    return TodoStream(len(found), number, iter(found))


def _row_by_row(database: Database, which: Filter, undated: bool) -> TodoStream:
    number = _number_undated(database, which)
    total = count(database, which) - (0 if undated else number)
    queries = _queries(database, which, undated)
    rows = chain.from_iterable(_rows(database, query) for query in queries)
    return TodoStream(total, number, (CalendarTodo(*row) for row in rows))


def _rows(database: Database, query: Selection) -> Iterator[Row]:
    """The rows, none of them kept: SQLite steps through them, PostgreSQL sends SOME at once."""
    rows = query.tuples()
    on_server = isinstance(database, PostgresqlPool)
    found: Iterator[Row] = ServerSide(rows, array_size=SOME) if on_server else rows.iterator()
    return found


def _queries(database: Database, which: Filter, undated: bool) -> list[Selection]:
    """What is read, one after the other.

    One query of PostgreSQL, which puts NULL last anyway: a second one would see another moment.
    """
    found = select(database, which, CalendarTodo)
    if undated and isinstance(database, PostgresqlPool):
        return [found.order_by(models.Todo.deadline_at, models.Todo.id)]
    dated, rest = in_order(found, Order("deadline_at", descending=False), None)
    return [dated, rest] if undated else [dated]


def _number_undated(database: Database, which: Filter) -> int:
    if which.dated:
        return 0

    def number() -> Selection:
        found = select(database, which, CalendarTodo).where(models.Todo.deadline_at.is_null())
        return found.select(fn.COUNT(SQL("1")))

    return int(_ask(database, which, ("number undated",), number)[0][0])


def _ask(
    database: Database,
    which: Filter,
    shape: tuple[Any, ...],
    query: Callable[[], Selection],
    *values: Any,
) -> list[Row]:
    """The rows of a query for the todos meant; `values` are its others behind the filter's."""

    def build() -> compiled.Statement:
        return query().sql()

    if which.is_plain:
        given = [*which.plain_values, *values]
        cursor = compiled.run(database, (*shape, which.plain_shape), given, build)
    else:
        cursor = database.execute_sql(*build())
    rows: list[Row] = cursor.fetchall()
    return rows
