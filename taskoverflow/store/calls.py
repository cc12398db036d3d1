"""How the event loop calls the store, which knows nothing of event loops.

With SQLite a call takes a thread. With PostgreSQL it runs in the event loop's own thread, as a
greenlet: whenever psycopg2 waits for the server, the event loop goes on with something else. A
request is handed to no other thread then, which for one todo took longer than all the rest of it.
"""

import asyncio
import select
from asyncio import CancelledError
from collections.abc import Callable
from functools import partial
from typing import Any, Concatenate, ParamSpec, TypeVar

import psycopg2
from anyio.to_thread import run_sync
from greenlet import getcurrent, greenlet
from peewee import Database
from psycopg2.extensions import POLL_OK, POLL_READ, connection, set_wait_callback

from taskoverflow.store.postgresql import PostgresqlPool

Arguments = ParamSpec("Arguments")
Returned = TypeVar("Returned")


class _Runner(greenlet):
    """Makes calls in the event loop's thread, and switches to its parent with what each waits for.

    It is used again: a new greenlet maps memory for its stack, which takes 40 µs of a request.
    """

    function: Callable[[], Any]
    returned: Any = None
    raised: BaseException | None = None

    def run(self) -> None:
        """Make a call, hand control back, and go on with the next one."""
        assert self.parent is not None  # noqa: S101
        while True:
            try:
                self.returned = self.function()
            except (Exception, CancelledError) as error:
                self.raised = error
            self.parent.switch(None)

    async def call(self, function: Callable[[], Any]) -> Any:
        """What the function returns. Raises what it raises."""
        self.function, self.gr_context = function, getcurrent().gr_context  # the log's context
        given_up: BaseException | None = None
        awaited = self.switch()
        while awaited is not None:
            try:
                ready = await awaited
            except BaseException as error:  # a cancellation: psycopg2 closes the connection
                given_up = error
                awaited = self.throw(error)
            else:
                awaited = self.switch(ready)
        returned, raised = self.returned, self.raised
        self.returned = self.raised = None
        if raised is not None:
            raise given_up or raised
        return returned


async def call_store(
    database: Database,
    function: Callable[Concatenate[Database, Arguments], Returned],
    *arguments: Arguments.args,
    **options: Arguments.kwargs,
) -> Returned:
    """Call `function(database, …)`, which may ask the database and nothing else that can wait.

    It should not compute for long: with PostgreSQL nothing else of the process does meanwhile. No
    more calls than the pool has connections are under way at once. Raises what it raises.
    """
    call = partial(function, database, *arguments, **options)
    if not isinstance(database, PostgresqlPool):
        return await run_sync(call)
    runner = await database.runners.get() or _Runner()
    try:
        found: Returned = await runner.call(call)
    finally:
        database.runners.put_nowait(None if runner.dead else runner)
    return found


def answer_within(seconds: float) -> None:
    """Have each wait of this process for PostgreSQL fail after so many seconds of silence.

    For a process whose clients wait. libpq itself waits for ever for a server that is frozen: its
    kernel still acknowledges what is sent. The failed connection is closed by psycopg2.
    """

    def wait(server: connection) -> None:
        while (state := server.poll()) != POLL_OK:
            call = getcurrent()
            wait_in = _wait_in_loop if isinstance(call, _Runner) else _wait_in_thread
            if not wait_in(server.fileno(), state == POLL_READ, seconds):
                raise psycopg2.OperationalError(f"no answer for {seconds} s")

    set_wait_callback(wait)


def _wait_in_thread(descriptor: int, reads: bool, seconds: float) -> bool:
    """Wait until a socket can be read, or written. Returns whether it can."""
    watched = ([descriptor], []) if reads else ([], [descriptor])
    return any(select.select(*watched, [], seconds))


def _wait_in_loop(descriptor: int, reads: bool, seconds: float) -> bool:
    """The same, with the event loop going on meanwhile."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[bool] = loop.create_future()
    timer = loop.call_later(seconds, _settle, ready, False)
    watch, forget = (
        (loop.add_reader, loop.remove_reader) if reads else (loop.add_writer, loop.remove_writer)
    )
    watch(descriptor, _settle, ready, True)
    try:
        parent = getcurrent().parent
        assert parent is not None  # noqa: S101
        return bool(parent.switch(ready))
    finally:
        timer.cancel()
        forget(descriptor)


def _settle(ready: asyncio.Future[bool], found: bool) -> None:
    if not ready.done():
        ready.set_result(found)
