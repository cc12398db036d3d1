"""The gateway to RQ. The web submits and asks here, and imports neither rq nor redis itself."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from hashlib import sha256
from typing import Any

from msgspec import Struct
from redis import ConnectionError as RedisConnectionError
from redis import Redis, RedisError, WatchError
from redis.backoff import NoBackoff
from redis.client import Pipeline
from redis.retry import Retry as RedisRetry
from rq import Queue, Retry
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer
from rq.utils import as_text

from taskoverflow.errors import NotFound, QueueUnavailable
from taskoverflow.settings import Settings

REDIS_TIMEOUT = 1.0  # seconds: a web request rather fails than waits for a Redis that is away
RETRY_INTERVALS = [5, 30, 120]  # seconds before the second, third and fourth run
OFFER_TTL = 86400  # seconds


class Status(StrEnum):
    """A job's state, in the words that the practical's clients know."""

    PENDING = "PENDING"
    STARTED = "STARTED"
    RETRY = "RETRY"
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    REVOKED = "REVOKED"


STATUSES = {
    JobStatus.CREATED: Status.PENDING,
    JobStatus.DEFERRED: Status.PENDING,
    JobStatus.QUEUED: Status.PENDING,
    JobStatus.RATE_LIMITED: Status.PENDING,
    JobStatus.READY_TO_ENQUEUE: Status.PENDING,
    JobStatus.SCHEDULED: Status.RETRY,  # only a back-off schedules our jobs
    JobStatus.STARTED: Status.STARTED,
    JobStatus.FINISHED: Status.SUCCESS,
    JobStatus.FAILED: Status.FAILURE,
    JobStatus.STOPPED: Status.REVOKED,
    JobStatus.CANCELED: Status.REVOKED,
}


class JobView(Struct, frozen=True):
    """What the web shows of a job. `result` is what its function returned, once it did."""

    id: str
    function: str
    status: Status
    progress: dict[str, Any] | None
    result: dict[str, Any] | None


class JobQueue:
    """One queue of JSON jobs. Every method raises QueueUnavailable when Redis is away."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.connection = Redis.from_url(
            settings.redis_url,
            socket_timeout=REDIS_TIMEOUT,
            socket_connect_timeout=REDIS_TIMEOUT,
            # Once more, for a pooled connection that died while idle; redis-py would try 10 times,
            # and after a time-out too.
            retry=RedisRetry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
        )
        self.queue = Queue(settings.queue, connection=self.connection, serializer=JSONSerializer)

    def submit(self, function: str, options: Mapping[str, Any]) -> str:
        """Queue a run of `function` with `options`, or join one that waits; returns the job's id.

        A job that is queued and not yet started reads the database after this moment: whoever
        asks the same now may have its answer. So a burst of equal requests costs one run.
        """
        offer = _offer_key(self.settings.queue, function, options)
        with _redis_errors(), self.connection.pipeline() as pipeline:
            while True:
                try:
                    pipeline.watch(offer)
                    offered = pipeline.get(offer)
                    if offered and self._is_queued(as_text(offered)):
                        return as_text(offered)
                    return self._enqueue(function, options, offer, pipeline)
                except WatchError:
                    continue  # somebody else offered a job just now

    def get(self, job_id: str, function: str) -> JobView:
        """A job of the given function. Raises NotFound when there is none, or not any more."""
        with _redis_errors():
            job = self._fetch(job_id)
            if job is None or job.func_name != function:
                raise NotFound("Task not found")
            status = STATUSES[job.get_status(refresh=False)]
            if status is Status.PENDING and job.started_at is not None:
                status = Status.RETRY
            result = job.return_value() if status is Status.SUCCESS else None
            return JobView(job.id, function, status, job.meta.get("progress"), result)

    def close(self) -> None:
        """Close the connections."""
        self.connection.close()

    def _enqueue(
        self, function: str, options: Mapping[str, Any], offer: str, pipeline: Pipeline
    ) -> str:
        settings = self.settings
        pipeline.multi()
        job = self.queue.enqueue_call(
            function,
            kwargs=dict(options),
            timeout=settings.job_timeout + int(settings.ical_delay),
            result_ttl=settings.result_ttl,
            failure_ttl=settings.failure_ttl,
            retry=Retry(max=len(RETRY_INTERVALS), interval=RETRY_INTERVALS),
            # Not RQ's default, which holds all arguments: rq-dashboard shows it unescaped.
            description=function,
            meta={"offer": offer},
            pipeline=pipeline,
        )
        pipeline.set(offer, job.id, ex=OFFER_TTL)
        pipeline.execute()
        return str(job.id)

    def _is_queued(self, job_id: str) -> bool:
        job = self._fetch(job_id)
        return job is not None and job.get_status(refresh=False) == JobStatus.QUEUED

    def _fetch(self, job_id: str) -> Job | None:
        try:
            return Job.fetch(job_id, connection=self.connection, serializer=JSONSerializer)
        except (InvalidJobOperation, NoSuchJobError, ValueError):
            return None  # ValueError: no job has such an id


def _offer_key(queue: str, function: str, options: Mapping[str, Any]) -> str:
    request = json.dumps([function, options], sort_keys=True).encode()
    return f"taskoverflow:offer:{queue}:{sha256(request).hexdigest()}"


@contextmanager
def _redis_errors() -> Iterator[None]:
    try:
        yield
    except WatchError:
        raise
    except RedisError as error:
        raise QueueUnavailable("The job queue is not available; try again shortly.") from error
