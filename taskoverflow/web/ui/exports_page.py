"""Calendars out and in: files, how their jobs get on, and an address that calendars read."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from taskoverflow.errors import (
    BodyTooLarge,
    FeedNotReady,
    InvalidInput,
    JobEnded,
    JobNotEnded,
    NotFound,
    QueueUnavailable,
)
from taskoverflow.jobqueue import GENERATE_ICAL, IMPORT_TODOS, JobQueue, JobView
from taskoverflow.jobqueue.kinds import KIND_OF
from taskoverflow.store import feeds
from taskoverflow.store.calls import call_store
from taskoverflow.web.answers import AddressedFeed
from taskoverflow.web.api import todos_import
from taskoverflow.web.api.calendars import rotated, subscribe
from taskoverflow.web.api.ical import submit_calendar
from taskoverflow.web.schemas.body import read_form
from taskoverflow.web.schemas.calendars import CalendarQuery, NewFeed, job_options
from taskoverflow.web.ui.messages import message
from taskoverflow.web.ui.templating import render, utc_now

SHOWN = 10  # jobs
LOOKED_AT = 100  # jobs of all kinds
KINDS = {KIND_OF[GENERATE_ICAL], KIND_OF[IMPORT_TODOS]}

Asked = TypeVar("Asked", CalendarQuery, NewFeed)


async def show(request: Request) -> Response:
    """GET /exports."""
    return await _page(request)


async def act(request: Request) -> Response:
    """POST /exports (the buttons): start an export, cancel one, or try one again."""
    given = await read_form(request)
    queue: JobQueue = request.app.state.queue
    try:
        if "cancel" in given:
            await run_in_threadpool(queue.cancel, given["cancel"])
        elif "retry" in given:
            await run_in_threadpool(queue.retry, given["retry"])
        else:
            await submit_calendar(request, job_options(_asked(given, CalendarQuery)))
    except (NotFound, JobEnded, JobNotEnded, msgspec.ValidationError):
        pass  # it went on meanwhile, and the page shows how
    except QueueUnavailable:
        return await _page(request, 503, start_error=message("exports.no_queue"))
    return RedirectResponse("/exports", status_code=303)


async def take_in(request: Request) -> Response:
    """POST /imports (the form, with `?tz=` in its address): queue an import of a calendar file."""
    try:
        await todos_import.submit(request)
    except (InvalidInput, BodyTooLarge):
        return await _page(request, 400, import_error=message("imports.bad_file"))
    except QueueUnavailable:
        return await _page(request, 503, import_error=message("exports.no_queue"))
    return RedirectResponse("/exports", status_code=303)


async def subscribe_or_revoke(request: Request) -> Response:
    """POST /subscriptions (the buttons): a new address, shown this once, or an end to one."""
    given = await read_form(request)
    database = request.app.state.database
    try:
        if "revoke" in given:
            await call_store(database, feeds.delete, _feed_id(given["revoke"]))
            return RedirectResponse("/exports", status_code=303)
        if "rotate" in given:
            made = await rotated(request, _feed_id(given["rotate"]))
        else:
            made = await subscribe(request, _asked(given, NewFeed))
    except (msgspec.ValidationError, InvalidInput):
        return await _page(request, 400, feed_error=message("feeds.bad_name"))
    except NotFound:
        return RedirectResponse("/exports", status_code=303)
    except (FeedNotReady, QueueUnavailable) as error:
        key = "exports.no_worker" if isinstance(error, FeedNotReady) else "exports.no_queue"
        return await _page(request, 503, feed_error=message(key))
    return await _page(request, 201, made=made)


async def _page(
    request: Request,
    status: int = 200,
    *,
    start_error: str = "",
    import_error: str = "",
    feed_error: str = "",
    made: AddressedFeed | None = None,
) -> Response:
    queue, workers = await _look_at(request.app.state.queue)
    jobs = queue or []
    context = {
        "away": queue is None,
        "workers": workers,
        "jobs": jobs,
        "unsettled": any(not job.ended for job in jobs),
        "feeds": await call_store(request.app.state.database, feeds.find),
        "elapsed": _elapsed,
        "start_error": start_error,
        "import_error": import_error,
        "feed_error": feed_error,
        "made": made,
    }
    return render(request, "exports.html", context, status)


async def _look_at(queue: JobQueue) -> tuple[list[JobView] | None, int]:
    """The latest jobs of files, newest first, and how many workers live; None without Redis."""
    try:
        page = await run_in_threadpool(queue.find, None, LOOKED_AT, None)
        stats = await run_in_threadpool(queue.stats)
    except QueueUnavailable:
        return None, 0
    shown = [job for job in page.jobs if job.kind in KINDS]
    return shown[:SHOWN], stats.workers_alive


def _asked(given: Mapping[str, str], shape: type[Asked]) -> Asked:
    """What a form asks of a calendar. Raises ValidationError."""
    fields: dict[str, Any] = {"completed": False if given.get("which") == "open" else None}
    for name in ("component", "name"):
        if name in given and name in shape.__struct_fields__:
            fields[name] = given[name].strip()
    return msgspec.convert(fields, shape)


def _feed_id(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise NotFound("Calendar not found")
    return int(text)


def _elapsed(job: JobView) -> int:
    """Whole seconds since the job was asked for, or since it runs."""
    since = job.started_at or job.created_at
    return max(0, int((utc_now() - since).total_seconds())) if since else 0
