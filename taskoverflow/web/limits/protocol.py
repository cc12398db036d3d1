"""uvicorn's HTTP protocol, with an end to heads that are too long or too slow.

uvicorn 0.54 with httptools bounds neither: a client that begins a header and never ends it would
fill the memory, and one that says nothing would keep its connection for ever.
"""

import asyncio
from http import HTTPStatus
from typing import Any, ClassVar
from uuid import uuid4

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from taskoverflow.errors import (
    HeadersTooLarge,
    MalformedRequest,
    RequestTimeout,
    TaskOverflowError,
    UrlTooLong,
)
from taskoverflow.web.responses import PROBLEM, problem

HEAD = (
    "HTTP/1.1 {status} {reason}\r\ncontent-type: {media_type}\r\n"
    "x-request-id: {request_id}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
)


class LimitedProtocol(HttpToolsProtocol):
    """One connection. A limit of 0 is none; `limited_protocol` makes a class with others."""

    most_bytes: ClassVar[int] = 0
    most_seconds: ClassVar[float] = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._bytes = 0  # of a head that has not ended, at least
        self._refused = False
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first head."""
        super().connection_made(transport)
        self._start_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes in. Those of a head that has not ended are counted as they come."""
        if self._refused:
            return
        self._bytes += len(data)
        super().data_received(data)
        if self.most_bytes and self._bytes > self.most_bytes:
            self._refuse(HeadersTooLarge("The headers are too large."))

    def on_message_begin(self) -> None:
        """A head begins; between two requests it is uvicorn that waits."""
        super().on_message_begin()
        if self._deadline is None:
            self._start_waiting()

    def on_headers_complete(self) -> None:
        """The head has ended."""
        self._stop_waiting()
        if self.most_bytes and len(self.url) > self.most_bytes // 2:
            self._refuse(UrlTooLong("The address is too long."))
        elif self.most_bytes and self._head_size() > self.most_bytes:
            self._refuse(HeadersTooLarge("The headers are too large."))
        if not self._refused:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """What has come is of a body: that has limits of its own."""
        self._bytes = 0
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The next head is counted anew."""
        self._bytes = 0
        if not self._refused:
            super().on_message_complete()

    def _head_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _start_waiting(self) -> None:
        if self.most_seconds:
            self._deadline = self.loop.call_later(self.most_seconds, self._too_slow)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        self._deadline = None
        if self._bytes:
            self._refuse(RequestTimeout("The head took too long to arrive."))
        else:  # it has asked for nothing
            self.transport.close()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002
        """In place of uvicorn's, which is plain text."""
        self._refuse(MalformedRequest("The request is not HTTP as it should be."))

    def _refuse(self, error: TaskOverflowError) -> None:
        """Answer and hang up; what else is under way on this connection is cut off."""
        if self._refused or self.transport.is_closing():
            return
        self._refused = True
        self._stop_waiting()
        request_id = uuid4().hex
        body = msgspec.json.encode(problem(error, f"#{request_id}"))
        head = HEAD.format(
            status=error.status,
            reason=HTTPStatus(error.status).phrase,
            media_type=PROBLEM,
            request_id=request_id,
            length=len(body),
        )
        self.transport.write(head.encode() + body)
        self.transport.close()


def limited_protocol(most_bytes: int, most_seconds: float) -> type[LimitedProtocol]:
    """The protocol with these limits for the head of a request: its bytes, and seconds for it."""
    limits = {"most_bytes": most_bytes, "most_seconds": most_seconds}
    return type("LimitedProtocol", (LimitedProtocol,), limits)
