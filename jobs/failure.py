"""Why a job failed, in words for the one who asked for it: a stable code and one sentence."""

from msgspec import ValidationError
from rq.timeouts import JobTimeoutException

from jobs.allowed import ForbiddenFunction
from taskoverflow.errors import BrokenCalendar, TaskOverflowError, TooManyTodos, UploadExpired

# Trying again would end the same way.
FINAL = (
    BrokenCalendar,
    ForbiddenFunction,
    JobTimeoutException,
    TooManyTodos,
    TypeError,
    UploadExpired,
    ValidationError,
)

WORKER_DIED = {"code": "worker_died", "message": "The worker died while it ran the job."}


def describe(error: BaseException | None) -> dict[str, str]:
    """The code and the sentence. What an error of the program itself says stays in the log."""
    if isinstance(error, TaskOverflowError):
        return {"code": error.code, "message": error.message}
    if isinstance(error, JobTimeoutException):
        return {"code": "timeout", "message": "The job took longer than it may."}
    if isinstance(error, ForbiddenFunction):
        return {"code": "forbidden_function", "message": "The job names no function of ours."}
    return {"code": "internal_error", "message": "The job failed; the worker's log says why."}
