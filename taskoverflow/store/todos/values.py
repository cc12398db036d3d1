"""A todo as it leaves the store."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct
from peewee import Database, PostgresqlDatabase

from taskoverflow.errors import NotFound
from taskoverflow.store import models

LARGEST_ID = 2**63 - 1


class Todo(Struct, frozen=True):
    """A todo as the API shows it. Times are UTC without an offset."""

    id: int
    title: str
    description: str | None
    completed: bool
    deadline_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @property
    def version(self) -> str:
        """A text that another state of this todo, or another todo, does not have."""
        return sha256(msgspec.json.encode(self)).hexdigest()[:32]


class CalendarTodo(Todo, frozen=True):
    """A todo as a calendar needs it: with what the API does not show.

    `sequence` counts the changes of its deadline (RFC 5545, section 3.8.7.4).
    """

    sequence: int = 0
    completed_at: datetime | None = None


def value(row: models.Todo) -> Todo:
    """What a row holds."""
    return Todo(*(getattr(row, name) for name in Todo.__struct_fields__))


def values(database: Database, rows: Iterable[Sequence[Any]]) -> list[Todo]:
    """What rows of a todo's columns hold, as the driver gives them."""
    if isinstance(database, PostgresqlDatabase):
        return [Todo(*row) for row in rows]
    return [_from_sqlite(*row) for row in rows]


def _from_sqlite(
    todo_id: int,
    title: str,
    description: str | None,
    completed: int,
    due: str | None,
    created: str,
    updated: str,
) -> Todo:
    """SQLite keeps booleans as numbers and times as text."""
    time = datetime.fromisoformat
    deadline = time(due) if due else None
    return Todo(
        todo_id, title, description, bool(completed), deadline, time(created), time(updated)
    )


def unknown() -> NotFound:
    """The error that says that there is no such todo."""
    return NotFound("Todo not found")
