"""The calendar as a job: submit, ask how it is, fetch the file."""

import logging
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from taskoverflow.errors import (
    DatabaseUnavailable,
    NotFound,
    QueueUnavailable,
    TaskFailed,
    TaskNotFinished,
    TooManyJobs,
    TooManyWatchers,
)
from taskoverflow.jobqueue import GENERATE_ICAL, JobView
from taskoverflow.store import calendars
from taskoverflow.store.calendars import Calendar
from taskoverflow.store.calls import call_store
from taskoverflow.web import submission
from taskoverflow.web.answers import Submitted, TaskStatus
from taskoverflow.web.api.jobs import JOB_HEADERS, job_response, result_of, wait_as_preferred
from taskoverflow.web.calendar_file import FILE_ANSWERS, FILE_REQUEST, calendar_response
from taskoverflow.web.idempotency import KEY_ERRORS, submit_once
from taskoverflow.web.openapi.headers import IDEMPOTENCY_KEY, PREFER
from taskoverflow.web.openapi.operation import Answer, Operation, describes
from taskoverflow.web.responses import JSONResponse
from taskoverflow.web.schemas.calendars import CalendarQuery, job_options
from taskoverflow.web.schemas.query import read_query

QUEUED = Answer(
    description="It is queued", schema=Submitted, headers=("Location", "Idempotent-Replayed")
)

logger = logging.getLogger(__name__)


@describes(
    Operation(
        summary="Have a calendar of the todos made",
        description="An equal request that still waits in the queue is joined.",
        query=CalendarQuery,
        headers=(IDEMPOTENCY_KEY,),
        answers={202: QUEUED},
        errors=(QueueUnavailable, TooManyJobs, *KEY_ERRORS),
    )
)
async def submit(request: Request) -> Response:
    """POST /todos/ical."""
    options = job_options(read_query(request, CalendarQuery))

    async def queue() -> Response:
        task_id = await submit_calendar(request, options)
        task_url = str(request.url_for("ical-status", task_id=task_id))
        return JSONResponse(Submitted(task_id, task_url), 202, {"Location": task_url})

    return await submit_once(request, options, queue)


@describes(
    Operation(
        summary="Ask how a calendar gets on",
        headers=(PREFER,),
        answers={
            200: Answer(description="Its state", schema=TaskStatus, headers=JOB_HEADERS),
        },
        errors=(NotFound, QueueUnavailable, TooManyWatchers),
    )
)
async def status(request: Request) -> Response:
    """GET /todos/ical/{task_id}/status: the practical's view of a job (see /jobs for all of it)."""
    job = await find_job(request)
    waited = None if job.ended else await wait_as_preferred(request, job.id)
    job = job if waited is None else await find_job(request)
    body = TaskStatus(
        task_id=job.id,
        task_status=job.status,
        result_url=str(request.url_for("ical-result", task_id=job.id)),
        progress=job.progress,
        error=job.error,
        summary=job.result,
    )
    return job_response(job, body, waited)


@describes(
    Operation(
        summary="Fetch a calendar",
        headers=FILE_REQUEST,
        answers=FILE_ANSWERS,
        errors=(NotFound, TaskNotFinished, TaskFailed, QueueUnavailable, DatabaseUnavailable),
    )
)
async def result(request: Request) -> Response:
    """GET /todos/ical/{task_id}/result."""
    calendar = await _find_calendar(request, await find_job(request))
    return calendar_response(request, calendar)


async def submit_calendar(request: Request, options: dict[str, Any]) -> str:
    """Queue a calendar, or join one that waits; returns its task id."""
    options = {**options, "url": todo_pages(request)}
    task_id = await submission.submit(request, GENERATE_ICAL, options)
    # A request that joins a job finds its way to the worker's log by this line.
    logger.info("job %s is the answer", task_id, extra={"job_id": task_id})
    return task_id


def todo_pages(request: Request) -> str:
    """The address of a todo's page, "{id}" standing for its number."""
    return f"{request.base_url}todos/{{id}}"


async def find_job(request: Request) -> JobView:
    """The job that the path names. Raises NotFound or QueueUnavailable."""
    task_id = request.path_params["task_id"]
    job: JobView = await run_in_threadpool(request.app.state.queue.get, task_id, GENERATE_ICAL)
    return job


async def _find_calendar(request: Request, job: JobView) -> Calendar:
    calendar_id = result_of(job).get("calendar", "")
    found = await call_store(request.app.state.database, calendars.get, calendar_id)
    if found is None:
        raise NotFound("Task not found")  # expired between the two questions
    return found
