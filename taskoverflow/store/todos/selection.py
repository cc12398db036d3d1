"""Which todos are meant, in which order, from where on: as conditions that the indexes serve."""

from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

from msgspec import Struct
from peewee import (
    OP,
    SQL,
    Database,
    Expression,
    Field,
    ModelSelect,
    NodeList,
    PostgresqlDatabase,
    Tuple,
)

from taskoverflow.store import models
from taskoverflow.store.todos import search
from taskoverflow.store.todos.values import Todo

Selection: TypeAlias = "ModelSelect[models.Todo]"


class Filter(Struct, frozen=True):
    """Which todos are meant: all, unless narrowed.

    `completed`: only those that are, or are not. `window`: only those whose deadline is at most
    so many days from now, overdue ones included. `due_before` and `due_after`: only those whose
    deadline is before the one and not before the other (UTC). The undated are due at no time.
    `q`: only those with a word in title or description for each of its words, that begins so; a
    text without any word finds nothing.
    """

    completed: bool | None = None
    window: int | None = None
    q: str | None = None
    due_before: datetime | None = None
    due_after: datetime | None = None

    @property
    def window_end(self) -> datetime | None:
        """The latest deadline that the window reaches now."""
        return None if self.window is None else models.utc_now() + timedelta(days=self.window)

    @property
    def dated(self) -> bool:
        """Whether only todos with a deadline can be meant."""
        return (self.window, self.due_before, self.due_after) != (None, None, None)

    @property
    def is_plain(self) -> bool:
        """Whether its conditions are always the same but for their values."""
        return (self.window, self.q) == (None, None)

    @property
    def plain_shape(self) -> tuple[bool, ...]:
        """Which conditions a plain filter has."""
        return tuple(value is None for value in (self.completed, self.due_before, self.due_after))

    @property
    def plain_values(self) -> list[Any]:
        """A plain filter's values, in the order of its conditions."""
        given = (self.completed, self.due_before, self.due_after)
        return [value for value in given if value is not None]


class Order(Struct, frozen=True):
    """By what todos are sorted; equal ones by their id. Undated ones are last either way."""

    key: Literal["created_at", "updated_at", "deadline_at", "title"] = "created_at"
    descending: bool = True


class Position(Struct, frozen=True):
    """Where a todo stands in an order: what it is sorted by (a time, a title's key), and its id."""

    key: datetime | str | None
    id: int


NEWEST_FIRST = Order()
COLUMNS: dict[str, Field] = {
    "created_at": models.Todo.created_at,
    "updated_at": models.Todo.updated_at,
    "deadline_at": models.Todo.deadline_at,
    "title": models.Todo.title_key,
}


def select(database: Database, which: Filter, shape: type[Todo]) -> Selection:
    """The todos meant, with the columns of that shape, in no order."""
    return models.Todo.select(*columns(shape)).where(*_conditions(database, which))


def columns(shape: type[Todo]) -> list[Field]:
    """The columns of that shape, in its order."""
    return [getattr(models.Todo, name) for name in shape.__struct_fields__]


def in_order(selection: Selection, order: Order, after: Position | None) -> list[Selection]:
    """The selection, sorted and from behind a position on, as parts to read one after the other.

    Each part is a walk along an index. Only deadlines have two: the databases do not agree on
    where NULL stands in an order.
    """
    column, todo_id = COLUMNS[order.key], models.Todo.id
    if order.key != "deadline_at":
        return [_sorted(_behind(selection, order, after), order)]
    dated = _sorted(_behind(selection.where(column.is_null(False)), order, after), order)
    undated = selection.where(column.is_null())
    if after is None or after.key is not None:
        return [dated, _sorted(undated, order)]
    behind = todo_id < after.id if order.descending else todo_id > after.id
    return [_sorted(undated.where(behind), order)]


def position(todo: Todo, order: Order) -> Position:
    """Where a todo stands in an order."""
    by_title = order.key == "title"
    return Position(search.title_key(todo.title) if by_title else getattr(todo, order.key), todo.id)


def _behind(selection: Selection, order: Order, after: Position | None) -> Selection:
    if after is None or after.key is None:
        return selection
    place, values = Tuple(COLUMNS[order.key], models.Todo.id), (after.key, after.id)
    return selection.where(place < values if order.descending else place > values)


def _sorted(selection: Selection, order: Order) -> Selection:
    sorted_by = COLUMNS[order.key], models.Todo.id
    return selection.order_by(*(c.desc() if order.descending else c.asc() for c in sorted_by))


def _conditions(database: Database, which: Filter) -> list[Expression | SQL]:
    row, found = models.Todo, list[Expression | SQL]()
    if which.completed is not None:
        # "+" keeps SQLite from walking along the index of all that are completed, when the words
        # that are looked for lead to a few.
        by_words = which.q is not None and not isinstance(database, PostgresqlDatabase)
        column = NodeList((SQL("+"), row.completed)) if by_words else row.completed
        found.append(Expression(column, OP.EQ, which.completed))
    if which.window is not None:
        found.append(row.deadline_at <= which.window_end)
    if which.due_before is not None:
        found.append(row.deadline_at < which.due_before)
    if which.due_after is not None:
        found.append(row.deadline_at >= which.due_after)
    if which.q is not None:
        found.append(_has_words(database, search.words(which.q)))
    return found or [SQL("1 = 1")]


def _has_words(database: Database, wanted: list[str]) -> SQL:
    if not wanted:
        return SQL("1 = 0")
    if isinstance(database, PostgresqlDatabase):
        document = "array_to_tsvector(string_to_array(words, ' '))"
        return SQL(f"{document} @@ %s::tsquery", [search.tsquery(wanted)])
    found = "SELECT rowid FROM todo_search WHERE todo_search MATCH ?"
    return SQL(f"id IN ({found})", [search.fts5_query(wanted)])
