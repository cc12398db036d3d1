"""A stored calendar as an HTTP response: ETag and 304, and its gzip passed through as it is."""

import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from peewee import Database
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from taskoverflow.store import calendars
from taskoverflow.store.calendars import Calendar
from taskoverflow.store.calls import call_store
from taskoverflow.web.byte_range import ByteRange, requested_range, sliced
from taskoverflow.web.conditional import matches
from taskoverflow.web.openapi.headers import (
    ACCEPT_ENCODING,
    IF_MODIFIED_SINCE,
    IF_NONE_MATCH,
    IF_RANGE,
    RANGE,
)
from taskoverflow.web.openapi.operation import Answer

GZIP = zlib.MAX_WBITS | 16

FILE_REQUEST = (IF_NONE_MATCH, IF_MODIFIED_SINCE, RANGE, IF_RANGE, ACCEPT_ENCODING)
_KNOWN = ("ETag", "Last-Modified", "Vary", "Cache-Control", "Accept-Ranges")
_FILE = (*_KNOWN, "Content-Disposition", "Content-Encoding")
FILE_ANSWERS = {
    200: Answer(description="The calendar", media_type="text/calendar", headers=_FILE),
    206: Answer(
        description="The part of it that was asked for",
        media_type="text/calendar",
        headers=(*_FILE, "Content-Range"),
    ),
    304: Answer(description="The client has it", headers=_KNOWN),
    416: Answer(description="The part is behind its end", headers=("Content-Range",)),
}


def calendar_response(
    request: Request, calendar: Calendar, disposition: str = "attachment"
) -> Response:
    """The file, or 304 when the client has it."""
    compressed = accepts_gzip(request.headers.get("accept-encoding", ""))
    # A strong ETag names bytes, so each encoding has its own (RFC 9110, section 8.8.3.3).
    etag = f'"{calendar.etag}{"-gzip" if compressed else ""}"'
    headers = {
        "ETag": etag,
        "Last-Modified": format_datetime(calendar.created_at.replace(tzinfo=UTC), usegmt=True),
        "Vary": "Accept-Encoding",
        "Cache-Control": "private, no-cache",
        "Accept-Ranges": "bytes",
    }
    if _is_known(request, etag, calendar.created_at):
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = f'{disposition}; filename="todos.ics"'
    if compressed:
        headers["Content-Encoding"] = "gzip"
    stored = _stored_chunks(request.app.state.database, calendar)
    body = stored if compressed else _decompressed(stored)
    size = calendar.gzip_size if compressed else calendar.size
    return _answer(body, size, requested_range(request, etag, size), headers)


def _answer(
    body: AsyncIterator[bytes], size: int, part: ByteRange | None, headers: dict[str, str]
) -> Response:
    """200 with the whole, 206 with a part, or 416."""
    if part is None:
        headers["Content-Length"] = str(size)
        return StreamingResponse(body, media_type="text/calendar", headers=headers)
    if part.start >= size:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
    headers["Content-Length"] = str(part.end - part.start)
    headers["Content-Range"] = f"bytes {part.start}-{part.end - 1}/{size}"
    return StreamingResponse(
        sliced(body, part), status_code=206, media_type="text/calendar", headers=headers
    )


def _is_known(request: Request, etag: str, modified: datetime) -> bool:
    """Whether the client has it: If-None-Match decides if it is there (RFC 9110, 13.2.2)."""
    if "if-none-match" in request.headers:
        return matches(request.headers["if-none-match"], etag)
    try:
        since = parsedate_to_datetime(request.headers.get("if-modified-since", ""))
    except ValueError:
        return False
    return since.tzinfo is not None and modified.replace(microsecond=0, tzinfo=UTC) <= since


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether an Accept-Encoding header wants gzip (RFC 9110, section 12.5.3)."""
    weights: dict[str, str] = {}
    for item in accept_encoding.lower().split(","):
        coding, _, weight = item.partition(";")
        weights[coding.strip()] = weight.replace(" ", "") or "q=1"
    weight = weights.get("gzip", weights.get("*", "q=0"))
    return weight.strip("q=0.") != ""


async def _stored_chunks(database: Database, calendar: Calendar) -> AsyncIterator[bytes]:
    # A calendar that is purged in mid-stream ends short of its Content-Length, and the client
    # sees a broken transfer, not a shorter calendar.
    position, left = 0, calendar.gzip_size
    while left > 0 and (data := await call_store(database, calendars.chunk, calendar.id, position)):
        yield data
        position, left = position + 1, left - len(data)


async def _decompressed(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    decompressor = zlib.decompressobj(GZIP)
    async for chunk in chunks:
        yield await run_in_threadpool(decompressor.decompress, chunk)
    yield decompressor.flush()
