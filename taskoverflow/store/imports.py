"""Files of todos: kept until their items are done, with the reports on those, until they expire."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import BinaryIO
from uuid import uuid4

from peewee import Database

from taskoverflow.errors import UploadExpired
from taskoverflow.store import models
from taskoverflow.store.database import transaction

CHUNK_SIZE = 256 * 1024  # bytes
REPORT_PAGE = 20  # batches of items
ACTIONS = ("created", "updated", "unchanged", "skipped")


def store(database: Database, file: BinaryIO, expires_at: datetime) -> str:
    """Store a file, read from its start, in one transaction; returns its id."""
    import_id = uuid4().hex
    file.seek(0)
    with transaction(database, write=True):
        models.TodoImport.create(id=import_id, expires_at=expires_at)
        position = 0
        while data := file.read(CHUNK_SIZE):
            models.TodoImportChunk.insert(
                todo_import=import_id, position=position, data=data
            ).execute()
            position += 1
    return import_id


def read(database: Database, import_id: str) -> bytes | None:
    """A file; None once it is finished. Raises UploadExpired."""
    chunk = models.TodoImportChunk
    with transaction(database):
        if row_of(import_id).finished:
            return None
        query = chunk.select(chunk.data).where(chunk.todo_import == import_id)
        rows = query.order_by(chunk.position).tuples()
        return b"".join(bytes(data) for (data,) in rows.iterator())


def finish(database: Database, import_id: str, expires_at: datetime) -> dict[str, int]:
    """Drop the file, and return how many todos were created, updated, … Raises UploadExpired.

    What is finished stays as it is.
    """
    with transaction(database, write=True):
        row = row_of(import_id)
        if not row.finished:
            chunks = models.TodoImportChunk.todo_import == import_id
            models.TodoImportChunk.delete().where(chunks).execute()
            row.finished, row.expires_at = True, expires_at
            row.save()
        counts = json.loads(row.counts)
        return {action: counts.get(action, 0) for action in ACTIONS}


def note(row: models.TodoImport, counts: dict[str, int], lines: Iterable[bytes]) -> None:
    """Note what has been done with the next items, within the transaction that did it.

    `counts` are all up to now, `lines` the report on these items.
    """
    text = b"".join(line + b"\n" for line in lines).decode()
    models.TodoImportReport.insert(todo_import=row.id, position=row.done, lines=text).execute()
    row.done, row.counts = sum(counts.values()), json.dumps(counts)
    row.save()


def report(database: Database, import_id: str, start: int) -> tuple[bytes, int] | None:
    """Lines of the report from an item on, and the item to go on with; None behind the last."""
    part = models.TodoImportReport
    with transaction(database):
        here = (part.todo_import == import_id) & (part.position >= start)
        rows = list(part.select().where(here).order_by(part.position).limit(REPORT_PAGE))
    return ("".join(row.lines for row in rows).encode(), rows[-1].position + 1) if rows else None


def row_of(import_id: str) -> models.TodoImport:
    """The row, within the caller's transaction. Raises UploadExpired."""
    row = models.TodoImport.get_or_none(models.TodoImport.id == import_id)
    if row is None:
        raise UploadExpired("The file has waited too long, and is gone; upload it again.")
    return row


def delete(database: Database, import_id: str) -> None:
    """Forget a file that nobody is going to read."""
    with transaction(database, write=True):
        models.TodoImport.delete().where(models.TodoImport.id == import_id).execute()


def purge(database: Database) -> int:
    """Delete the files and reports that have expired, and return how many there were."""
    with transaction(database, write=True):
        expired = models.TodoImport.expires_at <= models.utc_now()
        return int(models.TodoImport.delete().where(expired).execute())
