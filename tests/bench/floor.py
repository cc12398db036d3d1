"""The floor of a request: its one statement on the same web server, and nothing else at all.

No routes, no checks, no headers, no log, no metrics; a page has no ETag and no next one.
"""

import os
from typing import Any

import msgspec
from starlette.types import Receive, Scope, Send

from taskoverflow.store.calls import answer_within, call_store
from taskoverflow.store.database import reading
from taskoverflow.store.postgresql import PostgresqlPool, postgresql_pool
from taskoverflow.store.todos import Todo, at_once
from taskoverflow.store.todos.changes import DEFAULTS, new_row

SELECT = f"SELECT {', '.join(Todo.__struct_fields__)} FROM todo "
ONE = SELECT + "WHERE id = %s"
PAGE = SELECT + "ORDER BY created_at DESC, id DESC LIMIT %s"

answer_within(1.5)
database = postgresql_pool(os.environ["DATABASE_URL"], connections=20)


def _select(database: PostgresqlPool, sql: str, value: int) -> bytes:
    with reading(database):
        rows = database.execute_prepared(sql, [value]).fetchall()
    return msgspec.json.encode([Todo(*row) for row in rows])


def _insert(database: PostgresqlPool, fields: dict[str, Any]) -> bytes:
    return msgspec.json.encode(at_once.insert(database, {**DEFAULTS, **new_row(fields)}, 0))


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """POST inserts; what ends in a number is a todo's address, and all else is a page's."""
    if scope["method"] == "POST":
        body = (await receive())["body"]
        answer = await call_store(database, _insert, msgspec.json.decode(body))
    elif (number := scope["path"].rpartition("/")[2]).isdigit():
        answer = await call_store(database, _select, ONE, int(number))
    else:
        answer = await call_store(database, _select, PAGE, 50)
    headers = [(b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})
