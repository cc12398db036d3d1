"""Puts back the jobs that a dead worker left behind. Any worker sweeps; none has to."""

import logging
import time
from typing import cast

from redis import WatchError
from redis.client import Pipeline
from rq.job import Job, JobStatus
from rq.job_lifecycle import record_job_failure
from rq.queue import Queue
from rq.registry import CanceledJobRegistry, ScheduledJobRegistry
from rq.utils import as_text, current_timestamp, parse_composite_key

from jobs.failure import WORKER_DIED
from taskoverflow import jobrecord
from taskoverflow.logs import logged

INTERVAL = 1.0  # seconds between two sweeps of all workers together
HOUSEKEEPING_INTERVAL = 60.0  # seconds between two clean-ups of what has expired
BATCH = 1000  # jobs looked at in one go

logger = logging.getLogger(__name__)


class Sweeper:
    """Sweeps one queue. `heartbeat` is the time between two signs of life of a worker, seconds."""

    def __init__(self, queue: Queue, heartbeat: int) -> None:
        self.queue = queue
        self.connection = queue.connection
        self.heartbeat = heartbeat
        self.scheduled = ScheduledJobRegistry(queue=queue)
        self._swept_at = time.monotonic()
        self._quiet_until = float("-inf")
        self._cleaned_at = float("-inf")

    def sweep(self) -> None:
        """Do what is due, unless this or another worker did so a moment ago."""
        now = time.monotonic()
        away, self._swept_at = now - self._swept_at, now
        if away > 2 * self.heartbeat:
            # Redis was away for so long that leases of the living may have run out too: they
            # have to be given time to renew them.
            self._quiet_until = now + 2 * self.heartbeat
        lock = jobrecord.sweep_lock_key(self.queue.name)
        if not self.connection.set(lock, 1, nx=True, px=int(INTERVAL * 900)):
            return
        self._enqueue_due_retries()
        if now >= self._quiet_until:
            self._put_back_abandoned()
            self._put_back_unstarted()
        if now - self._cleaned_at >= HOUSEKEEPING_INTERVAL:
            self._cleaned_at = now
            self._clean_up()

    def _enqueue_due_retries(self) -> None:
        """Retries whose pause is over. RQ's scheduler would need a process of its own, whose lock
        outlives a kill -9 by a minute."""
        for job_id in self.scheduled.get_jobs_to_schedule(chunk_size=BATCH):
            with self.connection.pipeline() as pipeline:
                try:
                    pipeline.watch(Job.key_for(job_id))
                    job = self._fetch(job_id)
                    pipeline.multi()
                    self.scheduled.remove(job_id, pipeline=pipeline)
                    if job and job.get_status(refresh=False) == JobStatus.SCHEDULED:
                        self.queue._enqueue_job(job, pipeline=pipeline)
                    pipeline.execute()
                except WatchError:
                    continue  # cancelled just now; the next sweep sees how

    def _put_back_abandoned(self) -> None:
        """Jobs whose run has had no heartbeat for its time to live: their worker is dead."""
        registry = self.queue.started_job_registry.key
        now = current_timestamp()
        expired = self.connection.zrangebyscore(registry, 0, now, start=0, num=BATCH)
        for entry in expired:
            self._end_run(registry, as_text(cast(bytes, entry)), now)

    def _end_run(self, registry: str, entry: str, now: int) -> None:
        """Take a run's lease away, and put its job back, in one transaction.

        A run that is not dead after all renews its lease, and one of the two fails.
        """
        with self.connection.pipeline() as pipeline:
            try:
                pipeline.watch(registry)
                score = pipeline.zscore(registry, entry)
                if score is None or score > now:
                    return
                job = self._fetch(parse_composite_key(entry)[0])
                pipeline.multi()
                pipeline.zrem(registry, entry)
                if job and job.get_status(refresh=False) == JobStatus.STARTED:
                    with logged(job_id=job.id, request_id=job.meta.get(jobrecord.REQUEST_ID)):
                        self._after_death(job, pipeline)
                pipeline.execute()
            except WatchError:
                return  # a heartbeat came, of this run or another; the next sweep looks again

    def _after_death(self, job: Job, pipeline: Pipeline) -> None:
        job.meta[jobrecord.ERROR] = WORKER_DIED
        if self.connection.hexists(job.key, jobrecord.CANCEL_REQUESTED):
            logger.warning("job %s: its worker %s is gone, as it should", job.id, job.worker_name)
            job._handle_failure("", pipeline)
            job.set_status(JobStatus.STOPPED, pipeline=pipeline)
        elif job.retries_left:
            logger.warning("job %s: its worker %s is gone; again", job.id, job.worker_name)
            job.retry_intervals = None  # no pause: the job did nothing wrong
            job.retry(self.queue, pipeline)
        else:
            logger.error("job %s: its worker %s is gone; too often", job.id, job.worker_name)
            record_job_failure(job, WORKER_DIED["message"], pipeline)
            job.save(pipeline=pipeline)

    def _put_back_unstarted(self) -> None:
        """Jobs that a worker popped and never started: it died between the two."""
        intermediate = self.queue.intermediate_queue
        popped = set(intermediate.get_job_ids())
        if popped:
            popped -= set(self.queue.started_job_registry.get_job_ids(cleanup=False))
        since = jobrecord.popped_key(self.queue.name)
        seen = {as_text(cast(bytes, job_id)) for job_id in self.connection.zrange(since, 0, -1)}
        now = time.time()
        if seen - popped:
            self.connection.zrem(since, *(seen - popped))
        if popped - seen:
            self.connection.zadd(since, dict.fromkeys(popped - seen, now), nx=True)
        for job_id in self.connection.zrangebyscore(since, 0, now - 2 * self.heartbeat):
            self._put_back(as_text(cast(bytes, job_id)))

    def _put_back(self, job_id: str) -> None:
        with logged(job_id=job_id):
            logger.warning("job %s: popped and never started; putting it back", job_id)
        with self.connection.pipeline() as pipeline:
            pipeline.lrem(self.queue.intermediate_queue.key, 1, job_id)
            pipeline.zrem(jobrecord.popped_key(self.queue.name), job_id)
            if self._fetch(job_id):
                self.queue.push_job_id(job_id, pipeline=pipeline, at_front=True)
            pipeline.execute()

    def _clean_up(self) -> None:
        """Forget what has expired: entries of registries and of the index whose job is gone."""
        self.queue.finished_job_registry.cleanup()
        self.queue.failed_job_registry.cleanup()
        cancelled = CanceledJobRegistry(queue=self.queue).key
        self.connection.zremrangebyscore(cancelled, 0, current_timestamp())
        self._forget_the_gone(jobrecord.index_key(self.queue.name))

    def _forget_the_gone(self, index: str) -> None:
        entries = self.connection.zrange(index, 0, BATCH)
        oldest = [as_text(cast(bytes, job_id)) for job_id in entries]
        with self.connection.pipeline(transaction=False) as pipeline:
            for job_id in oldest:
                pipeline.exists(Job.key_for(job_id))
            found = pipeline.execute()
        gone = [job_id for job_id, there in zip(oldest, found, strict=True) if not there]
        if gone:
            self.connection.zrem(index, *gone)

    def _fetch(self, job_id: str) -> Job | None:
        found = self.queue.job_class.fetch_many(
            [job_id], connection=self.connection, serializer=self.queue.serializer
        )
        return found[0]
