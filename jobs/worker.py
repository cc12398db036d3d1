"""Our RQ worker: how it keeps its lease on a job, how it stops, how it bears a Redis outage."""

import logging
import signal
import sys
import threading
from types import FrameType
from typing import Any

from redis import RedisError
from rq import Queue, Worker
from rq.executions import Execution
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer
from rq.utils import current_timestamp
from rq.worker import WorkerStatus

from jobs import metrics
from jobs.allowed import allowed_job_class
from jobs.failure import FINAL, WORKER_DIED, describe
from jobs.patience import Patience, patient_redis
from jobs.sweep import Sweeper
from taskoverflow import jobrecord
from taskoverflow.lifeline import die_with_parent
from taskoverflow.logs import logged
from taskoverflow.settings import Settings

MISSED_HEARTBEATS = 3  # and a worker counts as dead
LONGEST_IDLE_WAIT = 2  # seconds of one blocking pop; then others' jobs are looked after
FINISHING = 60  # seconds that a run which has ended may take to say so

logger = logging.getLogger(__name__)


class TaskWorker(Worker):
    """A forking worker of one queue.

    One queue, because RQ pops two in a way that can lose a job between pop and start.
    """

    def __init__(self, settings: Settings, patience: Patience) -> None:
        self.settings = settings  # before RQ asks for the time-outs
        self.patience = patience
        # A client of its own: RQ changes its time-outs, since redis-py's 5 s end a blocking pop.
        connection = patient_redis(settings.redis_url, patience)
        job_class = allowed_job_class(settings)
        queue = Queue(
            settings.queue, connection=connection, job_class=job_class, serializer=JSONSerializer
        )
        super().__init__(
            [queue],
            connection=connection,
            job_class=job_class,
            serializer=JSONSerializer,
            job_monitoring_interval=settings.heartbeat,
            worker_ttl=2 * MISSED_HEARTBEATS * settings.heartbeat,
        )
        self.log_result_lifespan = False
        self.sweeper = Sweeper(queue, settings.heartbeat)
        self._put_back_id: str | None = None

    @property
    def stopped_on_request(self) -> bool:
        """Whether a signal has asked this worker to stop."""
        return self._shutdown_requested_date is not None

    @property
    def dequeue_timeout(self) -> int:
        """How long one blocking pop waits, in seconds."""
        return min(LONGEST_IDLE_WAIT, self.settings.heartbeat)

    @property
    def should_run_maintenance_tasks(self) -> bool:
        """Asked before each pop; what is due is decided by the sweeper."""
        return True

    def run_maintenance_tasks(self) -> None:
        """Sweep, in place of RQ's clean-up, which takes no lock and starts a scheduler."""
        self.sweeper.sweep()

    def get_heartbeat_ttl(self, job: Job, working_time: float = 0.0) -> int:  # noqa: ARG002
        """How long a run's lease lasts without a heartbeat, in seconds (RQ: over a minute)."""
        return MISSED_HEARTBEATS * self.settings.heartbeat

    def maintain_heartbeats(self, job: Job, execution: Execution) -> None:
        """Say that the running job lives, and sweep: all workers may be busy."""
        try:
            super().maintain_heartbeats(job, execution)
            self.sweeper.sweep()
        except RedisError as error:
            # The job goes on; whether its lease has been lost meanwhile is asked at its end.
            logger.warning("job %s: no heartbeat: %s", job.id, error)

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Run a popped job, unless it was cancelled or has run since it was queued."""
        with logged(job_id=job.id, request_id=job.meta.get(jobrecord.REQUEST_ID)):
            if job.get_status(refresh=False) == JobStatus.QUEUED:
                # Not what it says of itself: that may be no JSON, and fails in the work horse.
                logger.info("job %s: starts", job.id)
                super().execute_job(job, queue)
            else:
                logger.info("job %s: is %s, not run", job.id, job.get_status(refresh=False))
                queue.intermediate_queue.remove(job.id)

    # In the work horse, the child that runs the job

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        """Run the job, and die with the worker: nobody else would end an orphan."""
        die_with_parent(self.pid or 0, signal.SIGKILL)
        super().main_work_horse(job, queue)

    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        """Log the error, and keep for the client what may be said of it."""
        super().handle_exception(job, *exc_info)
        job.meta[jobrecord.ERROR] = describe(exc_info[1])
        if isinstance(exc_info[1], FINAL):
            job.retries_left = 0

    def handle_job_success(
        self, job: Job, queue: Queue, started_job_registry: Any, execution: Execution
    ) -> None:
        """Store the result, unless the job was put back and is another run's by now."""
        if self._renew_lease(job, execution):
            super().handle_job_success(job, queue, started_job_registry, execution)
            logger.info("job %s: done: %s", job.id, job.return_value())
            metrics.record(self.connection, job, "success")

    # In the work horse or in the worker

    def handle_job_failure(
        self,
        job: Job,
        queue: Queue,
        started_job_registry: Any = None,
        exc_string: str = "",
        execution: Execution | None = None,
    ) -> None:
        """Retry or fail the job; put it back if we killed its horse to stop in time."""
        if execution is not None and not self._renew_lease(job, execution):
            return
        if job.id == self._put_back_id and execution is not None:
            self._put_back(job, queue, execution)
            return
        if not self.is_horse and self._stopped_job_id != job.id:
            job.meta[jobrecord.ERROR] = WORKER_DIED
        super().handle_job_failure(job, queue, started_job_registry, exc_string, execution)
        if job.get_status(refresh=False) in (JobStatus.FAILED, JobStatus.STOPPED):
            job.save_meta()
            metrics.record(self.connection, job, "failure")

    def _renew_lease(self, job: Job, execution: Execution) -> bool:
        """Whether this run is still the job's run; if so, it has FINISHING seconds more.

        A worker that was frozen or cut off is taken for dead, and its job runs elsewhere: what
        comes late may not overwrite what the newer run has to say.
        """
        registry, entry = job.started_job_registry.key, execution.composite_key
        lease = {entry: current_timestamp() + FINISHING}
        self.connection.zadd(registry, lease, xx=True)
        if self.connection.zscore(registry, entry) is not None:
            return True
        logger.warning("job %s: this run has lost its lease; its result is dropped", job.id)
        return False

    # Stopping

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """On the first SIGTERM: finish the running job, or put it back when the grace is over."""
        logger.info("worker %s: asked to stop", self.name)
        self.patience.give_up()
        if self.get_state() == WorkerStatus.BUSY:
            timer = threading.Timer(self.settings.grace, self._stop_running_job)
            timer.daemon = True
            timer.start()
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]

    def request_force_stop(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """On the second SIGTERM: put the running job back now."""
        self._stop_running_job()

    def _stop_running_job(self) -> None:
        if self.horse_pid:
            self._put_back_id = self.get_current_job_id()
            self.kill_horse()

    def _put_back(self, job: Job, queue: Queue, execution: Execution) -> None:
        logger.warning("job %s: not finished in time; putting it back", job.id)
        with self.connection.pipeline() as pipeline:
            self.cleanup_execution(job, pipeline=pipeline, execution=execution)
            job.set_status(JobStatus.QUEUED, pipeline=pipeline)
            queue.push_job_id(job.id, pipeline=pipeline, at_front=True)
            pipeline.execute()


def run_worker(settings: Settings) -> int:
    """Work until told to stop. Returns the exit code: 0 after a stop on request, else 1."""
    # RQ takes the signals over once it has said hello to Redis, which may be away for long.
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: sys.exit(0))
    patience = Patience()
    worker = TaskWorker(settings, patience)
    try:
        logger.info("worker %s: waits for jobs of the queue %s", worker.name, settings.queue)
        worker.work(logging_level="WARNING")  # RQ's own lines lack the job's id
    except RedisError as error:
        logger.error("Redis went away while the worker stopped: %s", error)
    return 0 if worker.stopped_on_request else 1
