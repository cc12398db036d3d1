"""One range of a representation's bytes (RFC 9110, section 14)."""

import re
from collections.abc import AsyncIterator

from msgspec import Struct
from starlette.requests import Request

RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.ASCII)


class ByteRange(Struct, frozen=True):
    """The bytes from `start` on, `end` not among them."""

    start: int
    end: int


def requested_range(request: Request, etag: str, size: int) -> ByteRange | None:
    """The range that is asked for; None when the whole is to be sent.

    The whole is a right answer to any range (14.2): to several of them, to what cannot be read,
    and to one of a file that has changed since (If-Range, 13.1.5). A range behind the end comes
    back as it is, with `start` not below `size`: 416.
    """
    match = RANGE.fullmatch(request.headers.get("range", ""))
    if not match or match[0] == "bytes=-" or request.headers.get("if-range", etag) != etag:
        return None
    first, last = match.groups()
    if not first:
        return ByteRange(max(0, size - int(last)), size) if int(last) else ByteRange(size, size)
    start, end = int(first), min(int(last) + 1, size) if last else size
    return None if last and int(last) < start else ByteRange(start, end)


async def sliced(chunks: AsyncIterator[bytes], wanted: ByteRange) -> AsyncIterator[bytes]:
    """The bytes of the range, from those of the whole; reads no further than it has to."""
    position = 0
    async for chunk in chunks:
        piece = chunk[max(0, wanted.start - position) : max(0, wanted.end - position)]
        position += len(chunk)
        if piece:
            yield piece
        if position >= wanted.end:
            return
