"""A todo as it leaves the store."""

from datetime import datetime
from hashlib import sha256

import msgspec
from msgspec import Struct

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


def unknown() -> NotFound:
    """The error that says that there is no such todo."""
    return NotFound("Todo not found")
