"""The floor of a GET of one todo: its SELECT on the same web server, and nothing else at all.

No routes, no checks, no headers, no log, no metrics.
"""

import os

import msgspec
from starlette.types import Receive, Scope, Send

from taskoverflow.store.calls import answer_within, call_store
from taskoverflow.store.database import reading
from taskoverflow.store.postgresql import PostgresqlPool, postgresql_pool

SELECT = """SELECT id, title, description, completed, deadline_at, created_at, updated_at
    FROM todo WHERE id = %s"""

answer_within(1.5)
database = postgresql_pool(os.environ["DATABASE_URL"], connections=20)


def _select(database: PostgresqlPool, todo_id: int) -> bytes:
    with reading(database):
        return msgspec.json.encode(database.execute_prepared(SELECT, [todo_id]).fetchone())


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Whatever ends in a number is a todo's address."""
    number = scope["path"].rpartition("/")[2]
    body = await call_store(database, _select, int(number)) if number.isdigit() else b""
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
