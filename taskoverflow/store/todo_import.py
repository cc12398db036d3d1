"""Todos from a file: found by their UIDs, made or changed, and each told of."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct
from peewee import Database, PostgresqlDatabase, SqliteDatabase

from taskoverflow.store import imports, models, revision
from taskoverflow.store.database import transaction
from taskoverflow.store.todos.changes import change, locked, new_row
from taskoverflow.store.todos.values import CalendarTodo

BATCH = 80  # todos; 12 columns each: SQLite takes 999 values at once before 3.32
# Any fixed number: on PostgreSQL one import at a time holds this advisory lock.
POSTGRESQL_LOCK = 0x7A5C0F11
# Seconds between two batches. SQLite has no queue: who waits to write looks again each 0.1 s.
PAUSE = 0.02
TITLE_TOLD = 255  # characters

Action = Literal["created", "updated", "unchanged", "skipped"]


class ImportedTodo(Struct, frozen=True, kw_only=True):
    """What one item of a file says of a todo. Times are UTC without an offset.

    `line` is where it begins. `uid` names the todo; `ours`: an installation of this service has
    given it the UID, and this one if there is a `todo_id`. `completed` and `modified_at` are None
    if the item says nothing of them. `skipped` is the reason not to take it, if there is one.
    """

    line: int
    uid: str
    todo_id: int | None
    ours: bool
    is_event: bool
    title: str
    description: str
    deadline_at: datetime | None
    completed: bool | None
    completed_at: datetime | None
    modified_at: datetime | None
    skipped: str | None
    notes: tuple[str, ...]


class KnownTodo(CalendarTodo, frozen=True):
    """A todo as it is; `changed_at`: when its author last did so, which may be before it came."""

    changed_at: datetime = datetime.min  # noqa: DTZ901


class Decision(Struct, frozen=True):
    """What to do with an item: the fields to set, and the reasons, as sentences."""

    action: Action
    fields: dict[str, Any]
    reasons: tuple[str, ...]


class Outcome(Struct, frozen=True):
    """What has been done with an item: a line of the report."""

    line: int
    uid: str
    title: str
    action: Action
    todo_id: int | None
    reasons: tuple[str, ...]


Decide = Callable[[ImportedTodo, KnownTodo | None], Decision]
Progress = Callable[[int, int], None]


def apply(
    database: Database,
    import_id: str,
    todos: Sequence[ImportedTodo],
    decide: Decide,
    progress: Progress,
    most: int = 0,
) -> None:
    """Carry out what `decide` says of each item of a file, and note it, a batch at a time.

    Each batch is a transaction, and begins where the one before has ended, whichever run that was:
    one that is cut off goes on where it was, and two at once share the work. Not one transaction
    for all: on SQLite, others could write nothing for as long. Raises UploadExpired,
    DatabaseUnavailable, or TooManyTodos once there are `most` (0: any number).
    """
    done = 0
    while done < len(todos):
        with transaction(database, write=True):
            done = _next_batch(database, import_id, todos, decide, most)
        progress(done, len(todos))
        if isinstance(database, SqliteDatabase):
            time.sleep(PAUSE)


def _next_batch(
    database: Database,
    import_id: str,
    todos: Sequence[ImportedTodo],
    decide: Decide,
    most: int,
) -> int:
    """How many items are done after it."""
    _wait_for_others(database)
    row = imports.row_of(import_id)
    batch = list(todos[row.done : row.done + BATCH])
    if not batch:
        return int(row.done)
    outcomes = list(_carry_out(database, batch, decide))
    counts: Counter[str] = Counter(msgspec.json.decode(row.counts))
    actions = Counter(outcome.action for outcome in outcomes)
    counts.update(actions)
    imports.note(row, counts, map(msgspec.json.encode, outcomes))
    if actions["created"] or actions["updated"]:
        revision.rise(actions["created"], most)
    return int(row.done)


def _wait_for_others(database: Database) -> None:
    """SQLite has one writer at a time. On PostgreSQL two imports could each make the same todo."""
    if isinstance(database, PostgresqlDatabase):
        database.execute_sql("SELECT pg_advisory_xact_lock(%s)", (POSTGRESQL_LOCK,))


def _carry_out(database: Database, batch: list[ImportedTodo], decide: Decide) -> Iterator[Outcome]:
    rows = _known_rows(database, batch)
    decisions = [decide(todo, _known(rows.get(todo.line))) for todo in batch]
    pairs = list(zip(batch, decisions, strict=True))
    for todo, decision in pairs:
        if decision.action == "updated":
            _update(rows[todo.line], todo, decision)
    ids = _create([(todo, decision) for todo, decision in pairs if decision.action == "created"])
    for todo, decision in pairs:
        row = rows.get(todo.line)
        todo_id = row.id if row else ids.get(todo.uid)
        title = todo.title[:TITLE_TOLD]
        yield Outcome(todo.line, todo.uid, title, decision.action, todo_id, decision.reasons)


def _known_rows(database: Database, batch: list[ImportedTodo]) -> dict[int, models.Todo]:
    """The todos that the items mean, by the items' lines."""
    row = models.Todo
    ids = [todo.todo_id for todo in batch if todo.todo_id is not None]
    meant_by = row.id.in_(ids) | row.uid.in_([todo.uid for todo in batch])
    found = list(locked(database, row.select().where(meant_by)))
    by_id, by_uid = {row.id: row for row in found}, {row.uid: row for row in found}
    meant = {todo.line: by_id.get(todo.todo_id or 0) or by_uid.get(todo.uid) for todo in batch}
    return {line: row for line, row in meant.items() if row}


def _known(row: models.Todo | None) -> KnownTodo | None:
    if row is None:
        return None
    fields = {name: getattr(row, name) for name in CalendarTodo.__struct_fields__}
    return KnownTodo(**fields, changed_at=row.modified_at or row.updated_at)


def _update(row: models.Todo, todo: ImportedTodo, decision: Decision) -> None:
    change(row, decision.fields)
    row.modified_at = _stamp(todo, row.updated_at)
    if decision.fields.get("completed"):
        row.completed_at = todo.completed_at or row.updated_at
    row.save(only=row.dirty_fields)


def _create(made: list[tuple[ImportedTodo, Decision]]) -> dict[str, int]:
    """Make todos; their ids by UID."""
    if not made:
        return {}
    row = models.Todo
    row.insert_many([_new_row(todo, decision.fields) for todo, decision in made]).execute()
    uids = [todo.uid for todo, _ in made]
    found = row.select(row.uid, row.id).where(row.uid.in_(uids)).tuples()
    return dict(found.iterator())


def _new_row(todo: ImportedTodo, fields: dict[str, Any]) -> dict[str, Any]:
    row = new_row({"completed": False, **fields})
    if row["completed"] and todo.completed_at:
        row["completed_at"] = todo.completed_at
    return {**row, "uid": todo.uid, "modified_at": _stamp(todo, row["created_at"])}


def _stamp(todo: ImportedTodo, now: datetime) -> datetime | None:
    """When the copy was made; not after now, or no later copy would be newer."""
    return min(todo.modified_at, now) if todo.modified_at else None
