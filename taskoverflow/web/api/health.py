"""Does the process answer, and does what it depends on?"""

from collections.abc import Awaitable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from taskoverflow.errors import TaskOverflowError
from taskoverflow.store.calls import call_store
from taskoverflow.store.database import ping
from taskoverflow.web.answers import Health, Readiness
from taskoverflow.web.openapi.operation import Answer, Operation, describes
from taskoverflow.web.responses import JSONResponse


@describes(
    Operation(
        summary="Ask whether the process answers",
        answers={200: Answer(description="It does", schema=Health)},
    )
)
async def show(request: Request) -> Response:  # noqa: ARG001
    """GET /health and /livez: the process answers, whatever has become of what it depends on."""
    return JSONResponse(Health("ok"))


@describes(
    Operation(
        summary="Ask whether all that it depends on answers",
        answers={
            200: Answer(description="It does", schema=Readiness),
            503: Answer(
                description="Something is away", schema=Readiness, headers=("Retry-After",)
            ),
        },
    )
)
async def ready(request: Request) -> Response:
    """GET /readyz: 503, and which one it is, when the database or Redis is away."""
    state = request.app.state
    found = {
        "database": await _check(call_store(state.database, ping)),
        "redis": await _check(run_in_threadpool(state.queue.ping)),
    }
    if set(found.values()) == {"ok"}:
        return JSONResponse(Readiness("ok", found))
    return JSONResponse(Readiness("unavailable", found), 503, {"Retry-After": "2"})


async def _check(answer: Awaitable[None]) -> str:
    try:
        await answer
    except TaskOverflowError as error:
        return error.message
    return "ok"
