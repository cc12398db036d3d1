"""What the web shows of a job: RQ's record of it, in words that clients know."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from msgspec import Struct
from redis import Redis
from rq.job import Job, JobStatus
from rq.results import Result
from rq.serializers import JSONSerializer

from taskoverflow import jobrecord
from taskoverflow.jobqueue.kinds import KIND_OF

UNKNOWN_ERROR = {"code": "internal_error", "message": "The job failed; the worker's log says why."}


class Status(StrEnum):
    """A job's state, in the words that the practical's clients know."""

    PENDING = "PENDING"
    STARTED = "STARTED"
    RETRY = "RETRY"
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    REVOKED = "REVOKED"


ENDED = frozenset({Status.SUCCESS, Status.FAILURE, Status.REVOKED})

STATUSES = {
    JobStatus.CREATED: Status.PENDING,
    JobStatus.DEFERRED: Status.PENDING,
    JobStatus.QUEUED: Status.PENDING,
    JobStatus.RATE_LIMITED: Status.PENDING,
    JobStatus.READY_TO_ENQUEUE: Status.PENDING,
    JobStatus.SCHEDULED: Status.RETRY,  # only a pause before a retry schedules our jobs
    JobStatus.STARTED: Status.STARTED,
    JobStatus.FINISHED: Status.SUCCESS,
    JobStatus.FAILED: Status.FAILURE,
    JobStatus.STOPPED: Status.REVOKED,
    JobStatus.CANCELED: Status.REVOKED,
}


class JobView(Struct, frozen=True, kw_only=True):
    """A job as the API shows it. Times are UTC without an offset, durations are in seconds.

    `position` counts the jobs before it in the queue; `result` is what its function returned.
    """

    id: str
    kind: str
    status: Status
    progress: dict[str, Any] | None
    position: int | None
    attempts: int
    created_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    duration: float | None
    worker: str | None
    expires_at: datetime | None
    error: dict[str, str] | None
    result: dict[str, Any] | None
    request_id: str | None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it unasked."""
        return self.status in ENDED


class JobPage(Struct, frozen=True):
    """Some jobs, newest first, and where the next page starts (None: there is none)."""

    jobs: list[JobView]
    next: str | None


def load_views(connection: Redis, queue: str, job_ids: list[str]) -> list[JobView | None]:
    """The jobs of these ids, all of one queue; None for each that is not there.

    One round trip for any number.
    """
    with connection.pipeline(transaction=False) as pipeline:
        for job_id in job_ids:
            pipeline.hgetall(Job.key_for(job_id))
            pipeline.lpos(f"rq:queue:{queue}", job_id)
            pipeline.ttl(Job.key_for(job_id))
            pipeline.xrevrange(Result.get_key(job_id), count=1)
        answers: Iterator[Any] = iter(pipeline.execute())
    found = zip(job_ids, answers, answers, answers, answers, strict=True)
    return [_view(connection, *one) if one[1].get(b"status") else None for one in found]


def _view(
    connection: Redis,
    job_id: str,
    record: Mapping[bytes, bytes],
    position: int | None,
    ttl: int,
    results: list[tuple[bytes, dict[bytes, bytes]]],
) -> JobView:
    job = Job(job_id, connection=connection, serializer=JSONSerializer)
    job.restore(record)
    status = STATUSES[job.get_status(refresh=False)]
    attempts = int(record.get(jobrecord.ATTEMPTS.encode(), 0))
    if status is Status.PENDING and attempts:
        status = Status.RETRY
    ended_at = _naive(job.ended_at) if status in ENDED else None
    error = job.meta.get(jobrecord.ERROR)
    if status is Status.FAILURE:
        error = error or UNKNOWN_ERROR
    return JobView(
        id=job.id,
        kind=KIND_OF.get(job.func_name or "", "unknown"),
        status=status,
        progress=_progress(job.meta.get(jobrecord.PROGRESS)),
        position=position if status in (Status.PENDING, Status.RETRY) else None,
        attempts=attempts,
        created_at=_naive(job.created_at),
        started_at=_naive(job.started_at),
        ended_at=ended_at,
        duration=_duration(_naive(job.started_at), ended_at, status),
        worker=job.worker_name or None,
        expires_at=_now() + timedelta(seconds=ttl) if status in ENDED and ttl > 0 else None,
        error=error if status in (Status.FAILURE, Status.RETRY) else None,
        result=_returned(job, results) if status is Status.SUCCESS else None,
        request_id=job.meta.get(jobrecord.REQUEST_ID),
    )


def _progress(report: dict[str, Any] | None) -> dict[str, Any] | None:
    if report is None:
        return None
    share = report["done"] / report["total"] if report["total"] else 1.0
    return {**report, "percent": round(100 * min(share, 1.0))}


def _duration(
    started_at: datetime | None, ended_at: datetime | None, status: Status
) -> float | None:
    if started_at is None or (ended_at is None and status is not Status.STARTED):
        return None
    return round(((ended_at or _now()) - started_at).total_seconds(), 3)


def _returned(job: Job, results: list[tuple[bytes, dict[bytes, bytes]]]) -> dict[str, Any] | None:
    if not results:
        return None
    result_id, payload = results[0]
    result = Result.restore(job.id, result_id.decode(), payload, job.connection, JSONSerializer)
    value = result.return_value
    return value if isinstance(value, dict) else None


def _naive(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC).replace(tzinfo=None) if moment else None


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
