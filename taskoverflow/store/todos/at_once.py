"""A change of a todo, and the count of it, as one statement of PostgreSQL.

It is a transaction by itself: one round trip in place of the five of BEGIN, COMMIT and what is
between them.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from taskoverflow.store import compiled, models, revision
from taskoverflow.store.database import reading
from taskoverflow.store.postgresql import PostgresqlPool
from taskoverflow.store.todos.values import LARGEST_ID

COLUMNS = [field.name for field in models.Todo._meta.sorted_fields if field is not models.Todo.id]
INSERT = f"""WITH made AS (
        INSERT INTO todo ({", ".join(COLUMNS)}) SELECT {", ".join(["%s"] * len(COLUMNS))}
        WHERE (SELECT SUM(todos) FROM revision_slot) < %s RETURNING id
    ), counted AS (
        UPDATE revision_slot SET changes = changes + 1, todos = todos + 1
        WHERE slot = %s AND EXISTS (SELECT FROM made)
    )
    SELECT id FROM made"""  # noqa: S608
REPLACE = f"""WITH changed AS (
        UPDATE todo SET {", ".join(f"{name} = %s" for name in COLUMNS)}
        WHERE id = %s AND updated_at = %s RETURNING id
    ), counted AS (
        UPDATE revision_slot SET changes = changes + 1
        WHERE slot = %s AND EXISTS (SELECT FROM changed)
    )
    SELECT id FROM changed"""  # noqa: S608


def insert(database: PostgresqlPool, row: Mapping[str, Any], most: int) -> int:
    """Insert a row; returns its id. Raises TooManyTodos if there are `most` (0: any number)."""
    values = [row[name] for name in COLUMNS]
    with reading(database):
        limit = most or LARGEST_ID
        found = database.execute_prepared(INSERT, [*values, limit, revision.any_slot()])
        made = found.fetchone()
    if made is None:
        raise revision.too_many(most)
    return int(made[0])


def find(database: PostgresqlPool, todo_id: int) -> models.Todo | None:
    """A row, or None if there is none of this id."""
    if todo_id > LARGEST_ID:
        return None

    def build() -> compiled.Statement:
        return models.Todo.select().where(models.Todo.id == todo_id).sql()

    found = compiled.run(database, ("row",), [todo_id], build).fetchone()
    return None if found is None else models.Todo(**dict(zip(["id", *COLUMNS], found, strict=True)))


def replace(database: PostgresqlPool, row: models.Todo, seen: datetime) -> bool:
    """Write a changed row, unless somebody has changed it since it was `seen` to be updated.

    Each change makes `updated_at` later, so that an equal one is the same state. Returns whether it
    was written.
    """
    values = [getattr(row, name) for name in COLUMNS]
    which = row.id, seen, revision.any_slot()
    return database.execute_prepared(REPLACE, [*values, *which]).fetchone() is not None
