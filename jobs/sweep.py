"""Puts back the jobs that a dead worker left behind. Any worker sweeps; none has to."""

import logging
import time
from typing import cast

from rq.exceptions import NoSuchJobError
from rq.job import Job, JobStatus
from rq.queue import Queue
from rq.utils import as_text, current_timestamp, parse_composite_key

INTERVAL = 1.0  # seconds between two sweeps of all workers together
# A popped job is on its way to a work horse for some milliseconds; longer, and its worker is dead.
START_GRACE = 10.0  # seconds

logger = logging.getLogger(__name__)


class Sweeper:
    """Sweeps one queue; remembers what it has seen popped and not yet started."""

    def __init__(self, queue: Queue) -> None:
        self.queue = queue
        self._swept_at = float("-inf")
        self._popped_since: dict[str, float] = {}

    def sweep(self) -> None:
        """Put back what was abandoned, unless this or another worker did so a moment ago."""
        if time.monotonic() - self._swept_at < INTERVAL:
            return
        self._swept_at = time.monotonic()
        # RQ's own clean-up has no lock, and two at once would put a job back twice.
        lock = f"taskoverflow:sweep:{self.queue.name}"
        if self.queue.connection.set(lock, 1, nx=True, px=int(INTERVAL * 900)):
            self._put_back_abandoned()
            self._put_back_unstarted()

    def _put_back_abandoned(self) -> None:
        """Jobs whose execution has had no heartbeat for its time to live: their worker is dead."""
        registry = self.queue.started_job_registry
        now = current_timestamp()
        expired = self._executions(0, now)
        if not expired:
            return
        running = {parse_composite_key(entry)[0] for entry in self._executions(now, "+inf")}
        for entry in expired:
            job = self._fetch(parse_composite_key(entry)[0])
            if job is None or job.id in running or job.get_status(False) != JobStatus.STARTED:
                self.queue.connection.zrem(registry.key, entry)
            elif job.retries_left:
                self._retry_now(job, entry)
        # What is left has been tried often enough: RQ marks it failed.
        registry.cleanup()

    def _executions(self, earliest: float, latest: float | str) -> list[str]:
        """The executions, as "job id:execution id", whose time to live ends between the two."""
        key = self.queue.started_job_registry.key
        found = self.queue.connection.zrangebyscore(key, earliest, latest)
        return [as_text(cast(bytes, entry)) for entry in found]

    def _retry_now(self, job: Job, entry: str) -> None:
        logger.warning("job %s: its worker %s is gone; putting it back", job.id, job.worker_name)
        job.retry_intervals = None  # no back-off: the job did nothing wrong
        with self.queue.connection.pipeline() as pipeline:
            pipeline.zrem(self.queue.started_job_registry.key, entry)
            job.retry(self.queue, pipeline)
            pipeline.execute()

    def _put_back_unstarted(self) -> None:
        """Jobs that a worker popped and never started: it died between the two."""
        intermediate = self.queue.intermediate_queue
        popped = set(intermediate.get_job_ids())
        if popped:
            popped -= set(self.queue.started_job_registry.get_job_ids(cleanup=False))
        now = time.monotonic()
        self._popped_since = {job_id: self._popped_since.get(job_id, now) for job_id in popped}
        for job_id, since in self._popped_since.items():
            if now - since >= START_GRACE:
                logger.warning("job %s: popped and never started; putting it back", job_id)
                with self.queue.connection.pipeline() as pipeline:
                    pipeline.lrem(intermediate.key, 1, job_id)
                    self.queue.push_job_id(job_id, pipeline=pipeline, at_front=True)
                    pipeline.execute()

    def _fetch(self, job_id: str) -> Job | None:
        try:
            return self.queue.job_class.fetch(
                job_id, connection=self.queue.connection, serializer=self.queue.serializer
            )
        except NoSuchJobError:
            return None
