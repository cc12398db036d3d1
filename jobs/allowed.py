"""The jobs that a worker may run. Whatever else stands on the queue fails, and runs nothing."""

import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import lru_cache, partial
from typing import Any, ClassVar, TypeVar

from redis import Redis
from redis.client import Pipeline
from rq import Queue
from rq.executions import Execution
from rq.job import Job, JobStatus
from rq.registry import BaseRegistry, FinishedJobRegistry, StartedJobRegistry
from rq.results import Result
from rq.serializers import JSONSerializer
from rq.utils import now, utcformat

# Imported here, in the parent, so that no fork pays for it: 15-18 ms a job instead of 54.
from jobs.context import JobContext
from jobs.feed import refresh_feed
from jobs.ical import generate_ical
from jobs.todo_import import import_todos
from taskoverflow import jobrecord
from taskoverflow.settings import Settings

Registry = TypeVar("Registry", bound=BaseRegistry)
JobFunction = Callable[..., dict[str, Any]]

FUNCTIONS: Mapping[str, JobFunction] = {
    "jobs.ical.generate_ical": generate_ical,
    "jobs.feed.refresh_feed": refresh_feed,
    "jobs.todo_import.import_todos": import_todos,
}

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
    record: dict[bytes, bytes]  # as read from Redis last

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
        self.record = raw_data
        self._success_callback_name = None
        self._failure_callback_name = None
        self._stopped_callback_name = None
        self.webhooks = []

    @property
    def started_job_registry(self) -> StartedJobRegistry:
        """Made once for a queue: to make one takes as long as to use it, and each run needs two."""
        registry: StartedJobRegistry = _registry(StartedJobRegistry, self.origin, self.connection)
        return registry

    @property
    def finished_job_registry(self) -> FinishedJobRegistry:
        """The same for the jobs that have ended well."""
        registry: FinishedJobRegistry = _registry(FinishedJobRegistry, self.origin, self.connection)
        return registry

    def prepare_for_execution(self, worker_name: str, pipeline: Pipeline) -> None:
        """Say that the job has started, and count the attempt."""
        super().prepare_for_execution(worker_name, pipeline)
        pipeline.hincrby(self.key, jobrecord.ATTEMPTS, 1)

    def note_start(self, execution: Execution) -> None:
        """Catch up with a record that was read before the start."""
        self.worker_name = execution.worker_name
        self.started_at = self.last_heartbeat = execution.created_at
        self._status = JobStatus.STARTED

    def write_success(self, ttl: int, execution: Execution, pipeline: Pipeline) -> None:
        """Have a pipeline store the result, and say that the job has ended well.

        RQ writes the whole record once more; this is what has changed of it.
        """
        self._status = JobStatus.FINISHED
        fields: dict[Any, Any] = {
            "status": self._status,
            "worker_name": execution.worker_name,
            "meta": self._serialize_meta(),
        }
        for name in ("started_at", "ended_at", "last_heartbeat"):
            fields[name] = utcformat(getattr(self, name))
        pipeline.hset(self.key, mapping=fields)
        Result.create(
            self,
            Result.Type.SUCCESSFUL,
            ttl,
            return_value=self._result,
            worker_name=execution.worker_name,
            pipeline=pipeline,
            execution_id=execution.id,
            execution_started_at=execution.created_at,
            execution_ended_at=self.ended_at,
        )
        self.finished_job_registry.add(self, ttl, pipeline)

    def _handle_failure(self, exc_string: str, pipeline: Pipeline, *more: Any, **run: Any) -> None:
        """Store why it failed in the step that says so, for who asks in between."""
        super()._handle_failure(exc_string, pipeline, *more, **run)
        pipeline.hset(self.key, "meta", self._serialize_meta())

    def retry(self, queue: Queue, pipeline: Pipeline) -> None:
        """Queue the next run, after a pause if the job has one; nothing is done before EXEC.

        RQ 3.0 sets the status of a paused job outside of the pipeline: a worker killed between
        the two leaves a job that says SCHEDULED and that nobody will ever run.
        """
        pause = self.get_retry_interval()
        self.retries_left = (self.retries_left or 1) - 1
        if pause:
            self.set_status(JobStatus.SCHEDULED, pipeline=pipeline)
            queue.schedule_job(self, now() + timedelta(seconds=pause), pipeline=pipeline)
        else:
            queue._enqueue_job(self, pipeline=pipeline)


class AllowedQueue(Queue):
    """A worker's queue."""

    @property
    def started_job_registry(self) -> StartedJobRegistry:
        """As AllowedJob has it: RQ asks the queue for it at each job's end."""
        registry: StartedJobRegistry = _registry(StartedJobRegistry, self.name, self.connection)
        return registry


@lru_cache(maxsize=16)
def _registry(kind: type[Registry], origin: str, connection: Redis) -> Registry:
    return kind(origin, connection=connection, job_class=AllowedJob, serializer=JSONSerializer)


def allowed_job_class(settings: Settings) -> type[AllowedJob]:
    """The job class of a worker with these settings."""
    return type("AllowedJob", (AllowedJob,), {"settings": settings})
