"""Jobs of any kind: list, look at, wait for, watch, cancel, retry."""

import re
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from taskoverflow.errors import (
    JobEnded,
    JobNotEnded,
    NotFound,
    QueueUnavailable,
    TaskFailed,
    TaskNotFinished,
    TooManyWatchers,
)
from taskoverflow.jobqueue import JobView, Status
from taskoverflow.web.answers import JobLinks, JobList, ShownJob
from taskoverflow.web.openapi.headers import PREFER
from taskoverflow.web.openapi.operation import Answer, Operation, describes
from taskoverflow.web.responses import JSONResponse
from taskoverflow.web.schemas.jobs import JobQuery
from taskoverflow.web.schemas.query import read_query

# Seconds after which asking again is worth while. A calendar of a few thousand todos takes one.
ASK_AGAIN = 1
LONGEST_WAIT = 30  # seconds
PREFER_WAIT = re.compile(r"(?:^|[,;])\s*wait\s*=\s*\"?(\d{1,9})\"?\s*(?=$|[,;])", re.IGNORECASE)
EVENT = {
    "type": "object",
    "properties": {
        "event": {"enum": ["change", "end"]},
        "data": {
            "type": "string",
            "description": "The job, as GET /jobs/{job_id} has it, in JSON.",
        },
    },
}
JOB_HEADERS = ("Vary", "Cache-Control", "Retry-After", "Preference-Applied")
PING_INTERVAL = 15  # seconds: some proxies cut a connection that says nothing for longer


@describes(
    Operation(
        summary="List jobs",
        description="A page of one status may be short, or empty, and still have a `next`.",
        query=JobQuery,
        answers={200: Answer(description="A page of them, newest first", schema=JobList)},
        errors=(QueueUnavailable,),
    )
)
async def index(request: Request) -> Response:
    """GET /jobs."""
    query = read_query(request, JobQuery)
    queue = request.app.state.queue
    page = await run_in_threadpool(queue.find, query.status, query.limit, query.cursor)
    return JSONResponse(JobList([_shown(request, job) for job in page.jobs], page.next))


@describes(
    Operation(
        summary="Look at a job",
        headers=(PREFER,),
        answers={200: Answer(description="The job", schema=ShownJob, headers=JOB_HEADERS)},
        errors=(NotFound, QueueUnavailable, TooManyWatchers),
    )
)
async def show(request: Request) -> Response:
    """GET /jobs/{id}, at once or, with `Prefer: wait=N`, when the job has ended."""
    waited = await wait_as_preferred(request, request.path_params["job_id"])
    job = await run_in_threadpool(request.app.state.queue.get, request.path_params["job_id"])
    return job_response(job, _shown(request, job), waited)


@describes(
    Operation(
        summary="Cancel a job",
        answers={
            200: Answer(description="It is cancelled", schema=ShownJob),
            202: Answer(description="Its worker was told to stop it", schema=ShownJob),
        },
        errors=(NotFound, JobEnded, QueueUnavailable),
    )
)
async def cancel(request: Request) -> Response:
    """DELETE /jobs/{id}: 200 when it is cancelled, 202 when its worker has been told to stop."""
    job = await run_in_threadpool(request.app.state.queue.cancel, request.path_params["job_id"])
    return JSONResponse(_shown(request, job), status_code=200 if job.ended else 202)


@describes(
    Operation(
        summary="Try a failed or cancelled job again",
        answers={
            202: Answer(description="It is queued", schema=ShownJob, headers=("Location",)),
        },
        errors=(NotFound, JobNotEnded, QueueUnavailable),
    )
)
async def retry(request: Request) -> Response:
    """POST /jobs/{id}/retry."""
    job = await run_in_threadpool(request.app.state.queue.retry, request.path_params["job_id"])
    location = str(request.url_for("job", job_id=job.id))
    return JSONResponse(_shown(request, job), status_code=202, headers={"Location": location})


@describes(
    Operation(
        summary="Watch a job",
        description="Its state as the data of an event `change` each time, and of `end` at last.",
        answers={
            200: Answer(
                description="Server-sent events",
                schema=EVENT,
                media_type="text/event-stream",
                headers=("Cache-Control",),
            ),
        },
        errors=(NotFound, QueueUnavailable, TooManyWatchers),
    )
)
async def events(request: Request) -> Response:
    """GET /jobs/{id}/events: the job at each change, ending when it has ended."""
    job_id = request.path_params["job_id"]
    # A job that is not there is a 404, and not a stream that ends at once.
    request.app.state.job_watch.check_room()
    await run_in_threadpool(request.app.state.queue.get, job_id)
    return EventSourceResponse(_events(request, job_id), ping=PING_INTERVAL)


async def wait_as_preferred(request: Request, job_id: str) -> int | None:
    """Wait for the job's end if the client prefers that (RFC 7240), and return for how long."""
    preferred = PREFER_WAIT.search(",".join(request.headers.getlist("prefer")))
    if not preferred:
        return None
    seconds = min(int(preferred[1]), LONGEST_WAIT)
    await request.app.state.job_watch.wait(job_id, seconds)
    return seconds


def job_response(job: JobView, body: object, waited: int | None) -> Response:
    """A job's status, with what its client has to know to ask again."""
    headers = {"Vary": "Prefer", "Cache-Control": "no-store"}
    if not job.ended:
        headers["Retry-After"] = str(ASK_AGAIN)
    if waited is not None:
        headers["Preference-Applied"] = f"wait={waited}"
    return JSONResponse(body, headers=headers)


def result_of(job: JobView) -> dict[str, Any]:
    """What a job has returned. Raises TaskFailed or TaskNotFinished when there is nothing."""
    if job.status in (Status.FAILURE, Status.REVOKED):
        raise TaskFailed("Task failed" if job.status is Status.FAILURE else "Task was cancelled")
    if job.status is not Status.SUCCESS:
        raise TaskNotFinished("Task not finished")
    return job.result or {}


def _shown(request: Request, job: JobView) -> ShownJob:
    def url(name: str, **of: str) -> str:
        return str(request.url_for(name, **of))

    links = JobLinks(
        own=url("job", job_id=job.id),
        events=url("job-events", job_id=job.id),
        result=url("ical-result", task_id=job.id) if job.kind == "ical" else None,
        report=url("import-report", task_id=job.id) if job.kind == "import" else None,
    )
    return ShownJob(**msgspec.structs.asdict(job), links=links)


async def _events(request: Request, job_id: str) -> AsyncIterator[ServerSentEvent]:
    async for job in request.app.state.job_watch.changes(job_id):
        data = msgspec.json.encode(_shown(request, job)).decode()
        yield ServerSentEvent(data=data, event="end" if job.ended else "change")
