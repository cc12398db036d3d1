"""Requests about jobs."""

from typing import Annotated

from msgspec import Meta, Struct

from taskoverflow.jobqueue import Status

DEFAULT_JOBS, MAX_JOBS = 50, 200  # on a page


class JobQuery(Struct, frozen=True):
    """The query of GET /jobs."""

    status: Status | None = None
    limit: Annotated[int, Meta(ge=1, le=MAX_JOBS)] = DEFAULT_JOBS
    cursor: Annotated[str, Meta(max_length=200)] | None = None
