"""A subscription's address: the last good file, always; a newer one is made behind the scenes."""

import logging
from functools import partial

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from taskoverflow.errors import DatabaseUnavailable, NotFound, TaskOverflowError
from taskoverflow.jobqueue import REFRESH_FEED
from taskoverflow.store import calendars, feeds
from taskoverflow.store.calls import call_store
from taskoverflow.store.feeds import FeedFile
from taskoverflow.web.calendar_file import FILE_ANSWERS, FILE_REQUEST, calendar_response
from taskoverflow.web.openapi.operation import Operation, describes

logger = logging.getLogger(__name__)


@describes(
    Operation(
        summary="Fetch the calendar of a subscription",
        description="The last good file; after a change of a todo the next fetch has a newer one.",
        headers=FILE_REQUEST,
        answers=FILE_ANSWERS,
        errors=(NotFound, DatabaseUnavailable),
    )
)
async def show(request: Request) -> Response:
    """GET /calendars/{token}/todos.ics: 200 or 304, or 404 for what is no address any more.

    Never a 202 or an empty file: Thunderbird empties its calendar on a 2xx that is none. Nor a
    410, after which it never asks again.
    """
    database = request.app.state.database
    file = await call_store(database, feeds.file_of, request.path_params["token"])
    calendar = await call_store(database, calendars.get, file.calendar)
    if calendar is None:  # replaced between the two questions
        file = await call_store(database, feeds.file_of, request.path_params["token"])
        calendar = await call_store(database, calendars.get, file.calendar)
    if calendar is None:
        raise NotFound("Calendar not found")
    response = calendar_response(request, calendar, disposition="inline")
    response.background = BackgroundTask(partial(_afterwards, request, file))
    return response


async def _afterwards(request: Request, file: FeedFile) -> None:
    """Have a stale file made anew, and note the fetch. The client has its answer already, and a
    queue or a database that is away now is none of its business."""
    state = request.app.state
    try:
        if file.stale:
            feed, request_id = {"feed": file.feed_id}, request.state.request_id
            await run_in_threadpool(state.queue.submit, REFRESH_FEED, feed, request_id)
        await call_store(state.database, feeds.note_fetch, file.feed_id)
    except TaskOverflowError as error:
        logger.warning("feed %d: %s", file.feed_id, error)
