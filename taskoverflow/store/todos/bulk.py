"""Many changes in one transaction: all of them, or none."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from peewee import Database, chunked

from taskoverflow.store import models, revision
from taskoverflow.store.database import transaction
from taskoverflow.store.todos.changes import (
    ROWS_PER_INSERT,
    change,
    locked,
    new_row,
)
from taskoverflow.store.todos.values import Todo, value

IDS_AT_ONCE = 900  # SQLite takes 999 values at once before 3.32


class Creation(Struct, frozen=True):
    """Store a new todo of checked fields."""

    fields: dict[str, Any]


class Change(Struct, frozen=True):
    """Change the given fields of a todo."""

    id: int
    fields: dict[str, Any]


class Removal(Struct, frozen=True):
    """Delete a todo."""

    id: int


Operation = Creation | Change | Removal


def apply(database: Database, operations: Sequence[Operation], most: int = 0) -> list[Todo | None]:
    """Carry the operations out, one after the other.

    Returns for each the todo as it was then (a deleted one: as it was last), or None if there was
    no such todo. However many there are, it takes a statement for each 90 todos of a kind.
    Raises TooManyTodos if there would be more than `most` (0: any number).
    """
    with transaction(database, write=True):
        rows = _locked_rows(database, operations)
        alive = dict(rows)
        results = [_apply(one, alive) for one in operations]
        changed = [row for row in alive.values() if row.is_dirty()]
        gone = sorted(rows.keys() - alive.keys())
        created = _insert([new_row(one.fields) for one in operations if isinstance(one, Creation)])
        _save(changed)
        _delete(gone)
        if changed or gone or created:
            revision.rise(len(created) - len(gone), most)
    new = iter(created)
    return [
        next(new) if isinstance(one, Creation) else done
        for one, done in zip(operations, results, strict=True)
    ]


def _apply(operation: Operation, alive: dict[int, models.Todo]) -> Todo | None:
    """Carry out an operation on the rows in memory; a creation is done later."""
    match operation:
        case Removal(id=todo_id):
            row = alive.pop(todo_id, None)
        case Change(id=todo_id, fields=fields):
            row = alive.get(todo_id)
            if row is not None and fields:
                change(row, fields)
        case _:
            row = None
    return None if row is None else value(row)


def _locked_rows(database: Database, operations: Sequence[Operation]) -> dict[int, models.Todo]:
    ids = sorted({one.id for one in operations if not isinstance(one, Creation)})
    found: dict[int, models.Todo] = {}
    for some in chunked(ids, IDS_AT_ONCE):
        rows = models.Todo.select().where(models.Todo.id.in_(some))
        # Everybody locks in the order of ids: two that waited for each other would both fail.
        found |= {row.id: row for row in locked(database, rows.order_by(models.Todo.id))}
    return found


def _insert(rows: list[dict[str, Any]]) -> list[Todo]:
    made: list[Todo] = []
    for some in chunked(rows, ROWS_PER_INSERT):
        ids = models.Todo.insert_many(some).execute()
        if isinstance(ids, int):
            # SQLite says the last id only. Nobody else writes meanwhile: they are consecutive.
            first = ids - len(some) + 1
            ids = [(first + number,) for number in range(len(some))]
        made += [
            Todo(*(todo_id, *(row.get(name) for name in Todo.__struct_fields__[1:])))
            for (todo_id,), row in zip(ids, some, strict=True)
        ]
    return made


def _save(rows: list[models.Todo]) -> None:
    """Write changed rows. They are there, and locked: the insertion never inserts."""
    every = list(models.Todo._meta.sorted_fields)
    for some in chunked(rows, ROWS_PER_INSERT):
        models.Todo.insert_many([row.__data__ for row in some]).on_conflict(
            conflict_target=[models.Todo.id],
            preserve=[field for field in every if field is not models.Todo.id],
        ).execute()


def _delete(ids: list[int]) -> None:
    for some in chunked(ids, IDS_AT_ONCE):
        models.Todo.delete().where(models.Todo.id.in_(some)).execute()
