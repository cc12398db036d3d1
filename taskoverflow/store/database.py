"""One database from one URL, and the only way into it: a connection and a transaction per call."""

import time
from asyncio import LifoQueue
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import psycopg2
import psycopg2.extensions
from greenlet import getcurrent
from peewee import Database, InterfaceError, OperationalError, _ConnectionState
from playhouse.db_url import parse
from playhouse.pool import MaxConnectionsExceeded, PooledDatabase, PooledSqliteDatabase
from playhouse.postgres_ext import PooledPostgresqlExtDatabase

from taskoverflow.errors import DatabaseUnavailable
from taskoverflow.store import models

BUSY_TIMEOUT_MS = 10_000
CONNECT_TIMEOUT = 1  # seconds; libpq before 17 takes 2 for it
FAIL_FAST = 1.0  # seconds
FRESH = 1.0  # seconds after its last use in which a connection is not asked whether it lives


def open_database(url: str, connections: int) -> Database:
    """A pooled database for `sqlite:///…` or `postgresql://…`; connects to nothing yet.

    The models are bound to it, so a process has one at a time. Each call of the store that is
    under way has a connection: `connections` must be at least the number of threads that make any.
    """
    database: Database
    database = _sqlite(url, connections) if is_sqlite(url) else _postgresql(url, connections)
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


class PostgresqlPool(PooledPostgresqlExtDatabase):  # type: ignore[misc]
    """A pool for threads and for greenlets, that does not queue up behind a server that is away.

    Threads connect one after the other: twenty that wait 1 s each for a server that says nothing
    would wait 20 s. So a connect that has just failed is not tried again by the next.
    """

    _failed_at = float("-inf")

    def __init__(self, name: str, max_connections: int, **options: Any) -> None:
        self._used_at: dict[int, float] = {}  # by the connection's id
        # For the calls of an event loop (calls.py), that there are no more than connections.
        self.runners: LifoQueue[Any] = LifoQueue()
        for _ in range(max_connections):
            self.runners.put_nowait(None)
        # Without Peewee's lock, on which a greenlet would wait for another of its own thread.
        super().__init__(name, max_connections=max_connections, thread_safe=False, **options)

    @property
    def _state(self) -> _ConnectionState:
        """Peewee's state, which it keeps per thread: here one for each greenlet, the one that
        every thread runs in included."""
        states = getcurrent().__dict__
        if (state := states.get(self)) is None:
            state = states[self] = _ConnectionState()
        return cast(_ConnectionState, state)

    @_state.setter
    def _state(self, state: object) -> None:
        """Peewee sets the one that it would keep."""

    def _connect(self) -> Any:
        if time.monotonic() - self._failed_at < FAIL_FAST:
            raise OperationalError("the server was away a moment ago")
        try:
            return super()._connect()
        except psycopg2.OperationalError:
            self._failed_at = time.monotonic()
            raise

    def _close(self, conn: psycopg2.extensions.connection, *arguments: Any) -> None:
        super()._close(conn, *arguments)
        self._used_at[id(conn)] = time.monotonic()

    def _is_closed(self, conn: psycopg2.extensions.connection) -> bool:
        # Asking the server whether a connection lives costs as much as what it is wanted for.
        used_at = self._used_at.pop(id(conn), float("-inf"))
        if not conn.closed and time.monotonic() - used_at < FRESH:
            return False
        # One that is silent, not gone, must not be asked again for each
        # of the pool's connections, and then for a new one.
        asked = time.monotonic()
        closed = bool(super()._is_closed(conn))
        if closed and time.monotonic() - asked >= CONNECT_TIMEOUT:
            raise psycopg2.OperationalError("the server does not answer")
        return closed


def _postgresql(url: str, connections: int) -> PostgresqlPool:
    arguments = parse(url, unquote_password=True, unquote_user=True)
    return PostgresqlPool(
        arguments.pop("database"),
        max_connections=connections,
        **{"connect_timeout": CONNECT_TIMEOUT, **arguments},
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
