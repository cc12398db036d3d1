"""The calendar as a job: submit, ask how it is, fetch the file."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from taskoverflow.errors import NotFound, TaskFailed, TaskNotFinished
from taskoverflow.jobqueue import JobView, Status
from taskoverflow.store import calendars
from taskoverflow.store.calendars import Calendar
from taskoverflow.web.calendar_file import calendar_response
from taskoverflow.web.responses import JSONResponse
from taskoverflow.web.schemas import read_filter

GENERATE_ICAL = "jobs.ical.generate_ical"


async def submit(request: Request) -> Response:
    """POST /todos/ical."""
    which = read_filter(request)
    options = {"completed": which.completed, "window": which.window}
    task_id = await run_in_threadpool(request.app.state.queue.submit, GENERATE_ICAL, options)
    task_url = str(request.url_for("ical-status", task_id=task_id))
    return JSONResponse(
        {"task_id": task_id, "task_url": task_url}, status_code=202, headers={"Location": task_url}
    )


async def status(request: Request) -> Response:
    """GET /todos/ical/{task_id}/status."""
    job = await find_job(request)
    return JSONResponse(
        {
            "task_id": job.id,
            "task_status": job.status,
            "result_url": str(request.url_for("ical-result", task_id=job.id)),
            "progress": job.progress,
            "summary": job.result,
        }
    )


async def result(request: Request) -> Response:
    """GET /todos/ical/{task_id}/result."""
    calendar = await _find_calendar(request, await find_job(request))
    return calendar_response(request, calendar)


async def find_job(request: Request) -> JobView:
    """The job that the path names. Raises NotFound or QueueUnavailable."""
    task_id = request.path_params["task_id"]
    job: JobView = await run_in_threadpool(request.app.state.queue.get, task_id, GENERATE_ICAL)
    return job


async def _find_calendar(request: Request, job: JobView) -> Calendar:
    if job.status in (Status.FAILURE, Status.REVOKED):
        raise TaskFailed("Task failed" if job.status is Status.FAILURE else "Task was cancelled")
    if job.status is not Status.SUCCESS:
        raise TaskNotFinished("Task not finished")
    calendar_id = (job.result or {}).get("calendar", "")
    found = await run_in_threadpool(calendars.get, request.app.state.database, calendar_id)
    if found is None:
        raise NotFound("Task not found")  # expired between the two questions
    return found
