"""The errors. Each knows its HTTP status and a stable code; none knows HTTP.

`title` says what kind of error it is, `advice` what to do about it: the pages below /docs/errors.
"""

from typing import ClassVar


class TaskOverflowError(Exception):
    """One sentence for the client; `field` names the input at fault, if one is."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Internal error"
    advice: ClassVar[str] = (
        "This is a fault of the service. Try again, and report it with the X-Request-ID of the "
        "answer: the log has more under that."
    )
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
    title = "Invalid input"
    advice = "Correct what `field` names and send the request again. Nothing was changed."


class MalformedRequest(TaskOverflowError):
    """The request is no HTTP, or is of more than one meaning."""

    status = 400
    code = "malformed_request"
    title = "Malformed request"
    advice = "Send HTTP/1.1 as RFC 9112 has it; what writes requests by hand is at fault."


class UntrustedHost(TaskOverflowError):
    """The request's Host header names somebody else."""

    status = 400
    code = "untrusted_host"
    title = "Unknown host name"
    advice = (
        "Use a name under which the service is reached. Whoever runs it lists names in "
        "TASKOVERFLOW_PUBLIC_URL or TASKOVERFLOW_ALLOWED_HOSTS."
    )


class Unauthorized(TaskOverflowError):
    """The request does not say who asks, or in a way that is not known."""

    status = 401
    code = "unauthorized"
    title = "No valid token"
    advice = (
        "Send `Authorization: Bearer` with a token that is in force, or sign in on the page. "
        "`taskoverflow token new` makes one."
    )


class Forbidden(TaskOverflowError):
    """Who asks may not do that."""

    status = 403
    code = "forbidden"
    title = "Not allowed"
    advice = (
        "Use a token whose scope covers the request: read to look, write to change, admin for the "
        "metrics and the dashboard."
    )


class ForeignPage(TaskOverflowError):
    """A page of somebody else's asks for a change."""

    status = 403
    code = "foreign_page"
    title = "Asked by a foreign page"
    advice = (
        "Ask from a page of the service, or from a program, with a token. A page elsewhere may "
        "ask if its origin is in TASKOVERFLOW_CORS_ORIGINS."
    )


class NotFound(TaskOverflowError):
    """There is no such thing, or not any more."""

    status = 404
    code = "not_found"
    title = "Not found"
    advice = (
        "Look up the id or the address again: it may have been deleted, revoked, or forgotten "
        "after its time."
    )


class BrokenCalendar(TaskOverflowError):
    """A file to import is no calendar, or not a whole one; `line` is where that shows (1, 2, …)."""

    status = 400
    code = "broken_calendar"
    title = "Broken calendar file"
    advice = "Export the file again, or mend the line that is named. Nothing was changed."

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"Line {line} {reason}.")


class UploadExpired(TaskOverflowError):
    """The file to import has waited too long for a worker."""

    status = 404
    code = "upload_expired"
    title = "Upload expired"
    advice = "Send the file again. If that happens often, no worker runs: start one."


class TaskNotFinished(TaskOverflowError):
    """The result was asked for before the job ended."""

    status = 404
    code = "task_not_finished"
    title = "Task not finished"
    advice = "Ask for its status until that is SUCCESS; `Prefer: wait=30` has the answer wait."


class TaskFailed(TaskOverflowError):
    """The job ended without a result."""

    status = 404
    code = "task_failed"
    title = "Task failed"
    advice = "Look at the `error` of its status; `POST /api/v1/jobs/{id}/retry` tries it again."


class MethodNotAllowed(TaskOverflowError):
    """There is such an address, and it does not know the method."""

    status = 405
    code = "method_not_allowed"
    title = "Method not allowed"
    advice = "Use one of the methods that the Allow header of the answer names."


class RequestTimeout(TaskOverflowError):
    """The request did not arrive in time."""

    status = 408
    code = "request_timeout"
    title = "Request too slow"
    advice = "Send the request again, without a pause in it."


class JobEnded(TaskOverflowError):
    """The job cannot be cancelled: it has ended."""

    status = 409
    code = "job_ended"
    title = "Job has ended"
    advice = "There is nothing to cancel: look at how it ended."


class JobNotEnded(TaskOverflowError):
    """The job cannot be retried: it waits, runs, or has succeeded."""

    status = 409
    code = "job_not_ended"
    title = "Job has not ended"
    advice = "Wait until it has failed or is cancelled. One that has succeeded needs no retry."


