"""RQ's records of a worker and of its jobs, written in as few round trips as they need.

RQ says each thing when it comes to it, and most things twice. What stands in Redis is the same.
"""

import logging
import time
from typing import Any, cast

from redis.client import Pipeline
from rq import Queue, Worker
from rq.exceptions import NoSuchJobError, StopRequested
from rq.executions import Execution
from rq.job import Job, JobStatus
from rq.utils import as_text, now
from rq.worker import WorkerStatus

from jobs import metrics
from jobs.scripts import Scripts
from jobs.sweep import INTERVAL, Sweeper

logger = logging.getLogger(__name__)


class ThriftyWorker(Worker):
    """A worker of one queue that makes three round trips for a job: pop, start, end.

    One queue, because RQ pops two in a way that can lose a job between pop and start. It is always
    there for more: RQ's burst mode and its idle time are not for it.
    """

    def __init__(self, queue: Queue, sweeper: Sweeper, **options: Any) -> None:
        self.sweeper = sweeper
        self._beat_at = self._chores_at = float("-inf")
        self.scripts = Scripts(queue.connection)
        super().__init__([queue], connection=queue.connection, **options)

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Say that the worker lives; on its own only when that was not said a moment ago."""
        if pipeline is None:
            if time.monotonic() - self._beat_at < self.job_monitoring_interval / 2:
                return
            with self.connection.pipeline() as own:
                self.heartbeat(timeout, own)
                own.execute()
        else:
            super().heartbeat(timeout, pipeline)
            self._beat_at = time.monotonic()

    @property
    def should_run_maintenance_tasks(self) -> bool:
        """Never: see check_for_suspension."""
        return False

    def check_for_suspension(self, burst: bool) -> None:
        """Once a second, ask whether `rq suspend` was called, and sweep.

        Sweeping takes the place of RQ's clean-up, which takes no lock and starts a scheduler.
        """
        if time.monotonic() - self._chores_at >= INTERVAL:
            self._chores_at = time.monotonic()
            super().check_for_suspension(burst)
            self.sweeper.sweep()

    def dequeue_job_and_maintain_ttl(
        self,
        timeout: int | None,
        max_idle_time: int | None = None,  # noqa: ARG002
    ) -> tuple[Job, Queue]:
        """The next job: at once if one waits, else as soon as one comes.

        The worker says that it is idle when there is nothing to do, and not between two jobs.
        """
        queue = self.queues[0]
        while True:
            popped = self.scripts.pop(queue.key, queue.intermediate_queue_key, Job.key_for(""))
            popped = popped or self._wait_for_job(queue, cast(int, timeout))
            if popped is None:
                self.check_for_suspension(burst=False)
            elif (job := self._restore(*popped)) is not None:
                return job, queue

    def _wait_for_job(self, queue: Queue, timeout: int) -> tuple[bytes, dict[bytes, bytes]] | None:
        self.rest()
        popped: Any = self.connection.blmove(queue.key, queue.intermediate_queue_key, timeout)
        if popped is None:
            return None
        record: Any = self.connection.hgetall(Job.key_for(as_text(popped)))
        return popped, record

    def rest(self) -> None:
        """Say that there is nothing to do. Raises StopRequested when there will never be."""
        if self._stop_requested:
            raise StopRequested
        if self.get_state() == WorkerStatus.IDLE:
            self.heartbeat()
            return
        with self.connection.pipeline() as pipeline:
            self.set_state(WorkerStatus.IDLE, pipeline)
            self.heartbeat(pipeline=pipeline)
            pipeline.execute()

    def _restore(self, job_id: bytes, record: dict[bytes, bytes]) -> Job | None:
        job = self.job_class(as_text(job_id), self.connection, self.serializer)
        try:
            job.restore(record)
        except NoSuchJobError:  # deleted, or expired
            self.queues[0].intermediate_queue.remove(job.id)
            return None
        return job

    def start_execution(self, job: Job) -> Execution | None:
        """Say in one step that this worker is busy and that the job has started.

        RQ has the work horse say the latter, a moment later. None: the job was cancelled just now.
        """
        with self.connection.pipeline() as pipeline:
            execution = Execution.create(job, self.get_heartbeat_ttl(job), pipeline, self.name)
            job.prepare_for_execution(self.name, pipeline)
            pipeline.persist(job.key)
            pipeline.lrem(self.queues[0].intermediate_queue_key, 1, job.id)
            self.set_state(WorkerStatus.BUSY, pipeline)
            self.executions[execution.id] = execution
            if self.scripts.run_if(("HGET", job.key, "status"), JobStatus.QUEUED, pipeline) is None:
                del self.executions[execution.id]
                return None
        return execution

    def prepare_job_execution(self, job: Job, remove_from_intermediate_queue: bool = False) -> None:
        """Nothing: start_execution has done it."""

    def handle_execution_ended(self, job: Job, queue: Queue, heartbeat_ttl: int) -> None:  # noqa: ARG002
        """Note the time; it is written with all the rest."""
        job.ended_at = job.last_heartbeat = now()

    def handle_job_success(
        self, job: Job, queue: Queue, started_job_registry: Any, execution: Execution
    ) -> None:
        """Store the result and count it, in one step, if this run still has its lease.

        A worker that was frozen or cut off is taken for dead, and its job runs elsewhere: what
        comes late may not overwrite what the newer run has to say.
        """
        if job.repeats_left or not (job.started_at and job.ended_at):  # never so with ours
            super().handle_job_success(job, queue, started_job_registry, execution)
            return
        ttl = job.get_result_ttl(self.default_result_ttl)
        lease = ("ZSCORE", started_job_registry.key, execution.composite_key)
        with self.connection.pipeline() as pipeline:
            pipeline.exists(job.dependents_key)
            self.increment_successful_job_count(pipeline)
            self.increment_total_working_time(job.ended_at - job.started_at, pipeline)
            if ttl != 0:
                job._handle_success(
                    ttl,
                    pipeline,
                    worker_name=self.name,
                    execution_id=execution.id,
                    execution_started_at=execution.created_at,
                    execution_ended_at=job.ended_at,
                )
            job.cleanup(ttl, pipeline=pipeline, remove_from_queue=False)
            self.cleanup_execution(job, pipeline, execution)
            metrics.record(pipeline, job, "success")
            replies = self.scripts.run_if(lease, "", pipeline)
        if replies is None:
            logger.warning("job %s: this run has lost its lease; its result is dropped", job.id)
            return
        logger.info("job %s: done: %s", job.id, job._result)
        if replies[0]:  # dependents, which ours never have
            self._enqueue_dependents_safely(queue, job)
        self._release_slot_safely(job)
