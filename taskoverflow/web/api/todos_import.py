"""Todos from a calendar file: take it in, queue its job, and show what became of each item."""

from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from typing import BinaryIO

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
from taskoverflow.store.models import utc_now
from taskoverflow.web import submission
from taskoverflow.web.answers import Submitted
from taskoverflow.web.api.jobs import result_of
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
        },
    },
    example="BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nSUMMARY:Buy milk\r\nEND:VTODO\r\nEND:VCALENDAR\r\n",
)
BEGINNING = b"BEGIN:VCALENDAR"
UTF_8_MARK = b"\xef\xbb\xbf"


@describes(
    Operation(
        summary="Import todos from a calendar file",
        description="A file of up to 10 MiB, as the body or as the one file of a form.",
        query=ImportQuery,
        body=FILE,
        answers={
            202: Answer(description="It is queued", schema=Submitted, headers=("Location",)),
        },
        errors=(QueueUnavailable, DatabaseUnavailable, TooManyJobs),
    )
)
async def submit(request: Request) -> Response:
    """POST /todos/import."""
    options = import_options(read_query(request, ImportQuery))
    state = request.app.state
    async with uploaded(request, "text/calendar") as file:
        import_id = await run_in_threadpool(_store, request, file)
    try:
        task_id = await submission.submit(request, IMPORT_TODOS, {"file": import_id, **options})
    except BaseException:
        await run_in_threadpool(imports.delete, state.database, import_id)
        raise
    task_url = str(request.url_for("job", job_id=task_id))
    return JSONResponse(Submitted(task_id, task_url), 202, {"Location": task_url})


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
    read = partial(imports.report, state.database, result_of(job).get("import", ""))
    # Before the answer begins: a database that is away is a 503, and not half a report.
    first = await run_in_threadpool(read, 0)

    async def body() -> AsyncIterator[bytes]:
        page = first
        while page:
            lines, behind = page
            yield lines
            page = await run_in_threadpool(read, behind)

    return StreamingResponse(body(), media_type="application/x-ndjson")


def _store(request: Request, file: BinaryIO) -> str:
    """Store what looks like a calendar; whether it is one, its job finds out."""
    file.seek(0)
    start = file.read(1024).removeprefix(UTF_8_MARK).lstrip()
    if start[: len(BEGINNING)].upper() != BEGINNING:
        raise InvalidInput(
            "file: must be a calendar, and begin with BEGIN:VCALENDAR.", field="file"
        )
    # A failed job may be tried again as long as it is kept.
    kept = timedelta(seconds=request.app.state.queue.settings.failure_ttl)
    return imports.store(request.app.state.database, file, utc_now() + kept)
