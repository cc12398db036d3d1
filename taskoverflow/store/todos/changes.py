"""Changing todos, and what follows from a change."""

from collections.abc import Container, Iterable, Iterator
from datetime import timedelta
from typing import Any

from peewee import Database, PostgresqlDatabase, chunked

from taskoverflow.errors import PreconditionFailed
from taskoverflow.store import models, revision
from taskoverflow.store.database import reading, transaction
from taskoverflow.store.postgresql import PostgresqlPool
from taskoverflow.store.todos import at_once, search
from taskoverflow.store.todos.selection import Selection
from taskoverflow.store.todos.values import LARGEST_ID, Todo, unknown, value

ROWS_PER_INSERT = 90  # 11 columns at most: SQLite takes 999 values at once before 3.32
TICK = timedelta(microseconds=1)
# Each column of a new todo, and what it holds if nothing is said of it.
DEFAULTS = {
    field.name: None if callable(field.default) else field.default
    for field in (getattr(models.Todo, name) for name in at_once.COLUMNS)
}


def create(database: Database, fields: dict[str, Any], most: int = 0) -> Todo:
    """Store a new todo of checked fields.

    Raises TooManyTodos if there are `most` already (0: any number).
    """
    row = {**DEFAULTS, **new_row(fields)}
    if isinstance(database, PostgresqlPool):
        todo_id = at_once.insert(database, row, most)
    else:
        with transaction(database, write=True):
            todo_id = models.Todo.insert(row).execute()
            revision.rise(1, most)
    return Todo(todo_id, *(row[name] for name in Todo.__struct_fields__[1:]))


def create_many(database: Database, todos: Iterable[dict[str, Any]]) -> Iterator[int]:
    """Store new todos of equal fields in batches, yielding each batch's size once it is stored."""
    for batch in chunked(todos, ROWS_PER_INSERT * 100):
        with transaction(database, write=True):
            for rows in chunked(batch, ROWS_PER_INSERT):
                models.Todo.insert_many([with_search(row) for row in rows]).execute()
            revision.rise(len(batch))
        yield len(batch)


def update(
    database: Database,
    todo_id: int,
    fields: dict[str, Any],
    versions: Container[str] | None = None,
) -> Todo:
    """Change the given fields of a todo; none given changes nothing.

    Raises NotFound, or PreconditionFailed when `versions` are given and its is none of them.
    """
    if isinstance(database, PostgresqlPool):
        with reading(database):
            while (changed := _update_at_once(database, todo_id, fields, versions)) is None:
                pass  # somebody else was faster
            return changed
    with transaction(database, write=True):
        row = _checked(_locked(database, todo_id), versions)
        if fields:
            change(row, fields)
            row.save()
            revision.rise()
        return value(row)


def _update_at_once(
    database: PostgresqlPool,
    todo_id: int,
    fields: dict[str, Any],
    versions: Container[str] | None,
) -> Todo | None:
    """The changed todo; None if somebody else changed it between the reading and the writing."""
    row = _checked(at_once.find(database, todo_id), versions)
    seen = row.updated_at
    if fields:
        change(row, fields)
        if not at_once.replace(database, row, seen):
            return None
    return value(row)


def delete(database: Database, todo_id: int, versions: Container[str] | None = None) -> Todo | None:
    """Delete a todo and return what it was, or None if there was none.

    Raises PreconditionFailed when `versions` are given and its is none of them.
    """
    with transaction(database, write=True):
        row = _locked(database, todo_id)
        _check(row, versions)
        if row is None:
            return None
        row.delete_instance()
        revision.rise(-1)
        return value(row)


def new_row(fields: dict[str, Any]) -> dict[str, Any]:
    """A new todo's columns."""
    now = models.utc_now()
    completed_at = now if fields.get("completed") else None
    times = {"created_at": now, "updated_at": now, "completed_at": completed_at}
    return with_search({**times, **fields})


def with_search(row: dict[str, Any]) -> dict[str, Any]:
    """A row with what it is found by and sorted by."""
    title, description = row["title"], row.get("description")
    found_by = " ".join(search.words(title, description))
    return {**row, "words": found_by, "title_key": search.title_key(title)}


def change(row: models.Todo, fields: dict[str, Any]) -> None:
    """Set the fields of a row, and what follows from them."""
    before = row.deadline_at, row.completed
    for name, new in fields.items():
        setattr(row, name, new)
    # Later than before, whatever the clock says.
    row.updated_at = max(models.utc_now(), row.updated_at + TICK)
    row.modified_at = None
    row.sequence += row.deadline_at != before[0]
    if row.completed != before[1]:
        row.completed_at = row.updated_at if row.completed else None
    if not fields.keys().isdisjoint(("title", "description")):
        row.words = " ".join(search.words(row.title, row.description))
        row.title_key = search.title_key(row.title)


def locked(database: Database, rows: Selection) -> Selection:
    """The rows, and nobody else changes them before the end of this transaction.

    SQLite has let nobody else write since its beginning.
    """
    return rows.for_update() if isinstance(database, PostgresqlDatabase) else rows


def _locked(database: Database, todo_id: int) -> models.Todo | None:
    if todo_id > LARGEST_ID:
        return None
    rows = models.Todo.select().where(models.Todo.id == todo_id)
    row: models.Todo | None = locked(database, rows).first()
    return row


def _checked(row: models.Todo | None, versions: Container[str] | None) -> models.Todo:
    """The row, if there is one, of one of these versions. Raises NotFound or PreconditionFailed."""
    if row is None:
        raise unknown()
    _check(row, versions)
    return row


def _check(row: models.Todo | None, versions: Container[str] | None) -> None:
    if versions is not None and (row is None or value(row).version not in versions):
        raise PreconditionFailed("The todo is not, or no longer, as If-Match has it.")
