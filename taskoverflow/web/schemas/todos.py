"""Requests about todos."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType
from starlette.requests import Request

from taskoverflow.store.todos import Filter, Order, Position
from taskoverflow.web.schemas.cursor import read_cursor
from taskoverflow.web.schemas.fields import (
    Description,
    Moment,
    Search,
    Time,
    Title,
    Window,
    read_id,
)
from taskoverflow.web.schemas.query import read_query

DEFAULT_LIMIT, MAX_LIMIT = 1000, 10_000  # todos on a page

Sort = Literal[
    "created_at",
    "-created_at",
    "updated_at",
    "-updated_at",
    "deadline_at",
    "-deadline_at",
    "title",
    "-title",
]


class NewTodo(Struct, forbid_unknown_fields=True):
    """The body of POST /todos."""

    title: Title
    description: Description | None = None
    completed: bool = False
    deadline_at: Time | None = None


class TodoChanges(Struct, forbid_unknown_fields=True):
    """The body of PUT and PATCH /todos/{id}: only what is given changes."""

    title: Title | UnsetType = UNSET
    description: Description | UnsetType | None = UNSET
    completed: bool | UnsetType = UNSET
    deadline_at: Time | UnsetType | None = UNSET


class TodoQuery(Struct, frozen=True):
    """Which todos are meant: the query of GET /todos.csv and /todos.ndjson."""

    completed: bool | None = None
    window: Window | None = None
    q: Search | None = None
    due_before: Moment | None = None
    due_after: Moment | None = None

    @property
    def filter(self) -> Filter:
        """The same in the words of the store. A `q` of nothing, as an empty form has, is none."""
        q = (self.q or "").strip() or None
        return Filter(self.completed, self.window, q, self.due_before, self.due_after)


class TodoListQuery(TodoQuery, frozen=True):
    """The query of GET /todos: which todos, in which order, and which page of them."""

    sort: Sort = "-created_at"
    limit: Annotated[int, Meta(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT
    cursor: Annotated[str, Meta(max_length=4000)] | None = None

    @property
    def order(self) -> Order:
        """The order that `sort` names."""
        return Order(self.sort.removeprefix("-"), self.sort.startswith("-"))  # type: ignore[arg-type]

    @property
    def after(self) -> Position | None:
        """The position behind which the page begins. Raises InvalidInput."""
        return None if self.cursor is None else read_cursor(self.cursor, self.sort)


def read_filter(request: Request) -> Filter:
    """The todos that a query means. Raises InvalidInput."""
    return read_query(request, TodoQuery).filter


def read_todo_id(request: Request) -> int:
    """The todo id in the path. Raises NotFound for what cannot be one."""
    return read_id(request, "todo_id", "Todo")
