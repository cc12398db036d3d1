"""All todos as one file, CSV or newline-delimited JSON, streamed page by page."""

import csv
import io
from collections.abc import AsyncIterator, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from taskoverflow.errors import DatabaseUnavailable
from taskoverflow.store import todos
from taskoverflow.store.calls import call_store
from taskoverflow.store.todos import NEWEST_FIRST, Todo
from taskoverflow.web.openapi.operation import Answer, Operation, describes
from taskoverflow.web.schemas.todos import TodoQuery, read_filter

PAGE = 1000  # todos
FIELDS = Todo.__struct_fields__
# What a spreadsheet takes for a formula, and runs when the file is opened.
FORMULA = ("=", "+", "-", "@", "\t", "\r")

Encode = Callable[[list[Todo]], bytes]


def _described(summary: str, media_type: str) -> Operation:
    file = Answer(
        description="All of them, streamed",
        media_type=media_type,
        headers=("Content-Disposition",),
    )
    return Operation(
        summary=summary, query=TodoQuery, answers={200: file}, errors=(DatabaseUnavailable,)
    )


@describes(_described("Export todos as CSV", "text/csv"))
async def as_csv(request: Request) -> Response:
    """GET /todos.csv (RFC 4180). A text that could be a formula has a ' before it."""
    header = ",".join(FIELDS).encode() + b"\r\n"
    return await _export(request, _csv_rows, header, "text/csv", "todos.csv")


@describes(_described("Export todos, one on each line", "application/x-ndjson"))
async def as_ndjson(request: Request) -> Response:
    """GET /todos.ndjson: a todo on each line, as GET /todos has it."""
    return await _export(request, _json_lines, b"", "application/x-ndjson", "todos.ndjson")


async def _export(
    request: Request, encode: Encode, header: bytes, media_type: str, name: str
) -> Response:
    which, database = read_filter(request), request.app.state.database
    # Before the answer begins: a database that is away is a 503, and not half a file.
    first = await call_store(database, todos.page, which, PAGE)

    async def body() -> AsyncIterator[bytes]:
        yield header
        page = first
        yield encode(page.todos)
        while page.next:
            page = await call_store(database, todos.page, which, PAGE, NEWEST_FIRST, page.next)
            yield encode(page.todos)

    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(body(), media_type=media_type, headers=headers)


def _csv_rows(page: list[Todo]) -> bytes:
    text = io.StringIO()
    rows = csv.writer(text)
    for todo in page:
        values = msgspec.to_builtins(todo).values()
        rows.writerow([_cell(value) for value in values])
    return text.getvalue().encode()


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _json_lines(page: list[Todo]) -> bytes:
    return msgspec.json.Encoder().encode_lines(page)
