"""Todos from a calendar file: take it in, queue its job, and show what became of each item."""

from collections.abc import AsyncIterator
from datetime import timedelta
from hashlib import sha256
from typing import Any, BinaryIO

from peewee import Database
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from taskoverflow.errors import (
    DatabaseUnavailable,
    InvalidInput,
    NotFound,
    QueueUnavailable,
    TaskFailed,
    TaskNotFinished,
    TooManyJobs,
)
from taskoverflow.jobqueue import IMPORT_TODOS
from taskoverflow.store import imports
from taskoverflow.store.calls import call_store
from taskoverflow.store.models import utc_now
from taskoverflow.web import submission
from taskoverflow.web.answers import Submitted
from taskoverflow.web.api.ical import QUEUED
from taskoverflow.web.api.jobs import result_of
from taskoverflow.web.idempotency import KEY_ERRORS, submit_once
from taskoverflow.web.openapi.headers import IDEMPOTENCY_KEY
from taskoverflow.web.openapi.operation import Answer, Body, Operation, describes
from taskoverflow.web.responses import JSONResponse
from taskoverflow.web.schemas.imports import ImportQuery, import_options
from taskoverflow.web.schemas.query import read_query
from taskoverflow.web.upload import uploaded

FILE = Body(
    schemas={
        "text/calendar": {"type": "string", "pattern": "^BEGIN:VCALENDAR"},
        "multipart/form-data": {
            "type": "object",
            "properties": {"file": {"type": "string", "contentMediaType": "text/calendar"}},
            "required": ["file"],
            "additionalProperties": False,
        },
    },
    example="BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nSUMMARY:Buy milk\r\nEND:VTODO\r\nEND:VCALENDAR\r\n",
)
BEGINNING = b"BEGIN:VCALENDAR"
CHUNK = 1024 * 1024  # bytes
UTF_8_MARK = b"\xef\xbb\xbf"


@describes(
    Operation(
        summary="Import todos from a calendar file",
        description="A file of up to 10 MiB, as the body or as the one file of a form.",
        query=ImportQuery,
        body=FILE,
        headers=(IDEMPOTENCY_KEY,),
        answers={202: QUEUED},
        errors=(QueueUnavailable, DatabaseUnavailable, TooManyJobs, *KEY_ERRORS),
    )
)
async def submit(request: Request) -> Response:
    """POST /todos/import."""
    options = import_options(read_query(request, ImportQuery))
    async with uploaded(request, "text/calendar") as file:
        asked = (options, await run_in_threadpool(_digest, file))

        async def take_in() -> Response:
            task_id = await _queue(request, file, options)
            task_url = str(request.url_for("job", job_id=task_id))
            return JSONResponse(Submitted(task_id, task_url), 202, {"Location": task_url})

        return await submit_once(request, asked, take_in)


@describes(
    Operation(
        summary="What became of each item of an imported file",
        answers={
            200: Answer(description="A line for each", media_type="application/x-ndjson"),
        },
        errors=(NotFound, TaskNotFinished, TaskFailed, QueueUnavailable, DatabaseUnavailable),
    )
)
async def report(request: Request) -> Response:
    """GET /todos/import/{task_id}/report: a line of JSON for each item of the file."""
    state, task_id = request.app.state, request.path_params["task_id"]
    job = await run_in_threadpool(state.queue.get, task_id, IMPORT_TODOS)
    import_id = result_of(job).get("import", "")
    # Before the answer begins: a database that is away is a 503, and not half a report.
    first = await call_store(state.database, imports.report, import_id, 0)

    async def body() -> AsyncIterator[bytes]:
        page = first
        while page:
            lines, behind = page
            yield lines
            page = await call_store(state.database, imports.report, import_id, behind)

    return StreamingResponse(body(), media_type="application/x-ndjson")


async def _queue(request: Request, file: BinaryIO, options: dict[str, Any]) -> str:
    """Store a file and queue its job, or do neither; returns the task id."""
    import_id = await call_store(request.app.state.database, _store, request, file)
    try:
        return await submission.submit(request, IMPORT_TODOS, {"file": import_id, **options})
    except BaseException:
        await call_store(request.app.state.database, imports.delete, import_id)
        raise


def _digest(file: BinaryIO) -> str:
    file.seek(0)
    digest = sha256()
    while data := file.read(CHUNK):
        digest.update(data)
    return digest.hexdigest()


def _store(database: Database, request: Request, file: BinaryIO) -> str:
    """Store what looks like a calendar; whether it is one, its job finds out."""
    file.seek(0)
    start = file.read(1024).removeprefix(UTF_8_MARK).lstrip()
    if start[: len(BEGINNING)].upper() != BEGINNING:
        raise InvalidInput(
            "file: must be a calendar, and begin with BEGIN:VCALENDAR.", field="file"
        )
    # A failed job may be tried again as long as it is kept.
    kept = timedelta(seconds=request.app.state.queue.settings.failure_ttl)
    return imports.store(database, file, utc_now() + kept)
