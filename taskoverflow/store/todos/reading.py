"""Reading todos: one, some, or a page of them."""

from typing import Any

from msgspec import Struct
from peewee import Database, fn

from taskoverflow.store import compiled, models, revision
from taskoverflow.store.database import reading
from taskoverflow.store.todos.selection import (
    NEWEST_FIRST,
    Filter,
    Order,
    Position,
    columns,
    in_order,
    position,
    select,
)
from taskoverflow.store.todos.values import LARGEST_ID, Todo, unknown, values


class Page(Struct, frozen=True):
    """Some todos, and the position of the last if there are more behind it."""

    todos: list[Todo]
    next: Position | None


def get(database: Database, todo_id: int) -> Todo:
    """One todo. Raises NotFound."""
    if todo_id > LARGEST_ID:
        raise unknown()
    with reading(database):
        rows = compiled.run(database, ("todo",), [todo_id], lambda: _by_id(todo_id)).fetchall()
    for todo in values(database, rows):
        return todo
    raise unknown()


def _by_id(todo_id: int) -> compiled.Statement:
    return models.Todo.select(*columns(Todo)).where(models.Todo.id == todo_id).sql()


def find(database: Database, which: Filter, limit: int | None = None) -> list[Todo]:
    """The todos meant, newest first; at most `limit` of them."""
    with reading(database):
        (query,) = in_order(select(database, which, Todo), NEWEST_FIRST, None)
        return [Todo(*row) for row in query.limit(limit).tuples().iterator()]


def page(
    database: Database,
    which: Filter,
    limit: int,
    order: Order = NEWEST_FIRST,
    after: Position | None = None,
) -> Page:
    """The todos meant that come behind a position, in order; at most `limit`.

    Each page is read by itself, from the index: what is added meanwhile moves nothing.
    """
    with reading(database):
        read = _plain_page if _is_plain(which, order) else _page
        return _cut(read(database, which, limit + 1, order, after), limit, order)


def versioned_page(
    database: Database,
    which: Filter,
    limit: int,
    order: Order = NEWEST_FIRST,
    after: Position | None = None,
) -> tuple[str, Page]:
    """A page, and the version of the todos that it is of: both in one question, if it can be."""
    with reading(database):
        if _is_plain(which, order):
            rows = _plain_rows(database, which, limit + 1, order, after, versioned=True)
            if rows:
                found = values(database, [row[:-1] for row in rows])
                return rows[0][-1], _cut(found, limit, order)
        # Known before the todos are read: a change in between makes it old, never wrongly new.
        known = version(database, which)
        return known, page(database, which, limit, order, after)


def _is_plain(which: Filter, order: Order) -> bool:
    return which.is_plain and order.key != "deadline_at"


def _cut(found: list[Todo], limit: int, order: Order) -> Page:
    more = len(found) > limit
    return Page(found[:limit], position(found[limit - 1], order) if more else None)


def _page(
    database: Database, which: Filter, limit: int, order: Order, after: Position | None
) -> list[Todo]:
    found: list[Todo] = []
    parts = in_order(select(database, which, Todo), order, after)
    for part in parts[:1] if which.dated else parts:
        rows = part.limit(limit - len(found)).tuples()
        found += [Todo(*row) for row in rows.iterator()]
        if len(found) == limit:
            break
    return found


def _plain_page(
    database: Database, which: Filter, limit: int, order: Order, after: Position | None
) -> list[Todo]:
    """The same for the filters and orders that are one walk along one index."""
    rows = _plain_rows(database, which, limit, order, after, versioned=False)
    return values(database, rows)


def _plain_rows(
    database: Database,
    which: Filter,
    limit: int,
    order: Order,
    after: Position | None,
    *,
    versioned: bool,
) -> list[tuple[Any, ...]]:
    """The rows of a plain page; `versioned`: the last column has the revision that it is of."""

    def build() -> compiled.Statement:
        (query,) = in_order(select(database, which, Todo), order, after)
        query = query.select_extend(revision.version()) if versioned else query
        return query.limit(limit).sql()

    position = [] if after is None else [after.key, after.id]
    given = [*which.plain_values, *position, limit]
    shape = ("page", which.plain_shape, order, after is None, versioned)
    rows: list[tuple[Any, ...]] = compiled.run(database, shape, given, build).fetchall()
    return rows


def count(database: Database, which: Filter) -> int:
    """How many todos are meant."""
    with reading(database):
        return int(select(database, which, Todo).count())


def version(database: Database, which: Filter) -> str:
    """A text that changes whenever other todos are meant, or one of them has changed.

    It changes with each change of any todo, which is cheap to know. A window moves with the time:
    what it holds changes when it reaches another deadline.
    """
    with reading(database):
        found = compiled.run(database, ("version",), [], lambda: revision.version().sql())
        known = str(found.fetchone()[0])
        if which.window is None:
            return known
        reached = models.Todo.deadline_at <= which.window_end
        return (
            f"{known} {models.Todo.select(fn.MAX(models.Todo.deadline_at)).where(reached).scalar()}"
        )
