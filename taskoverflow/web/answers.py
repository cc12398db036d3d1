"""What the API answers with, beside what the store and the queue hand out as it is."""

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType, field

from taskoverflow.jobqueue import JobView, Status
from taskoverflow.store.feeds import Feed
from taskoverflow.store.todos import Todo


class Nothing(Struct, frozen=True):
    """There was nothing to delete."""


class Health(Struct, frozen=True):
    """The process answers."""

    status: Literal["ok"]


class Readiness(Struct, frozen=True):
    """Whether what the service depends on answers; of what does not, a sentence."""

    status: Literal["ok", "unavailable"]
    checks: dict[str, str]


class Submitted(Struct, frozen=True):
    """A job is queued, and `task_url` says how it is."""

    task_id: str
    task_url: str


class TaskStatus(Struct, frozen=True, kw_only=True):
    """The practical's view of a job; `summary` is what it has returned."""

    task_id: str
    task_status: Status
    result_url: str
    progress: dict[str, Any] | None
    error: dict[str, str] | None
    summary: dict[str, Any] | None


class JobLinks(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a job's own pages are: the result of a calendar's, the report of an import's."""

    own: str = field(name="self")
    events: str
    result: str | None = None
    report: str | None = None


class ShownJob(JobView, frozen=True, kw_only=True):
    """A job, and where more of it is."""

    links: JobLinks


class JobList(Struct, frozen=True):
    """Some jobs, newest first; `next` is the cursor of the next page (null: there is none)."""

    jobs: list[ShownJob]
    next: str | None


class Calendars(Struct, frozen=True):
    """All subscriptions."""

    calendars: list[Feed]


class AddressedFeed(Feed, frozen=True, kw_only=True):
    """A subscription with its address, which is its secret and shown this once."""

    url: str
    webcal_url: str


class BulkResult(Struct, frozen=True, kw_only=True):
    """What came of an operation: the todo as it is then (a deleted one as it was last), or, if
    there is none, the error."""

    status: Literal[200, 201, 404]
    todo: Todo | UnsetType = UNSET
    error: str | UnsetType = UNSET
    code: str | UnsetType = UNSET


class BulkResults(Struct, frozen=True):
    """What came of each operation, in their order."""

    results: list[BulkResult]
