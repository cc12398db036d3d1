"""Our RQ worker: how it keeps its lease on a job, how it stops, how it bears a Redis outage."""

import logging
import random
import signal
import sys
import threading
import time
from types import FrameType
from typing import Any, NamedTuple, cast

from redis import RedisError
from rq import Queue
from rq.exceptions import InvalidJobOperation
from rq.executions import Execution
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer
from rq.utils import current_timestamp, now
from rq.worker import WorkerStatus

from jobs import metrics
from jobs.allowed import AllowedJob, AllowedQueue, allowed_job_class
from jobs.bookkeeping import ThriftyWorker
from jobs.failure import FINAL, WORKER_DIED, describe
from jobs.patience import Patience, patient_redis
from jobs.sweep import Sweeper
from jobs.workhorse import Outcome, Workhorse
from taskoverflow import jobrecord
from taskoverflow.errors import TaskOverflowError
from taskoverflow.logs import logged
from taskoverflow.settings import Settings

MISSED_HEARTBEATS = 3  # and a worker counts as dead
LONGEST_IDLE_WAIT = 2  # seconds of one blocking pop; then others' jobs are looked after
FINISHING = 60  # seconds that a run which has ended may take to say so

logger = logging.getLogger(__name__)


class Run(NamedTuple):
    """One run of a job, as the work horse is handed it: nothing of it has to be asked of Redis."""

    job_id: str
    record: dict[bytes, bytes]
    execution_id: str


