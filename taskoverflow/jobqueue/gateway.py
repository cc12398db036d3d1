"""Submit, look up, list, cancel and retry jobs."""

import json
import random
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, cast

from redis import ConnectionError as RedisConnectionError
from redis import Redis, RedisError, WatchError
from redis import TimeoutError as RedisTimeoutError
from redis.backoff import NoBackoff
from redis.client import Pipeline
from redis.retry import Retry as RedisRetry
from rq import Queue, Retry
from rq.command import send_stop_job_command
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.job import Job, JobStatus
from rq.registry import CanceledJobRegistry
from rq.serializers import JSONSerializer
from rq.utils import as_text, current_timestamp

from taskoverflow import jobrecord
from taskoverflow.errors import InvalidInput, JobEnded, JobNotEnded, NotFound, QueueUnavailable
from taskoverflow.jobqueue import quota
from taskoverflow.jobqueue.kinds import KIND_OF
from taskoverflow.jobqueue.stats import QueueStats, read_hosts, read_stats
from taskoverflow.jobqueue.view import ENDED, STATUSES, JobPage, JobView, Status, load_views
from taskoverflow.settings import Settings

REDIS_TIMEOUT = 1.0  # seconds: a web request rather fails than waits for a Redis that is away
FAIL_FAST = 1.0  # seconds
UNAVAILABLE = "The job queue is not available; try again shortly."
RETRIES = 3
BACKOFF_FACTOR = 6  # each pause is so many times the one before: 5, 30 and 180 s
JITTER = 0.2  # of a pause: jobs that failed together do not come back together
OFFER_TTL = 86400  # seconds
LOOKED_AT = 2000  # jobs at most that one page of a filtered list looks at

MISSED = 3  # heartbeats, and a worker counts as dead

