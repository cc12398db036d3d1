"""Requests about todos."""

from msgspec import UNSET, Struct, UnsetType
from starlette.requests import Request

from taskoverflow.store.todos import Filter
from taskoverflow.web.schemas.fields import Description, Time, Title, Window, read_id
from taskoverflow.web.schemas.query import read_query


class NewTodo(Struct, forbid_unknown_fields=True):
    """The body of POST /todos."""

    title: Title
    description: Description | None = None
    completed: bool = False
    deadline_at: Time | None = None


class TodoChanges(Struct, forbid_unknown_fields=True):
    """The body of PUT /todos/{id}: only what is given changes."""

    title: Title | UnsetType = UNSET
    description: Description | UnsetType | None = UNSET
    completed: bool | UnsetType = UNSET
    deadline_at: Time | UnsetType | None = UNSET


class TodoQuery(Struct, frozen=True):
    """Which todos are meant."""

    completed: bool | None = None
    window: Window | None = None


def read_filter(request: Request) -> Filter:
    """The todos that a query means. Raises InvalidInput."""
    query = read_query(request, TodoQuery)
    return Filter(query.completed, query.window)


def read_todo_id(request: Request) -> int:
    """The todo id in the path. Raises NotFound for what cannot be one."""
    return read_id(request, "todo_id", "Todo")
