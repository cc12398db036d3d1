"""Todos as a stream in the order of their deadlines, for a calendar."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any

from msgspec import Struct
from peewee import SQL, Database, fn
from playhouse.postgres_ext import ServerSide

from taskoverflow.store import compiled
from taskoverflow.store.database import reading, transaction
from taskoverflow.store.postgresql import PostgresqlPool
from taskoverflow.store.todos.selection import Filter, Order, Selection, in_order, select
from taskoverflow.store.todos.values import CalendarTodo

SOME = 1000  # todos that PostgreSQL sends at once; 1 MB
DATED, UNDATED = 0, 1

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
    """The todos meant, read row by row while the block lasts; `undated`: those, too."""
    with reading(database):
        found = _at_once(database, which, undated)
        if found is not None:
            yield found
            return
        # One transaction, not a page after another: a todo whose deadline is changed meanwhile
        # would else be in the calendar twice, under one UID, or not at all. In SQLite that keeps
        # the WAL from being reused meanwhile: it grew by 30 kB for each change of a todo, and not
        # after the end.
        with transaction(database):
            yield _row_by_row(database, which, undated)


def _at_once(database: Database, which: Filter, undated: bool) -> TodoStream | None:
    """A stream of SOME todos or fewer from PostgreSQL, whose cursors take six round trips more."""
    if not isinstance(database, PostgresqlPool):
        return None
    rows = _ask(database, which, DATED, _first, SOME + 1)
    rest = _ask(database, which, UNDATED, _first, SOME + 1) if undated else []
    if len(rows) > SOME or len(rest) > SOME:
        return None
    left_out = len(rest) if undated else _number_undated(database, which)
    todos = (CalendarTodo(*row) for row in chain(rows, rest))
    return TodoStream(len(rows) + len(rest), left_out, todos)


def _number_undated(database: Database, which: Filter) -> int:
    return 0 if which.dated else int(_ask(database, which, UNDATED, _count)[0][0])


def _ask(
    database: Database,
    which: Filter,
    part: int,
    form: Callable[[Selection], Selection],
    *values: Any,
) -> list[Row]:
    """The rows of a part of the todos meant, in some form, of which `values` are a part."""

    def build() -> compiled.Statement:
        return form(_parts(database, which)[part]).sql()

    if which.is_plain:
        shape = (form.__name__, which.plain_shape, part)
        cursor = compiled.run(database, shape, [*which.plain_values, *values], build)
    else:
        cursor = database.execute_sql(*build())
    rows: list[Row] = cursor.fetchall()
    return rows


def _first(part: Selection) -> Selection:
    return part.limit(SOME + 1)


def _count(part: Selection) -> Selection:
    return part.select(fn.COUNT(SQL("1"))).order_by()


def _row_by_row(database: Database, which: Filter, undated: bool) -> TodoStream:
    dated, rest = _parts(database, which)
    left_out = _number_undated(database, which)
    total = dated.count() + (left_out if undated else 0)
    rows = chain(*(_rows(database, part) for part in ((dated, rest) if undated else (dated,))))
    return TodoStream(total, left_out, (CalendarTodo(*row) for row in rows))


def _rows(database: Database, query: Selection) -> Iterator[Row]:
    """The rows, none of them kept: SQLite steps through them, PostgreSQL sends SOME at once."""
    rows = query.tuples()
    on_server = isinstance(database, PostgresqlPool)
    found: Iterator[Row] = ServerSide(rows, array_size=SOME) if on_server else rows.iterator()
    return found


def _parts(database: Database, which: Filter) -> list[Selection]:
    """Those with a deadline, and those without."""
    found = select(database, which, CalendarTodo)
    return in_order(found, Order("deadline_at", descending=False), None)
