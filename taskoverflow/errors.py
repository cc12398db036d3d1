"""The domain's errors. Each knows its HTTP status and a stable code; none knows HTTP."""

from typing import ClassVar


class TaskOverflowError(Exception):
    """One sentence for the client; `field` names the input at fault, if one is."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    pause: ClassVar[int | None] = None  # seconds after which it is worth while to ask again

    def __init__(
        self, message: str, *, field: str | None = None, retry_after: int | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.retry_after = retry_after or self.pause


class InvalidInput(TaskOverflowError):
    """The request holds something that it may not."""

    status = 400
    code = "invalid_input"


class UntrustedHost(TaskOverflowError):
    """The request's Host header names somebody else."""

    status = 400
    code = "untrusted_host"


class Unauthorized(TaskOverflowError):
    """The request does not say who asks, or in a way that is not known."""

    status = 401
    code = "unauthorized"


class Forbidden(TaskOverflowError):
    """Who asks may not do that."""

    status = 403
    code = "forbidden"


class ForeignPage(TaskOverflowError):
    """A page of somebody else's asks for a change."""

    status = 403
    code = "foreign_page"


class NotFound(TaskOverflowError):
    """There is no such thing, or not any more."""

    status = 404
    code = "not_found"


class BrokenCalendar(TaskOverflowError):
    """A file to import is no calendar, or not a whole one; `line` is where that shows (1, 2, …)."""

    status = 400
    code = "broken_calendar"

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"Line {line} {reason}.")


class UploadExpired(TaskOverflowError):
    """The file to import has waited too long for a worker."""

    status = 404
    code = "upload_expired"


class TaskNotFinished(TaskOverflowError):
    """The result was asked for before the job ended."""

    status = 404
    code = "task_not_finished"


class TaskFailed(TaskOverflowError):
    """The job ended without a result."""

    status = 404
    code = "task_failed"


class RequestTimeout(TaskOverflowError):
    """The request did not arrive in time."""

    status = 408
    code = "request_timeout"


class JobEnded(TaskOverflowError):
    """The job cannot be cancelled: it has ended."""

    status = 409
    code = "job_ended"


class JobNotEnded(TaskOverflowError):
    """The job cannot be retried: it waits, runs, or has succeeded."""

    status = 409
    code = "job_not_ended"


class TooManyTodos(TaskOverflowError):
    """There are as many todos as there may be."""

    status = 409
    code = "too_many_todos"


class PreconditionFailed(TaskOverflowError):
    """What was to be changed is not in the state that the client knows (RFC 9110, 13.1.1)."""

    status = 412
    code = "precondition_failed"


class BodyTooLarge(TaskOverflowError):
    """The request body is over the limit."""

    status = 413
    code = "body_too_large"


class UnsupportedMediaType(TaskOverflowError):
    """The request body is of a type that is not read here."""

    status = 415
    code = "unsupported_media_type"


class TooManyRequests(TaskOverflowError):
    """The client has asked more often than it may."""

    status = 429
    code = "too_many_requests"


class TooManyJobs(TaskOverflowError):
    """The client has as many jobs that have not ended as it may have."""

    status = 429
    code = "too_many_jobs"
    pause = 10


class TooManyWatchers(TaskOverflowError):
    """As many clients watch jobs as there may be."""

    status = 429
    code = "too_many_watchers"
    pause = 10


class DatabaseUnavailable(TaskOverflowError):
    """The database cannot be reached, is locked, or is out of room."""

    status = 503
    code = "database_unavailable"
    pause = 2


class FeedNotReady(TaskOverflowError):
    """A feed's first file was not made in time: there may be no worker."""

    status = 503
    code = "feed_not_ready"
    pause = 10


class QueueUnavailable(TaskOverflowError):
    """Redis cannot be reached, or refuses to write."""

    status = 503
    code = "queue_unavailable"
    pause = 2
