"""What goes out: JSON, and the one error renderer."""

import logging
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from taskoverflow.errors import TaskOverflowError

logger = logging.getLogger(__name__)


class JSONResponse(Response):
    """JSON of plain values and msgspec structs; a time is ISO 8601 without an offset."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Encode the content."""
        return msgspec.json.encode(content)


def render_error(request: Request, error: Exception) -> Response:
    """Any error as JSON: `error` is one sentence, `code` is stable, `field` the input at fault."""
    if isinstance(error, TaskOverflowError):
        return _problem(error.status, error.message, error.code, error.field, _headers(error))
    if isinstance(error, HTTPException):
        code = error.detail.lower().replace(" ", "_")
        return _problem(error.status_code, error.detail, code, None, dict(error.headers or {}))
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _problem(500, "Internal server error", "internal_error", None, None)


def _headers(error: TaskOverflowError) -> dict[str, str]:
    headers = {}
    if error.retry_after:
        headers["Retry-After"] = str(error.retry_after)
    if error.status == 401:  # RFC 9110, section 15.5.2
        headers["WWW-Authenticate"] = 'Bearer realm="TaskOverflow"'
    return headers


def _problem(
    status: int, message: str, code: str, field: str | None, headers: dict[str, str] | None
) -> Response:
    body = {"error": message, "code": code} | ({"field": field} if field else {})
    return JSONResponse(body, status, headers)
