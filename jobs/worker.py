"""Our RQ worker: what it may run, how it dies, and how it sweeps up after the dead."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from types import FrameType
from typing import Any, ClassVar

from redis import Redis, RedisError
from rq import Queue, Worker
from rq.executions import Execution
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer
from rq.worker import WorkerStatus

# Imported here, in the parent, so that no fork pays for it: 15-18 ms a job instead of 54.
from jobs.context import JobContext
from jobs.ical import generate_ical
from jobs.sweep import Sweeper
from taskoverflow.settings import Settings

JobFunction = Callable[..., dict[str, Any]]

FUNCTIONS: Mapping[str, JobFunction] = {"jobs.ical.generate_ical": generate_ical}

# A dead worker is noticed after HEARTBEAT_TTL and the sweep that follows: within 30 s.
HEARTBEAT_INTERVAL = 5  # seconds
HEARTBEAT_TTL = 15  # seconds: three heartbeats missed
IDLE_WAIT = 5  # seconds that one blocking pop takes at most
HOUSEKEEPING_INTERVAL = 60  # seconds

logger = logging.getLogger(__name__)


class ForbiddenFunction(Exception):
    """A job names a function that is not on the list."""


class AllowedJob(Job):
    """A job that runs what is on the list and nothing else.

    JSON alone does not stop code execution: RQ imports and calls whatever dotted path a job
    names, and does the same for its callbacks; webhooks are sent wherever a job says.
    """

    functions: ClassVar[Mapping[str, JobFunction]] = FUNCTIONS
    settings: ClassVar[Settings]

    @property
    def func(self) -> JobFunction:
        """The listed function, bound to its context. Raises ForbiddenFunction."""
        function = self.functions.get(self.func_name or "")
        if function is None or self.instance is not None:
            logger.error("job %s refused: it names a function that is not allowed", self.id)
            raise ForbiddenFunction(self.id)
        return partial(function, JobContext(self, self.settings))

    def restore(self, raw_data: Any) -> None:
        """Read the job from Redis without its callbacks and webhooks."""
        super().restore(raw_data)
        self._success_callback_name = None
        self._failure_callback_name = None
        self._stopped_callback_name = None
        self.webhooks = []


class TaskWorker(Worker):
    """A forking worker of one queue.

    One queue, because RQ pops two in a way that can lose a job between pop and start.
    """

    def __init__(self, settings: Settings, connection: Redis) -> None:
        job_class = type("AllowedJob", (AllowedJob,), {"settings": settings})
        queue = Queue(
            settings.queue, connection=connection, job_class=job_class, serializer=JSONSerializer
        )
        super().__init__(
            [queue],
            connection=connection,
            job_class=job_class,
            serializer=JSONSerializer,
            job_monitoring_interval=HEARTBEAT_INTERVAL,
            maintenance_interval=HOUSEKEEPING_INTERVAL,
            worker_ttl=2 * HEARTBEAT_TTL,
        )
        self.log_result_lifespan = False
        self.grace = settings.grace
        self.sweeper = Sweeper(queue)
        self._put_back_id: str | None = None

    @property
    def stopped_on_request(self) -> bool:
        """Whether a signal has asked this worker to stop."""
        return self._shutdown_requested_date is not None

    @property
    def dequeue_timeout(self) -> int:
        """How long to wait for a job before looking after the others' jobs, in seconds."""
        return IDLE_WAIT

    @property
    def should_run_maintenance_tasks(self) -> bool:
        """Asked before each pop; what is due is decided in run_maintenance_tasks."""
        return True

    def run_maintenance_tasks(self) -> None:
        """Sweep, and keep RQ's registries at its own, longer interval."""
        self.sweeper.sweep()
        if super().should_run_maintenance_tasks:
            super().run_maintenance_tasks()  # type: ignore[no-untyped-call]

    def get_heartbeat_ttl(self, job: Job, working_time: float = 0.0) -> int:  # noqa: ARG002
        """How long an execution lives without a heartbeat, in seconds (RQ: over a minute)."""
        return HEARTBEAT_TTL

    def maintain_heartbeats(self, job: Job, execution: Execution) -> None:
        """Say that the running job lives, and sweep: all workers may be busy."""
        super().maintain_heartbeats(job, execution)
        self.sweeper.sweep()

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """On the first SIGTERM: finish the running job, or put it back when the grace is over."""
        if self.get_state() == WorkerStatus.BUSY:
            timer = threading.Timer(self.grace, self._put_back_running_job)
            timer.daemon = True
            timer.start()
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]

    def request_force_stop(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """On the second SIGTERM: put the running job back now."""
        self._put_back_running_job()

    def _put_back_running_job(self) -> None:
        if self.horse_pid:
            self._put_back_id = self.get_current_job_id()
            self.kill_horse()

    def handle_job_failure(
        self,
        job: Job,
        queue: Queue,
        started_job_registry: Any = None,
        exc_string: str = "",
        execution: Execution | None = None,
    ) -> None:
        """Put the job back if we killed its horse to stop in time; else as RQ does."""
        if job.id != self._put_back_id or execution is None:
            super().handle_job_failure(job, queue, started_job_registry, exc_string, execution)
            return
        logger.warning("job %s: not finished in time; putting it back", job.id)
        with self.connection.pipeline() as pipeline:
            self.cleanup_execution(job, pipeline=pipeline, execution=execution)
            job.set_status(JobStatus.QUEUED, pipeline=pipeline)
            queue.push_job_id(job.id, pipeline=pipeline, at_front=True)
            pipeline.execute()


def run_worker(settings: Settings) -> int:
    """Work until told to stop. Returns the exit code: 0 after a stop on request, else 1."""
    # A client of its own: RQ changes its time-outs, and redis-py's default of 5 s is too short
    # for a blocking pop.
    connection = Redis.from_url(settings.redis_url)
    wait_for_redis(connection)
    worker = TaskWorker(settings, connection)
    try:
        worker.work(with_scheduler=True, logging_level="INFO")
    except RedisError as error:
        logger.error("Redis is gone (%s); whoever started this worker should start it again", error)
    return 0 if worker.stopped_on_request else 1


def wait_for_redis(connection: Redis) -> None:
    """Return once Redis answers. It may be starting, or reading its append-only file."""
    while True:
        try:
            connection.ping()
            return
        except RedisError as error:
            logger.warning("waiting for Redis: %s", error)
            time.sleep(1)
