"""Todos: what may be asked of them, and the rules that they keep."""

from taskoverflow.store.todos.changes import create, create_many, delete, update
from taskoverflow.store.todos.reading import (
    Page,
    count,
    find,
    get,
    page,
    version,
    versioned_page,
)
from taskoverflow.store.todos.selection import NEWEST_FIRST, Filter, Order, Position
from taskoverflow.store.todos.stream import TodoStream, by_deadline
from taskoverflow.store.todos.values import LARGEST_ID, CalendarTodo, Todo, unknown

__all__ = [
    "LARGEST_ID",
    "NEWEST_FIRST",
    "CalendarTodo",
    "Filter",
    "Order",
    "Page",
    "Position",
    "Todo",
    "TodoStream",
    "by_deadline",
    "count",
    "create",
    "create_many",
    "delete",
    "find",
    "get",
    "page",
    "unknown",
    "update",
    "version",
    "versioned_page",
]
