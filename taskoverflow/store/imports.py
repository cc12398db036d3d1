"""Files of todos: kept until a worker reads them, then their reports, until they expire."""

import json
from datetime import datetime
from typing import Any, BinaryIO
from uuid import uuid4

from peewee import Database

from taskoverflow.errors import UploadExpired
from taskoverflow.store import models
from taskoverflow.store.database import transaction

CHUNK_SIZE = 256 * 1024  # bytes


def store(database: Database, file: BinaryIO, expires_at: datetime) -> str:
    """Store a file, read from its start, in one transaction; returns its id."""
    import_id = uuid4().hex
    with transaction(database, write=True):
        models.TodoImport.create(id=import_id, expires_at=expires_at)
        _write_chunks(import_id, file)
    return import_id


def delete(database: Database, import_id: str) -> None:
    """Forget a file that nobody is going to read."""
    with transaction(database, write=True):
        models.TodoImport.delete().where(models.TodoImport.id == import_id).execute()


def read(database: Database, import_id: str) -> bytes | None:
    """A file that waits; None once it has been imported. Raises UploadExpired."""
    chunk = models.TodoImportChunk
    with transaction(database):
        if row_of(import_id).summary is not None:
            return None
        query = chunk.select(chunk.data).where(chunk.todo_import == import_id)
        rows = query.order_by(chunk.position).tuples()
        return b"".join(bytes(data) for (data,) in rows.iterator())


def report_chunk(database: Database, import_id: str, position: int) -> bytes | None:
    """The piece of a report's gzip stream at `position` (0, 1, …), or None behind the last one."""
    chunk = models.TodoImportChunk
    with transaction(database):
        row = models.TodoImport.get_or_none(models.TodoImport.id == import_id)
        if row is None or row.summary is None:
            return None
        found = chunk.get_or_none((chunk.todo_import == import_id) & (chunk.position == position))
        return None if found is None else bytes(found.data)


def finish(
    row: models.TodoImport, summary: dict[str, Any], report: BinaryIO, expires_at: datetime
) -> None:
    """Put the report (gzip) in the place of the file, within the caller's transaction."""
    models.TodoImportChunk.delete().where(models.TodoImportChunk.todo_import == row.id).execute()
    _write_chunks(row.id, report)
    row.summary, row.expires_at = json.dumps(summary), expires_at
    row.save()


def row_of(import_id: str) -> models.TodoImport:
    """The row, within the caller's transaction. Raises UploadExpired."""
    row = models.TodoImport.get_or_none(models.TodoImport.id == import_id)
    if row is None:
        raise UploadExpired("The file has waited too long, and is gone; upload it again.")
    return row


def purge(database: Database) -> int:
    """Delete the files and reports that have expired, and return how many there were."""
    with transaction(database, write=True):
        expired = models.TodoImport.expires_at <= models.utc_now()
        return int(models.TodoImport.delete().where(expired).execute())


def _write_chunks(import_id: str, file: BinaryIO) -> None:
    file.seek(0)
    position = 0
    while data := file.read(CHUNK_SIZE):
        models.TodoImportChunk.insert(todo_import=import_id, position=position, data=data).execute()
        position += 1
