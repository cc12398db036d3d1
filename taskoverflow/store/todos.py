"""Todos: what may be asked of them, and the rules that they keep."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from msgspec import Struct
from peewee import Database, ModelSelect, PostgresqlDatabase, Tuple, chunked
from playhouse.postgres_ext import ServerSide

from taskoverflow.errors import NotFound
from taskoverflow.store import models
from taskoverflow.store.database import transaction

LARGEST_ID = 2**63 - 1
ROWS_PER_INSERT = 100  # 7 columns each: SQLite takes 999 values at once before 3.32


class Todo(Struct, frozen=True):
    """A todo as the API shows it. Times are UTC without an offset."""

    id: int
    title: str
    description: str | None
    completed: bool
    deadline_at: datetime | None
    created_at: datetime
    updated_at: datetime


class CalendarTodo(Todo, frozen=True):
    """A todo as a calendar needs it: with what the API does not show.

    `sequence` counts the changes of its deadline (RFC 5545, section 3.8.7.4).
    """

    sequence: int = 0
    completed_at: datetime | None = None


class Filter(Struct, frozen=True):
    """Which todos are meant: all, unless narrowed.

    `completed`: only those that are, or are not. `window`: only those whose deadline is at most
    so many days from now, overdue ones included and undated ones not.
    """

    completed: bool | None = None
    window: int | None = None


def find(database: Database, which: Filter, limit: int | None = None) -> list[Todo]:
    """The todos meant, newest first; at most `limit` of them."""
    newest_first = models.Todo.created_at.desc(), models.Todo.id.desc()
    with transaction(database):
        rows = _select(which, Todo).order_by(*newest_first).limit(limit).tuples()
        return [Todo(*row) for row in rows.iterator()]


def page(database: Database, which: Filter, limit: int, after: Todo | None = None) -> list[Todo]:
    """The todos meant, newest first, that come after one of them; at most `limit`.

    Each page is read by itself, from the index: what is added meanwhile moves nothing.
    """
    row = models.Todo
    with transaction(database):
        query = _select(which, Todo).order_by(row.created_at.desc(), row.id.desc()).limit(limit)
        if after is not None:
            query = query.where(Tuple(row.created_at, row.id) < (after.created_at, after.id))
        return [Todo(*found) for found in query.tuples().iterator()]


def get(database: Database, todo_id: int) -> Todo:
    """One todo. Raises NotFound."""
    with transaction(database):
        return _value(_row(todo_id))


def create(database: Database, fields: dict[str, Any]) -> Todo:
    """Store a new todo of checked fields."""
    with transaction(database, write=True):
        now = models.utc_now()
        completed_at = now if fields.get("completed") else None
        row = models.Todo.create(
            created_at=now, updated_at=now, completed_at=completed_at, **fields
        )
        _note_change()
        return _value(row)


def create_many(database: Database, todos: Iterable[dict[str, Any]]) -> Iterator[int]:
    """Store new todos of equal fields in batches, yielding each batch's size once it is stored."""
    for batch in chunked(todos, ROWS_PER_INSERT * 100):
        with transaction(database, write=True):
            for rows in chunked(batch, ROWS_PER_INSERT):
                models.Todo.insert_many(rows).execute()
            _note_change()
        yield len(batch)


def update(database: Database, todo_id: int, fields: dict[str, Any]) -> Todo:
    """Change the given fields of a todo; none given changes nothing. Raises NotFound."""
    with transaction(database, write=True):
        row = _row(todo_id)
        if fields:
            _change(row, fields)
            row.save()
            _note_change()
        return _value(row)


def delete(database: Database, todo_id: int) -> Todo | None:
    """Delete a todo and return what it was, or None if there was none."""
    with transaction(database, write=True):
        try:
            row = _row(todo_id)
        except NotFound:
            return None
        row.delete_instance()
        _note_change()
        return _value(row)


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
    with transaction(database):
        query = _select(which, CalendarTodo)
        dated = query.where(models.Todo.deadline_at.is_null(False))
        rest = query.where(models.Todo.deadline_at.is_null())
        # Two queries: the databases do not agree on where NULL stands in an order.
        rows = _rows(database, dated.order_by(models.Todo.deadline_at, models.Todo.id))
        if undated:
            rows = chain(rows, _rows(database, rest.order_by(models.Todo.id)))
        left_out = rest.count()
        total = dated.count() + (left_out if undated else 0)
        yield TodoStream(total, left_out, (CalendarTodo(*row) for row in rows))


def _rows(database: Database, query: "ModelSelect[models.Todo]") -> Iterator[tuple[Any, ...]]:
    """The rows, none of them kept: SQLite steps through them, PostgreSQL sends some at once."""
    rows = query.tuples()
    on_server = isinstance(database, PostgresqlDatabase)
    found: Iterator[tuple[Any, ...]]
    found = ServerSide(rows, array_size=1000) if on_server else rows.iterator()
    return found


def _select(which: Filter, shape: type[Todo]) -> "ModelSelect[models.Todo]":
    columns = (getattr(models.Todo, name) for name in shape.__struct_fields__)
    query = models.Todo.select(*columns)
    if which.completed is not None:
        query = query.where(models.Todo.completed == which.completed)
    if which.window is not None:
        end = models.utc_now() + timedelta(days=which.window)
        query = query.where(models.Todo.deadline_at <= end)
    return query


def _note_change() -> None:
    """Feeds made before this are stale."""
    models.Instance.update(revision=models.Instance.revision + 1).execute()


def _change(row: models.Todo, fields: dict[str, Any]) -> None:
    """Set the fields, and what follows from them."""
    before = row.deadline_at, row.completed
    for name, value in fields.items():
        setattr(row, name, value)
    row.updated_at = models.utc_now()
    row.sequence += row.deadline_at != before[0]
    if row.completed != before[1]:
        row.completed_at = row.updated_at if row.completed else None


def _row(todo_id: int) -> models.Todo:
    row = models.Todo.get_or_none(models.Todo.id == todo_id) if todo_id <= LARGEST_ID else None
    if row is None:
        raise NotFound("Todo not found")
    return row


def _value(row: models.Todo) -> Todo:
    return Todo(*(getattr(row, name) for name in Todo.__struct_fields__))
