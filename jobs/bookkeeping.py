"""RQ's records of a worker and of its jobs, written in as few round trips as they need.

RQ says each thing when it comes to it, and most things twice. What stands in Redis is the same.
"""

import logging
import time
from typing import Any, cast

from redis.client import Pipeline
from rq import Queue, Worker
from rq.exceptions import StopRequested
from rq.executions import Execution
from rq.job import Job
from rq.utils import as_text, now
from rq.worker import WorkerStatus

from jobs import metrics
from jobs.allowed import AllowedJob
from jobs.scripts import SOME_JOB, Popped, Scripts
from jobs.sweep import INTERVAL, Sweeper
from taskoverflow.logs import logged

logger = logging.getLogger(__name__)


class ThriftyWorker(Worker):
    """A worker of one queue that makes two round trips for a job: at its start and at its end.

    One queue, because RQ pops two in a way that can lose a job between pop and start. It is always
    there for more: RQ's burst mode and its idle time are not for it.
    """

    def __init__(self, queue: Queue, sweeper: Sweeper, **options: Any) -> None:
        self.sweeper = sweeper
        self._beat_at = self._chores_at = float("-inf")
        self.scripts = Scripts(queue.connection)
        super().__init__([queue], connection=queue.connection, **options)
        self._some_job = self.job_class(SOME_JOB, self.connection, self.serializer)
        self._some_job.origin = queue.name

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
        wait = cast(int, timeout)
        while (job := self.start_next() or self._start_what_comes(wait)) is None:
            self.check_for_suspension(burst=False)
        return job, self.queues[0]

    def _start_what_comes(self, timeout: int) -> Job | None:
        self.rest()
        queue = self.queues[0]
        popped: Any = self.connection.blmove(queue.key, queue.intermediate_queue_key, timeout)
        return self.start_next(as_text(popped)) if popped else None

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

    def start_next(self, job_id: str = "") -> Job | None:
        """Pop a job, or take the popped one of this id, and say in the same step that it starts.

        RQ has the work horse say the latter, a moment later. None: there is no job, or it was
        cancelled just now, or deleted.
        """
        state = self.get_state()
        with self.connection.pipeline() as pipeline:
            execution = self._write_start(pipeline)
            # From here on a signal that asks for the end lets the job run: it may be popped.
            self.set_state(WorkerStatus.BUSY, pipeline)
            popped = self.scripts.start(self.queues[0], job_id, pipeline)
        if popped is not None and popped.started:
            return self._started(popped, execution)
        self._state = state
        if popped is not None:
            with logged(job_id=popped.job_id):
                logger.info("job %s: is not queued any more, and not run", popped.job_id)
        return None

    def _write_start(self, pipeline: Pipeline) -> Execution:
        job = self._some_job
        execution = Execution.create(job, self.get_heartbeat_ttl(job), pipeline, self.name)
        job.prepare_for_execution(self.name, pipeline)
        pipeline.persist(job.key)
        return execution

    def _started(self, popped: Popped, execution: Execution) -> Job:
        job = cast(AllowedJob, self.job_class(popped.job_id, self.connection, self.serializer))
        job.restore(popped.record)
        execution.job_id, execution._job = job.id, job
        job.note_start(execution)
        self.executions[execution.id] = execution
        return job

    def prepare_job_execution(self, job: Job, remove_from_intermediate_queue: bool = False) -> None:
        """Nothing: start_next has done it."""

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
                cast(AllowedJob, job).write_success(ttl, execution, pipeline)
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
