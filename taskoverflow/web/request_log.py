"""Each request has an id, and one line in the log when it is over."""

import logging
import re
import time
from secrets import token_hex
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from taskoverflow.logs import logged
from taskoverflow.web.metrics import observe

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
PROBE = "/livez"  # every few seconds, by each container's health check
CLIENT_LEFT = 499  # nginx's number; there is no standard one for what nobody receives

logger = logging.getLogger(__name__)


class RequestLog:
    """ASGI middleware, to be the outermost: it must see the answer to an uncaught error, too."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, give its id to the handlers, the log and the client, and log it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        # Quoted anew: what `%63alendars` is must not depend on spelling.
        path, query = quote(scope["path"]), scope["query_string"].decode("latin-1")
        url = f"{path}?{query}" if query else path
        with logged(request_id=request_id, url=url, method=scope["method"]):
            await self._serve(scope, receive, _Answer(request_id, send), path)

    async def _serve(self, scope: Scope, receive: Receive, answer: "_Answer", path: str) -> None:
        start = time.perf_counter()
        try:
            await self.app(scope, receive, answer.send)
        except Exception:
            # Starlette raises again what render_error has logged and answered; the server would
            # log it once more.
            if answer.status is None:
                raise
        finally:
            seconds = time.perf_counter() - start
            level = logging.DEBUG if path == PROBE and answer.status == 200 else logging.INFO
            line = (scope["method"], path, answer, 1000 * seconds)
            logger.log(level, "%s %s → %s in %.0f ms", *line)
            route = scope["state"].get("route", "none of the table")
            observe(scope["method"], route, answer.status or CLIENT_LEFT, seconds)


class _Answer:
    """The answer, watched as it passes on its way to the client."""

    def __init__(self, request_id: str, send: Send) -> None:
        self.request_id = request_id
        self.status: int | None = None
        self.complete = False
        self._send = send

    async def send(self, message: Message) -> None:
        """Pass a part of the answer on at once."""
        if message["type"] == "http.response.start":
            message["headers"].append((b"x-request-id", self.request_id.encode()))
        await self._send(message)
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["type"] == "http.response.body":
            self.complete = not message.get("more_body", False)

    def __str__(self) -> str:
        if self.status is None:
            return "no answer"
        return f"{self.status}" if self.complete else f"{self.status}, broken off,"


def answer_nobody(request: Request, error: Exception) -> Response:  # noqa: ARG001
    """The client hung up on us in the middle of its request: that is no error of ours."""
    return Response(status_code=CLIENT_LEFT)


def _request_id(scope: Scope) -> str:
    """The client's X-Request-ID if it is a harmless one, else a new one."""
    given = Headers(scope=scope).get("x-request-id", "")
    return given if REQUEST_ID.fullmatch(given) else token_hex(16)
