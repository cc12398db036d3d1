"""Does the process answer, and does what it depends on?"""

from collections.abc import Callable
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from taskoverflow.errors import TaskOverflowError
from taskoverflow.store.database import ping
from taskoverflow.web.responses import JSONResponse


async def show(request: Request) -> Response:  # noqa: ARG001
    """GET /health and /livez: the process answers, whatever has become of what it depends on."""
    return JSONResponse({"status": "ok"})


async def ready(request: Request) -> Response:
    """GET /readyz: 503, and which one it is, when the database or Redis is away."""
    state = request.app.state
    found = {
        "database": await _check(partial(ping, state.database)),
        "redis": await _check(state.queue.ping),
    }
    if set(found.values()) == {"ok"}:
        return JSONResponse({"status": "ok", "checks": found})
    return JSONResponse({"status": "unavailable", "checks": found}, 503, {"Retry-After": "2"})


async def _check(ask: Callable[[], None]) -> str:
    try:
        await run_in_threadpool(ask)
    except TaskOverflowError as error:
        return error.message
    return "ok"