class TooManyTodos(TaskOverflowError):
    """There are as many todos as there may be."""

    status = 409
    code = "too_many_todos"
    title = "Too many todos"
    advice = "Delete some, or have TASKOVERFLOW_MAX_TODOS raised. Nothing was changed."


class KeyInUse(TaskOverflowError):
    """A request with the same Idempotency-Key has not been answered yet."""

    status = 409
    code = "key_in_use"
    title = "Request under way"
    advice = "Send the same request again after the seconds of Retry-After, and get its answer."
    pause = 1


class KeyReused(TaskOverflowError):
    """An Idempotency-Key came with another request than the first that had it."""

    status = 422
    code = "key_reused"
    title = "Key of another request"
    advice = "Take a new key for each request, such as a UUID, and the same only to repeat it."


class PreconditionFailed(TaskOverflowError):
    """What was to be changed is not in the state that the client knows (RFC 9110, 13.1.1)."""

    status = 412
    code = "precondition_failed"
    title = "Changed meanwhile"
    advice = (
        "Get the todo again, look at what has become of it, and send the change with its new ETag."
    )


class BodyTooLarge(TaskOverflowError):
    """The request body is over the limit."""

    status = 413
    code = "body_too_large"
    title = "Body too large"
    advice = (
        "Send less at a time. What a body may have is TASKOVERFLOW_MAX_BODY bytes, 16 MiB for "
        "many operations, 10 MiB for a file."
    )


class UrlTooLong(TaskOverflowError):
    """The address is over the limit."""

    status = 414
    code = "url_too_long"
    title = "Address too long"
    advice = "Shorten the query. An address may have half of TASKOVERFLOW_MAX_HEADERS bytes."


class UnsupportedMediaType(TaskOverflowError):
    """The request body is of a type that is not read here."""

    status = 415
    code = "unsupported_media_type"
    title = "Unsupported media type"
    advice = "Send the type that `detail` names, and name it in Content-Type."


class HeadersTooLarge(TaskOverflowError):
    """The request's head is over the limit."""

    status = 431
    code = "headers_too_large"
    title = "Headers too large"
    advice = "Send less in headers and cookies: TASKOVERFLOW_MAX_HEADERS bytes in all."


class TooManyRequests(TaskOverflowError):
    """The client has asked more often than it may."""

    status = 429
    code = "too_many_requests"
    title = "Too many requests"
    advice = (
        "Wait as many seconds as Retry-After says, and ask less often; RateLimit says what is left."
    )


class TooManyJobs(TaskOverflowError):
    """The client has as many jobs that have not ended as it may have."""

    status = 429
    code = "too_many_jobs"
    title = "Too many jobs"
    advice = "Wait for one of your jobs to end, or cancel one."
    pause = 10


class TooManyWatchers(TaskOverflowError):
    """As many clients watch jobs as there may be."""

    status = 429
    code = "too_many_watchers"
    title = "Too many watchers"
    advice = "Ask for the status now and then, or try again after the seconds of Retry-After."
    pause = 10


class DatabaseUnavailable(TaskOverflowError):
    """The database cannot be reached, is locked, or is out of room."""

    status = 503
    code = "database_unavailable"
    title = "Database unavailable"
    advice = (
        "Try again after the seconds of Retry-After. What was to be changed may or may not have "
        "been: look before you repeat it, or send an Idempotency-Key."
    )
    pause = 2


class FeedNotReady(TaskOverflowError):
    """A feed's first file was not made in time: there may be no worker."""

    status = 503
    code = "feed_not_ready"
    title = "Calendar not made in time"
    advice = "Try again shortly. If it goes on, no worker runs: start one."
    pause = 10


class QueueUnavailable(TaskOverflowError):
    """Redis cannot be reached, or refuses to write."""

    status = 503
    code = "queue_unavailable"
    title = "Job queue unavailable"
    advice = "Try again after the seconds of Retry-After: Redis is away."
    pause = 2


def every_error() -> dict[str, type[TaskOverflowError]]:
    """Each kind of error by its code."""
    kinds: list[type[TaskOverflowError]] = [TaskOverflowError, *TaskOverflowError.__subclasses__()]
    return {kind.code: kind for kind in kinds}
