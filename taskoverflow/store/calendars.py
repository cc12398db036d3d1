"""Generated calendars: stored whole or not at all, read in chunks, forgotten when they expire."""

from datetime import datetime
from typing import BinaryIO
from uuid import uuid4

import msgspec
from msgspec import Struct
from peewee import Database

from taskoverflow.store import compiled, models
from taskoverflow.store.database import reading, transaction
from taskoverflow.store.postgresql import PostgresqlPool

CHUNK_SIZE = 256 * 1024  # bytes

# A calendar of one chunk as one statement of PostgreSQL, which is a transaction by itself.
COLUMNS = [field.name for field in models.Calendar._meta.sorted_fields]
STORE = f"""WITH stored AS (
        INSERT INTO calendar ({", ".join(COLUMNS)}) VALUES ({", ".join(["%s"] * len(COLUMNS))})
        RETURNING id
    )
    INSERT INTO calendar_chunk (calendar_id, position, data) SELECT id, 0, %s FROM stored"""  # noqa: S608


class Calendar(Struct, frozen=True):
    """What is known of a stored calendar; sizes are in bytes."""

    id: str
    etag: str
    events: int
    size: int
    gzip_size: int
    created_at: datetime
    expires_at: datetime


def store(
    database: Database,
    compressed: BinaryIO,
    *,
    etag: str,
    events: int,
    size: int,
    expires_at: datetime,
) -> Calendar:
    """Store a gzip stream, read from its start, in one transaction."""
    gzip_size = compressed.seek(0, 2)
    compressed.seek(0)
    calendar = Calendar(uuid4().hex, etag, events, size, gzip_size, models.utc_now(), expires_at)
    fields = msgspec.structs.asdict(calendar)
    if gzip_size <= CHUNK_SIZE and isinstance(database, PostgresqlPool):
        with reading(database):
            values = [fields[name] for name in COLUMNS]
            database.execute_prepared(STORE, [*values, compressed.read()])
    else:
        with transaction(database, write=True):
            models.Calendar.create(**fields)
            _store_chunks(calendar.id, compressed)
    return calendar


def _store_chunks(calendar_id: str, compressed: BinaryIO) -> None:
    position = 0
    while data := compressed.read(CHUNK_SIZE):
        models.CalendarChunk.insert(calendar=calendar_id, position=position, data=data).execute()
        position += 1


def get(database: Database, calendar_id: str) -> Calendar | None:
    """What is known of a calendar, or None when there is none or it has expired."""
    with reading(database):
        alive = models.Calendar.expires_at > models.utc_now()
        row = models.Calendar.get_or_none((models.Calendar.id == calendar_id) & alive)
        if row is None:
            return None
        return Calendar(*(getattr(row, name) for name in Calendar.__struct_fields__))


def chunk(database: Database, calendar_id: str, position: int) -> bytes | None:
    """The gzip stream's piece at `position` (0, 1, …), or None behind the last one."""
    with reading(database):
        row = models.CalendarChunk.get_or_none(
            (models.CalendarChunk.calendar == calendar_id)
            & (models.CalendarChunk.position == position)
        )
        return None if row is None else bytes(row.data)


def purge(database: Database) -> int:
    """Delete the calendars that have expired and return how many there were."""
    with transaction(database, write=True):
        expired = models.Calendar.expires_at <= models.utc_now()
        return int(models.Calendar.delete().where(expired).execute())


def instance_uuid(database: Database) -> str:
    """The id of this installation, made once by the first migration."""

    def build() -> compiled.Statement:
        return models.Instance.select(models.Instance.uuid).sql()

    with reading(database):
        return str(compiled.run(database, ("instance",), [], build).fetchone()[0])
