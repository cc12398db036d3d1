"""How a request becomes a job."""

from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from taskoverflow.jobqueue import JobQueue
from taskoverflow.web.limits.client import client_of


async def submit(request: Request, function: str, options: Mapping[str, Any]) -> str:
    """Queue a job on behalf of the client, or join an equal one that waits; returns its id.

    Raises TooManyJobs or QueueUnavailable.
    """
    queue: JobQueue = request.app.state.queue
    return await run_in_threadpool(
        queue.submit, function, options, request.state.request_id, client_of(request)
    )
