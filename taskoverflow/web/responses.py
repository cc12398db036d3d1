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
        retry_after = error.retry_after
        return _problem(
            error.status,
            error.message,
            error.code,
            error.field,
            {"Retry-After": str(retry_after)} if retry_after else None,
        )
    if isinstance(error, HTTPException):
        code = error.detail.lower().replace(" ", "_")
        return _problem(error.status_code, error.detail, code, None, dict(error.headers or {}))
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _problem(500, "Internal server error", "internal_error", None, None)


def _problem(
    status: int, message: str, code: str, field: str | None, headers: dict[str, str] | None
) -> Response:
    body = {"error": message, "code": code} | ({"field": field} if field else {})
    return JSONResponse(body, status, headers)
