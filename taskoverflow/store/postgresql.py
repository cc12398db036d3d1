"""PostgreSQL as Peewee's pool has it, for greenlets too, and with prepared statements."""

import re
import time
from asyncio import LifoQueue
from collections.abc import Sequence
from itertools import count
from typing import Any, cast

import psycopg2
import psycopg2.extensions
from greenlet import getcurrent
from peewee import OperationalError, _ConnectionState
from playhouse.db_url import parse
from playhouse.postgres_ext import PooledPostgresqlExtDatabase

CONNECT_TIMEOUT = 1  # seconds; libpq before 17 takes 2 for it
FAIL_FAST = 1.0  # seconds
FRESH = 1.0  # seconds after its last use in which a connection is not asked whether it lives


class Connection(psycopg2.extensions.connection):
    """A connection of the pool."""

    used_at = float("-inf")  # last, by the monotonic clock

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.prepared: dict[str, str] = {}  # by their SQL, the commands that execute statements


class PostgresqlPool(PooledPostgresqlExtDatabase):  # type: ignore[misc]
    """A pool for threads and for greenlets, that does not queue up behind a server that is away.

    Threads connect one after the other: twenty that wait 1 s each for a server that says nothing
    would wait 20 s. So a connect that has just failed is not tried again by the next.
    """

    _failed_at = float("-inf")

    def __init__(self, name: str, max_connections: int, **options: Any) -> None:
        # For the calls of an event loop (calls.py), that there are no more than connections.
        self.runners: LifoQueue[Any] = LifoQueue()
        for _ in range(max_connections):
            self.runners.put_nowait(None)
        # Without Peewee's lock, on which a greenlet would wait for another of its own thread.
        super().__init__(name, max_connections=max_connections, thread_safe=False, **options)

    def execute_prepared(self, sql: str, values: Sequence[Any]) -> Any:
        """Execute a statement of which each connection has the plan ready: its cursor.

        For one todo by its id that takes 94 µs and not 168: PostgreSQL parses and plans it once.
        """
        prepared = cast(Connection, self.connection()).prepared
        if sql not in prepared:
            name = f"taskoverflow_{len(prepared)}"
            self.execute_sql(f"PREPARE {name} AS {_numbered(sql)}")
            given = f"({', '.join(['%s'] * len(values))})" if values else ""
            prepared[sql] = f"EXECUTE {name}{given}"
        return self.execute_sql(prepared[sql], values)

    @property
    def _state(self) -> _ConnectionState:
        """Peewee's state, which it keeps per thread: here one for each greenlet, the one that
        every thread runs in included."""
        states: dict[Any, _ConnectionState] = getcurrent().__dict__
        if (state := states.get(self)) is None:
            state = states[self] = _ConnectionState()
        return state

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

    def _close(self, conn: Connection, *arguments: Any) -> None:
        super()._close(conn, *arguments)
        conn.used_at = time.monotonic()

    def _is_closed(self, conn: Connection) -> bool:
        # Asking the server whether a connection lives costs as much as what it is wanted for.
        if not conn.closed and time.monotonic() - conn.used_at < FRESH:
            return False
        # One that is silent, not gone, must not be asked again for each
        # of the pool's connections, and then for a new one.
        asked = time.monotonic()
        closed = bool(super()._is_closed(conn))
        if closed and time.monotonic() - asked >= CONNECT_TIMEOUT:
            raise psycopg2.OperationalError("the server does not answer")
        return closed


def postgresql_pool(url: str, connections: int) -> PostgresqlPool:
    """The pool for a URL; connects to nothing yet."""
    arguments = parse(url, unquote_password=True, unquote_user=True)
    return PostgresqlPool(
        arguments.pop("database"),
        max_connections=connections,
        connection_factory=Connection,
        **{"connect_timeout": CONNECT_TIMEOUT, **arguments},
    )


def _numbered(sql: str) -> str:
    """The SQL with its parameters as PREPARE wants them: $1, $2, …"""
    number = count(1)
    return re.sub("%s", lambda _: f"${next(number)}", sql)
