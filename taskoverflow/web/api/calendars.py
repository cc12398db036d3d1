"""Subscriptions: make one, list them, give one a new address, revoke it."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from taskoverflow.errors import (
    DatabaseUnavailable,
    FeedNotReady,
    NotFound,
    QueueUnavailable,
    TooManyJobs,
    TooManyWatchers,
)
from taskoverflow.jobqueue import REFRESH_FEED
from taskoverflow.store import feeds
from taskoverflow.store.calls import call_store
from taskoverflow.store.feeds import Feed
from taskoverflow.web import submission
from taskoverflow.web.answers import AddressedFeed, Calendars, Nothing
from taskoverflow.web.api.ical import todo_pages
from taskoverflow.web.openapi.operation import Answer, Operation, describes, json_body
from taskoverflow.web.responses import JSONResponse
from taskoverflow.web.schemas.body import check_fields, read_body
from taskoverflow.web.schemas.calendars import NewFeed, job_options, read_feed_id

FIRST_FILE = 25  # seconds that the first file may take before the request is given up


@describes(
    Operation(
        summary="List the subscriptions",
        answers={200: Answer(description="All of them, newest first", schema=Calendars)},
        errors=(DatabaseUnavailable,),
    )
)
async def index(request: Request) -> Response:
    """GET /calendars."""
    found = await call_store(request.app.state.database, feeds.find)
    return JSONResponse(Calendars(found))


@describes(
    Operation(
        summary="Subscribe to the todos",
        description="Answers when the first file is there, which may take up to 25 seconds.",
        body=json_body(NewFeed, {"name": "Phone", "component": "VEVENT", "alarm": "15m"}),
        answers={
            201: Answer(description="Its address, shown this once", schema=AddressedFeed),
        },
        errors=(DatabaseUnavailable, QueueUnavailable, FeedNotReady, TooManyJobs, TooManyWatchers),
    )
)
async def create(request: Request) -> Response:
    """POST /calendars: 201 with the address, shown this once, when its first file is there."""
    asked = await read_body(request, NewFeed)
    return JSONResponse(await subscribe(request, asked), status_code=201)


async def subscribe(request: Request, asked: NewFeed) -> AddressedFeed:
    """A new feed with its address, when its first file is there.

    Raises InvalidInput, QueueUnavailable or FeedNotReady, and then there is no feed.
    """
    check_fields(asked)
    options = {**job_options(asked), "url": todo_pages(request)}
    database = request.app.state.database
    feed, token = await call_store(database, feeds.create, asked.name, options)
    try:
        await _build(request, feed)
        feed = await call_store(database, feeds.get, feed.id)
        if feed.built_at is None:
            raise FeedNotReady("No worker has made the calendar in time; try again shortly.")
    except BaseException:  # whatever it is, a hang-up too: nobody has learnt the address
        await call_store(database, feeds.delete, feed.id)
        raise
    return _with_address(request, feed, token)


@describes(
    Operation(
        summary="Look at a subscription",
        answers={200: Answer(description="The subscription", schema=Feed)},
        errors=(NotFound, DatabaseUnavailable),
    )
)
async def show(request: Request) -> Response:
    """GET /calendars/{id}."""
    feed_id = read_feed_id(request)
    return JSONResponse(await call_store(request.app.state.database, feeds.get, feed_id))


@describes(
    Operation(
        summary="Give a subscription a new address",
        description="The old address is none from now on.",
        answers={
            200: Answer(description="Its new address, shown this once", schema=AddressedFeed),
        },
        errors=(NotFound, DatabaseUnavailable),
    )
)
async def rotate(request: Request) -> Response:
    """POST /calendars/{id}/rotate: the new address, shown this once."""
    return JSONResponse(await rotated(request, read_feed_id(request)))


async def rotated(request: Request, feed_id: int) -> AddressedFeed:
    """The feed with a new address. Raises NotFound."""
    feed, token = await call_store(request.app.state.database, feeds.rotate, feed_id)
    return _with_address(request, feed, token)


@describes(
    Operation(
        summary="Revoke a subscription",
        answers={
            200: Answer(description="What was revoked, or {}", schema=(Feed, Nothing)),
        },
        errors=(DatabaseUnavailable,),
    )
)
async def delete(request: Request) -> Response:
    """DELETE /calendars/{id}: as with todos, what is not there is a success."""
    try:
        feed_id = read_feed_id(request)
    except NotFound:
        return JSONResponse(Nothing())
    deleted = await call_store(request.app.state.database, feeds.delete, feed_id)
    return JSONResponse(deleted or Nothing())


async def _build(request: Request, feed: Feed) -> None:
    job_id = await submission.submit(request, REFRESH_FEED, {"feed": feed.id})
    await request.app.state.job_watch.wait(job_id, FIRST_FILE)


def _with_address(request: Request, feed: Feed, token: str) -> AddressedFeed:
    url = request.url_for("feed", token=token)
    return AddressedFeed(
        **msgspec.structs.asdict(feed),
        url=str(url),
        webcal_url=str(url.replace(scheme="webcal")),
    )
