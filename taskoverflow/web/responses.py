"""What goes out: JSON, and the one error renderer."""

import logging
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import UNSET, Struct, UnsetType
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from taskoverflow.errors import MalformedRequest, MethodNotAllowed, NotFound, TaskOverflowError

PROBLEM = "application/problem+json"
ERROR_PAGES = "/docs/errors"  # a page for each code

# What Starlette's router raises.
PLAIN: dict[int, type[TaskOverflowError]] = {
    400: MalformedRequest,
    404: NotFound,
    405: MethodNotAllowed,
}

# The rest of the body is still to come, and uvicorn would read it to its end.
UNREAD = (408, 413)

logger = logging.getLogger(__name__)


class JSONResponse(Response):
    """JSON of plain values and msgspec structs; a time is ISO 8601 without an offset."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Encode the content."""
        return msgspec.json.encode(content)


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Problem details (RFC 9457). `type` is a page that says what to do; `error`, the sentence of
    `detail` again, is what the practical's clients read; `code` is stable; `field` is the input at
    fault, if one is."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    error: str
    code: str
    field: str | UnsetType = UNSET


def problem(error: TaskOverflowError, instance: str) -> Problem:
    """What is said of an error; `instance` names the request that it came of."""
    return Problem(
        type=f"{ERROR_PAGES}/{error.code}",
        title=error.title,
        status=error.status,
        detail=error.message,
        instance=instance,
        error=error.message,
        code=error.code,
        field=error.field or UNSET,
    )


def translate(error: HTTPException) -> TaskOverflowError:
    """What Starlette's router raises, as an error of ours."""
    return PLAIN.get(error.status_code, TaskOverflowError)(error.detail)


def render_error(request: Request, error: Exception) -> Response:
    """Any error as problem details."""
    headers = {}
    if isinstance(error, HTTPException):
        headers = dict(error.headers or {})
        error = translate(error)
    elif not isinstance(error, TaskOverflowError):
        logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
        error = TaskOverflowError("Internal server error")
    body = problem(error, _instance(request))
    return JSONResponse(body, error.status, headers | _headers(error), PROBLEM)


def _instance(request: Request) -> str:
    request_id = getattr(request.state, "request_id", "")
    return f"{quote(request.scope['path'])}#{request_id}"


def _headers(error: TaskOverflowError) -> dict[str, str]:
    headers = {}
    if error.retry_after:
        headers["Retry-After"] = str(error.retry_after)
    if error.status == 401:  # RFC 9110, section 15.5.2
        headers["WWW-Authenticate"] = 'Bearer realm="TaskOverflow"'
    if error.status in UNREAD:
        headers["Connection"] = "close"
    return headers