CURSOR = re.compile(r"([0-9]{1,16})\.([A-Za-z0-9_-]{1,100})", re.ASCII)


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
        self.index = jobrecord.index_key(settings.queue)
        self._failed_at = float("-inf")

    @property
    def name(self) -> str:
        """The name of the queue."""
        return self.settings.queue

    def submit(
        self,
        function: str,
        options: Mapping[str, Any],
        request_id: str | None = None,
        client: str | None = None,
    ) -> str:
        """Queue a run of `function` with `options`, or join one that waits; returns the job's id.

        A job that is queued and not yet started reads the database after this moment: whoever
        asks the same now may have its answer. So a burst of equal requests costs one run.

        A `client` has so many jobs at once that have not ended; without one, it is ours. Raises
        TooManyJobs.
        """
        offer = _offer_key(self.settings.queue, function, options)
        meta = {jobrecord.OFFER: offer, jobrecord.REQUEST_ID: request_id}
        with self._redis_errors(), self.connection.pipeline() as pipeline:
            while True:
                try:
                    pipeline.watch(offer)
                    offered = pipeline.get(offer)
                    if offered and self._is_queued(as_text(offered)):
                        return as_text(offered)
                    self._check_quota(client)
                    return self._enqueue(function, options, meta, pipeline, client)
                except WatchError:
                    continue  # somebody else offered a job just now

    def get(self, job_id: str, function: str | None = None) -> JobView:
        """A job, of the given function if one is given. Raises NotFound."""
        (view,) = self.get_many([job_id])
        if view is None or (function and view.kind != KIND_OF[function]):
            raise NotFound("Task not found" if function else "Job not found")
        return view

    def get_many(self, job_ids: list[str]) -> list[JobView | None]:
        """The jobs of these ids; None for each that is not there, or not any more."""
        with self._redis_errors():
            return load_views(self.connection, self.name, job_ids)

    def find(self, status: Status | None, limit: int, cursor: str | None) -> JobPage:
        """The newest jobs, of one status if one is given, from the cursor on.

        A page of a filtered list looks at LOOKED_AT jobs at most: it may be short, or empty,
        and still have a next one. Raises InvalidInput for what is no cursor.
        """
        position = _parse_cursor(cursor) if cursor else None
        found: list[JobView] = []
        with self._redis_errors():
            for _ in range(LOOKED_AT // limit + 1):
                entries = self._index_page(position, limit)
                views = load_views(self.connection, self.name, [job_id for _, job_id in entries])
                for entry, view in zip(entries, views, strict=True):
                    position = entry
                    if view and status in (None, view.status):
                        found.append(view)
                        if len(found) == limit:
                            return JobPage(found, _cursor(entry))
                if len(entries) < limit:
                    return JobPage(found, None)
        return JobPage(found, _cursor(position) if position else None)

    def cancel(self, job_id: str) -> JobView:
        """Cancel a waiting job, or tell the worker of a running one to stop it.

        The latter shows as REVOKED once the worker has done so. Raises NotFound or JobEnded.
        """
        with self._redis_errors(), self.connection.pipeline() as pipeline:
            while True:
                try:
                    job = self._watched(job_id, pipeline)
                    if job.get_status(refresh=False) == JobStatus.STARTED:
                        self._stop(job)
                    elif STATUSES[job.get_status(refresh=False)] in ENDED:
                        raise JobEnded("The job has ended.")
                    else:
                        self._cancel_waiting(job, pipeline)
                    return self.get(job_id)
                except WatchError:
                    continue  # it started, or ended, just now

    def retry(self, job_id: str) -> JobView:
        """Queue a failed or revoked job again, under its id. Raises NotFound or JobNotEnded."""
        with self._redis_errors(), self.connection.pipeline() as pipeline:
            while True:
                try:
                    job = self._watched(job_id, pipeline)
                    if STATUSES[job.get_status(refresh=False)] not in ENDED - {Status.SUCCESS}:
                        raise JobNotEnded("Only a failed or revoked job can be retried.")
                    self._requeue(job, pipeline)
                    return self.get(job_id)
                except WatchError:
                    continue

    def stats(self) -> QueueStats:
        """The queue in numbers."""
        with self._redis_errors():
            return read_stats(self.queue, self.connection, MISSED * self.settings.heartbeat)

    def hosts_of_workers(self) -> set[str]:
        """The names of the hosts, or containers, on which a worker is alive."""
        with self._redis_errors():
            return read_hosts(self.queue, self.connection, MISSED * self.settings.heartbeat)

    def take_turn(self, task: str, seconds: float) -> bool:
        """Whether the caller may do a task of which the web processes do one in so many seconds."""
        key = jobrecord.turn_key(self.name, task)
        with self._redis_errors():
            return bool(self.connection.set(key, 1, nx=True, px=int(seconds * 1000)))

    def ping(self) -> None:
        """Return when Redis answers."""
        with self._redis_errors():
            self.connection.ping()

    def close(self) -> None:
        """Close the connections."""
        self.connection.close()

    @contextmanager
    def _redis_errors(self) -> Iterator[None]:
        """Redis's errors as QueueUnavailable; at once while Redis was away a moment ago.

        Else a Redis that hangs would hold each of a process's threads for a second, and the calls
        that need no Redis would wait for them.
        """
        if time.monotonic() - self._failed_at < FAIL_FAST:
            raise QueueUnavailable(UNAVAILABLE)
        try:
            yield
        except WatchError:
            raise
        except RedisError as error:
            if isinstance(error, (RedisConnectionError, RedisTimeoutError)):
                self._failed_at = time.monotonic()
            raise QueueUnavailable(UNAVAILABLE) from error

    def _check_quota(self, client: str | None) -> None:
        if client and self.settings.max_jobs:
            quota.check(self.connection, self.settings.queue, client, self.settings.max_jobs)

    def _enqueue(
        self,
        function: str,
        options: Mapping[str, Any],
        meta: dict[str, Any],
        pipeline: Pipeline,
        client: str | None,
    ) -> str:
        settings = self.settings
        pipeline.multi()
        job = self.queue.enqueue_call(
            function,
            kwargs=dict(options),
            timeout=settings.job_timeout + int(settings.ical_delay),
            result_ttl=settings.result_ttl,
            failure_ttl=settings.failure_ttl,
            retry=_retry_policy(settings.retry_backoff),
            # Not RQ's default, which holds all arguments: rq-dashboard shows it unescaped.
            description=function,
            meta=meta,
            pipeline=pipeline,
        )
        pipeline.set(meta[jobrecord.OFFER], job.id, ex=OFFER_TTL)
        pipeline.zadd(self.index, {job.id: int(job.created_at.timestamp() * 1_000_000)})
        if client and settings.max_jobs:
            quota.note(pipeline, settings.queue, client, job.id)
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

    def _watched(self, job_id: str, pipeline: Pipeline) -> Job:
        pipeline.watch(Job.key_for(job_id))
        job = self._fetch(job_id)
        if job is None:
            raise NotFound("Job not found")
        return job

    def _stop(self, job: Job) -> None:
        # The message is for the worker; the field is for whoever finds that worker dead.
        self.connection.hset(job.key, jobrecord.CANCEL_REQUESTED, 1)
        send_stop_job_command(self.connection, job.id, serializer=JSONSerializer)

    def _cancel_waiting(self, job: Job, pipeline: Pipeline) -> None:
        pipeline.multi()
        job.cancel(pipeline=pipeline)
        # RQ keeps a cancelled job for ever.
        ends = {job.id: current_timestamp() + self.settings.failure_ttl}
        pipeline.zadd(CanceledJobRegistry(queue=self.queue).key, ends)
        pipeline.expire(job.key, self.settings.failure_ttl)
        pipeline.execute()

    def _requeue(self, job: Job, pipeline: Pipeline) -> None:
        pipeline.multi()
        job.failed_job_registry.remove(job, pipeline=pipeline)
        CanceledJobRegistry(queue=self.queue).remove(job, pipeline=pipeline)
        job.retries_left = RETRIES
        job.started_at = job.ended_at = None
        job.meta = {**job.meta, jobrecord.ERROR: None, jobrecord.PROGRESS: None}
        pipeline.hdel(job.key, jobrecord.CANCEL_REQUESTED)
        pipeline.persist(job.key)
        self.queue._enqueue_job(job, pipeline=pipeline)
        pipeline.execute()

    def _index_page(self, position: tuple[int, str] | None, limit: int) -> list[tuple[int, str]]:
        """The next entries of the index behind a position, as (microseconds, job id)."""
        latest = position[0] if position else "+inf"
        # Entries of the same microsecond come again; a page of them is more than there will be.
        found = self.connection.zrevrangebyscore(
            self.index, latest, "-inf", start=0, num=2 * limit, withscores=True
        )
        entries = [(int(score), as_text(job_id)) for job_id, score in cast(list[Any], found)]
        return [entry for entry in entries if position is None or entry < position][:limit]


def _retry_policy(backoff: int) -> Retry:
    pauses = [backoff * BACKOFF_FACTOR**attempt for attempt in range(RETRIES)]
    # Jitter need not be secret.
    jittered = [round(pause * random.uniform(1 - JITTER, 1 + JITTER)) for pause in pauses]  # noqa: S311
    return Retry(max=RETRIES, interval=[max(1, pause) for pause in jittered])


def _offer_key(queue: str, function: str, options: Mapping[str, Any]) -> str:
    request = json.dumps([function, options], sort_keys=True).encode()
    return jobrecord.offer_key(queue, sha256(request).hexdigest())


def _cursor(entry: tuple[int, str]) -> str:
    return f"{entry[0]}.{entry[1]}"


def _parse_cursor(cursor: str) -> tuple[int, str]:
    match = CURSOR.fullmatch(cursor)
    if not match:
        raise InvalidInput("cursor: must be the `next` of another page.", field="cursor")
    return int(match[1]), match[2]