class TaskWorker(ThriftyWorker):
    """A worker that watches over a work horse (jobs.workhorse), which runs the jobs."""

    def __init__(self, settings: Settings, patience: Patience) -> None:
        self.settings = settings  # before RQ asks for the time-outs
        self.patience = patience
        # A client of its own: RQ changes its time-outs, since redis-py's 5 s end a blocking pop.
        connection = patient_redis(settings.redis_url, patience)
        job_class = allowed_job_class(settings)
        queue = AllowedQueue(
            settings.queue, connection=connection, job_class=job_class, serializer=JSONSerializer
        )
        super().__init__(
            queue,
            Sweeper(queue, settings.heartbeat),
            job_class=job_class,
            serializer=JSONSerializer,
            job_monitoring_interval=settings.heartbeat,
            worker_ttl=2 * MISSED_HEARTBEATS * settings.heartbeat,
        )
        self.log_result_lifespan = False
        self.horse = Workhorse(self._perform, settings.recycle_jobs, settings.recycle_memory)
        # A run that is asked to end must not end by itself meanwhile: the next one would be hit.
        # Re-entrant, since a signal's handler may ask.
        self._ending = threading.RLock()
        self._put_back_id: str | None = None
        self._cut_short = False

    @property
    def stopped_on_request(self) -> bool:
        """Whether a signal has asked this worker to stop."""
        return self._shutdown_requested_date is not None

    @property
    def dequeue_timeout(self) -> int:
        """How long one blocking pop waits, in seconds."""
        return min(LONGEST_IDLE_WAIT, self.settings.heartbeat)

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

    def start_next(self, job_id: str = "") -> Job | None:
        """Start a job once a work horse is ready: to stop a run kills it, and ends its job."""
        self.horse.make_ready()  # a fork, if the last one is used up or has died
        with self._ending:
            self._stopped_job_id = None  # of a run that ended before it could be stopped
            job = super().start_next(job_id)
            if self._cut_short:  # by a signal that came when this run was not known here yet
                self._stop_running_job()
            return job

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Run a job that has been started."""
        execution = cast(Execution, self.execution)
        with logged(job_id=job.id, request_id=job.meta.get(jobrecord.REQUEST_ID)):
            self.horse.start(Run(job.id, cast(AllowedJob, job).record, execution.id))
            # Not what it says of itself: that may be no JSON, and fails in the work horse.
            logger.info("job %s: starts", job.id)
            self.monitor_work_horse(job, queue, execution)

    def monitor_work_horse(self, job: Job, queue: Queue, execution: Execution) -> None:
        """Keep the lease until the run has ended; if its work horse died, say what follows."""
        timeout = job.timeout or self.settings.job_timeout  # negative: none
        latest_end = time.monotonic() + timeout + FINISHING if timeout > 0 else float("inf")
        while (outcome := self.horse.wait(self.job_monitoring_interval)) is Outcome.RUNNING:
            if time.monotonic() > latest_end:  # it hangs where no signal reaches it
                self.horse.kill()
            else:
                self.maintain_heartbeats(job, execution)
        with self._ending:
            self.executions.pop(execution.id, None)
        if outcome is Outcome.DIED:
            self._after_death(job, queue, execution)

    def _after_death(self, job: Job, queue: Queue, execution: Execution) -> None:
        logger.warning("job %s: its work horse died (%s)", job.id, self.horse.exit_status)
        try:
            status = job.get_status()
        except InvalidJobOperation:
            return  # it had ended, and is deleted
        if status not in (JobStatus.FINISHED, JobStatus.FAILED):
            job.ended_at = now()
            self.handle_job_failure(job, queue, execution=execution)

    # In the work horse, the child that runs the jobs

    def _perform(self, run: Run) -> bool:
        """Run a job. Returns whether it ended well: a failed one may have left anything behind."""
        if not self.is_horse:
            self._become_horse()
        job = self.job_class(run.job_id, connection=self.connection, serializer=self.serializer)
        job.restore(run.record)
        execution = Execution(run.execution_id, job.id, self.connection, self.name)
        cast(AllowedJob, job).note_start(execution)
        with logged(job_id=job.id, request_id=job.meta.get(jobrecord.REQUEST_ID)):
            return self.perform_job(job, self.queues[0], execution)

    def _become_horse(self) -> None:
        random.seed()
        self.setup_work_horse_signals()  # type: ignore[no-untyped-call]
        self._is_horse = True
        self._stopped_job_id = self._put_back_id = None

    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        """Log the error, and keep for the client what may be said of it."""
        error = exc_info[1]
        if isinstance(error, TaskOverflowError) and error.status < 500:
            logger.warning("job %s: fails: %s", job.id, error)  # what it was given, not what it is
        else:
            super().handle_exception(job, *exc_info)
        job.meta[jobrecord.ERROR] = describe(error)
        if isinstance(error, FINAL):
            job.retries_left = 0

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
            with self.connection.pipeline() as pipeline:
                metrics.record(pipeline, job, "failure")
                pipeline.execute()

    def _renew_lease(self, job: Job, execution: Execution) -> bool:
        """Whether this run is still the job's run; if so, it has FINISHING seconds more."""
        registry, entry = job.started_job_registry.key, execution.composite_key
        with self.connection.pipeline() as pipeline:
            pipeline.zadd(registry, {entry: current_timestamp() + FINISHING}, xx=True)
            pipeline.zscore(registry, entry)
            lease = pipeline.execute()[-1]
        if lease is not None:
            return True
        logger.warning("job %s: this run has lost its lease; its result is dropped", job.id)
        return False

    # Stopping

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """On the first SIGTERM: finish the running job, or put it back when the grace is over."""
        if self._stop_requested:  # the second came before RQ has set another handler for it
            self.request_force_stop(signum, frame)
            return
        # RQ stops an idle worker by what it raises here, and that is lost when the signal comes in
        # the middle of a callback (the lock of logging has one): `rest` looks for this.
        self._stop_requested = True
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

    def request_stop_execution(self, execution_id: str) -> None:
        """Stop a run for good, as a cancellation asks."""
        with self._ending:
            super().request_stop_execution(execution_id)

    def _stop_running_job(self) -> None:
        with self._ending:
            self._cut_short = True
            for execution in self.executions.values():
                self._put_back_id = execution.job_id
                self.horse.kill()

    def kill_horse(self, sig: signal.Signals = signal.SIGKILL) -> None:  # noqa: ARG002
        """Kill the work horse. RQ calls this to stop a run."""
        self.horse.kill()

    def teardown(self) -> None:
        """Leave nothing behind."""
        self.horse.retire()
        super().teardown()  # type: ignore[no-untyped-call]

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
