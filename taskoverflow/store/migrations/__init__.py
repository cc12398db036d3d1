"""The schema's history: numbered scripts beside this file, run in order, each once."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from peewee import Database, OperationalError, SqliteDatabase
from playhouse.migrations import Runner

from taskoverflow.errors import DatabaseUnavailable
from taskoverflow.store.database import close_idle

# Any fixed number: who migrates this database takes this advisory lock first.
POSTGRESQL_LOCK = 0x7A5C0F10


def migrate(database: Database) -> list[str]:
    """Run what is pending, one process at a time, and return the names of what ran.

    Raises DatabaseUnavailable when the database cannot be reached.
    """
    try:
        with database.connection_context(), _lock(database):
            if isinstance(database, SqliteDatabase):
                database.pragma("journal_mode", "wal", permanent=False)
            applied: list[str] = _runner(database).up()
            return applied
    except OperationalError as error:
        raise DatabaseUnavailable(f"The database cannot be migrated: {error}.") from error
    finally:
        close_idle(database)


def pending(database: Database) -> list[str]:
    """The names of the migrations that have not run yet.

    Raises DatabaseUnavailable when the database cannot be reached.
    """
    try:
        with database.connection_context():
            return [step.name for step in _runner(database).status() if not step.applied]
    except OperationalError as error:
        raise DatabaseUnavailable(f"The database cannot be reached: {error}.") from error
    finally:
        close_idle(database)


def _runner(database: Database) -> Runner:
    return Runner(database, directory=str(Path(__file__).parent))


@contextmanager
def _lock(database: Database) -> Iterator[None]:
    # SQLite's own lock is no help: a switch to WAL fails when another process switches too.
    if isinstance(database, SqliteDatabase):
        with Path(f"{database.database}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    else:
        database.execute_sql("SELECT pg_advisory_lock(%s)", (POSTGRESQL_LOCK,))
        try:
            yield
        finally:
            database.execute_sql("SELECT pg_advisory_unlock(%s)", (POSTGRESQL_LOCK,))
