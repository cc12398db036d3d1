"""Feeds: calendars that somebody subscribes to, under an address that is their secret."""

import json
import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from msgspec import Struct
from peewee import Database

from taskoverflow.errors import NotFound
from taskoverflow.store import models
from taskoverflow.store.database import reading, transaction
from taskoverflow.store.models import utc_now
from taskoverflow.store.revision import current

TOKEN_BYTES = 32  # 256 random bits; RFC 6750 would have an attacker need 2^160 guesses
# A window moves with the time, so that a file grows old without any change of a todo.
OLDEST = timedelta(hours=1)
# A client may be reading the file that a newer one has just replaced.
LAST_READERS = timedelta(minutes=10)
NEVER = datetime(9999, 1, 1)  # noqa: DTZ001
FETCH_NOTED = timedelta(minutes=1)  # between two notes of a fetch: a read need not write each time


class Feed(Struct, frozen=True):
    """A subscription as the API shows it; `options` are those of its job. Never its address."""

    id: int
    name: str
    options: dict[str, Any]
    created_at: datetime
    built_at: datetime | None
    fetched_at: datetime | None


class FeedFile(Struct, frozen=True):
    """A feed's last good file, and whether a newer one should be made."""

    feed_id: int
    calendar: str
    built_at: datetime
    stale: bool


def create(database: Database, name: str, options: dict[str, Any]) -> tuple[Feed, str]:
    """Store a new feed; returns it with its token, which nothing can tell again."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with transaction(database, write=True):
        row = models.Feed.create(
            name=name, token_hash=_hash(token), options=json.dumps(options), created_at=utc_now()
        )
        return _value(row), token


def find(database: Database) -> list[Feed]:
    """All feeds, newest first."""
    with reading(database):
        return [_value(row) for row in models.Feed.select().order_by(models.Feed.id.desc())]


def get(database: Database, feed_id: int) -> Feed:
    """A feed. Raises NotFound."""
    with reading(database):
        return _value(_row(feed_id))


def rotate(database: Database, feed_id: int) -> tuple[Feed, str]:
    """Give a feed a new address; the old one is none any more. Raises NotFound."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with transaction(database, write=True):
        row = _row(feed_id)
        row.token_hash = _hash(token)
        row.save(only=[models.Feed.token_hash])
        return _value(row), token


def delete(database: Database, feed_id: int) -> Feed | None:
    """Revoke a feed and return what it was, or None if there was none."""
    with transaction(database, write=True):
        try:
            row = _row(feed_id)
        except NotFound:
            return None
        _retire(row.calendar)
        row.delete_instance()
        return _value(row)


def file_of(database: Database, token: str) -> FeedFile:
    """The file under an address. Raises NotFound when there is no such address, or no more."""
    with reading(database):
        row = models.Feed.get_or_none(models.Feed.token_hash == _hash(token))
        if row is None or row.calendar is None or row.built_at is None:
            raise NotFound("Calendar not found")
        changed = row.revision != current()
        stale = changed or utc_now() - row.built_at > OLDEST
        return FeedFile(row.id, row.calendar, row.built_at, stale)


def note_fetch(database: Database, feed_id: int) -> None:
    """Note that a feed was fetched just now."""
    now = utc_now()
    long_ago = models.Feed.fetched_at.is_null() | (models.Feed.fetched_at < now - FETCH_NOTED)
    with reading(database):
        if not models.Feed.select().where((models.Feed.id == feed_id) & long_ago).exists():
            return
    with transaction(database, write=True):
        models.Feed.update(fetched_at=now).where(models.Feed.id == feed_id).execute()


def revision(database: Database) -> int:
    """A number that rises with each change of a todo."""
    with reading(database):
        return current()


def set_file(database: Database, feed_id: int, calendar: str, revision: int) -> bool:
    """Make a stored calendar a feed's file, read when the todos had this revision.

    An older file never takes the place of a newer one. Returns whether it is the file now.
    """
    with transaction(database, write=True):
        row = models.Feed.get_or_none(models.Feed.id == feed_id)
        if row is None or row.revision > revision:
            return False
        _retire(row.calendar)
        models.Calendar.update(expires_at=NEVER).where(models.Calendar.id == calendar).execute()
        row.calendar, row.revision, row.built_at = calendar, revision, utc_now()
        row.save(only=[models.Feed.calendar, models.Feed.revision, models.Feed.built_at])
        return True


def _retire(calendar: str | None) -> None:
    if calendar is not None:
        ends = utc_now() + LAST_READERS
        models.Calendar.update(expires_at=ends).where(models.Calendar.id == calendar).execute()


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _row(feed_id: int) -> models.Feed:
    row = models.Feed.get_or_none(models.Feed.id == feed_id)
    if row is None:
        raise NotFound("Calendar not found")
    return row


def _value(row: models.Feed) -> Feed:
    return Feed(
        row.id, row.name, json.loads(row.options), row.created_at, row.built_at, row.fetched_at
    )
