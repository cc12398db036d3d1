"""Liveness: the process answers, whatever has become of the database and Redis."""

from starlette.requests import Request
from starlette.responses import Response

from taskoverflow.web.responses import JSONResponse


async def show(request: Request) -> Response:  # noqa: ARG001
    """GET /health."""
    return JSONResponse({"status": "ok"})
