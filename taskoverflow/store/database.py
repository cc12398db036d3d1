"""One database from one URL, and the only way into it: a connection and a transaction per call."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from peewee import Database, InterfaceError, OperationalError
from playhouse.db_url import parse
from playhouse.pool import MaxConnectionsExceeded, PooledDatabase, PooledSqliteDatabase

from taskoverflow.errors import DatabaseUnavailable
from taskoverflow.store import models
from taskoverflow.store.postgresql import postgresql_pool

BUSY_TIMEOUT_MS = 10_000


def open_database(url: str, connections: int) -> Database:
    """A pooled database for `sqlite:///…` or `postgresql://…`; connects to nothing yet.

    The models are bound to it, so a process has one at a time. Each call of the store that is
    under way has a connection: `connections` must be at least the number of threads that make any.
    """
    database: Database
    database = _sqlite(url, connections) if is_sqlite(url) else postgresql_pool(url, connections)
    database.bind(models.ALL)
    return database


def is_sqlite(url: str) -> bool:
    """Whether the URL names an SQLite file."""
    return url.startswith("sqlite:")


def sqlite_path(url: str) -> Path:
    """The file that an SQLite URL names; a relative one is below the working directory."""
    return Path(parse(url)["database"]).absolute()


def _sqlite(url: str, connections: int) -> PooledSqliteDatabase:
    # The journal mode is not set here: WAL stays in the file once the migration has set it, and
    # two processes that switch to it at once can fail with "database is locked".
    pragmas = [("busy_timeout", BUSY_TIMEOUT_MS), ("foreign_keys", 1), ("synchronous", "normal")]
    return PooledSqliteDatabase(
        str(sqlite_path(url)),
        pragmas=pragmas,
        max_connections=connections,
        check_same_thread=False,
    )


def ping(database: Database) -> None:
    """Return when the database answers. Raises DatabaseUnavailable."""
    with reading(database):
        database.execute_sql("SELECT 1 FROM instance")


def close_idle(database: Database) -> None:
    """Close the connections of the pool that nobody is using."""
    if isinstance(database, PooledDatabase):
        database.close_idle()


@contextmanager
def reading(database: Database) -> Iterator[None]:
    """A connection of the pool, for reads of which each stands for itself.

    Without BEGIN and COMMIT, each of them as far away as the one statement between. In a block
    within another, and in a transaction, it is the same connection. Raises DatabaseUnavailable.
    """
    with _available(database), database.connection_context():
        yield


@contextmanager
def transaction(database: Database, *, write: bool = False) -> Iterator[None]:
    """A connection of the pool and one transaction around the block.

    Raises DatabaseUnavailable when there is no connection, no room or no lock to be had.
    """
    # An SQLite transaction that reads first and writes later is refused at once when another
    # wrote meanwhile; one that says so from the start waits for its turn.
    lock = ("IMMEDIATE",) if write and isinstance(database, PooledSqliteDatabase) else ()
    with _available(database), database.connection_context(), database.atomic(*lock):
        yield


@contextmanager
def _available(database: Database) -> Iterator[None]:
    try:
        yield
    except (InterfaceError, MaxConnectionsExceeded, OperationalError) as error:
        # After a restart of the server every idle connection is dead: drop them together, so
        # that one call fails and not one per connection.
        close_idle(database)
        raise DatabaseUnavailable("The database is not available; try again shortly.") from error
