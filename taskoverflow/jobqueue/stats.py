"""The state of the queue in numbers, read from Redis: any web process gives the same answer."""

from datetime import UTC, datetime
from typing import Any, cast

from msgspec import Struct
from redis import Redis
from rq.job import Job
from rq.queue import Queue
from rq.registry import CanceledJobRegistry, ScheduledJobRegistry
from rq.utils import as_text, utcparse
from rq.worker_registration import WORKERS_BY_QUEUE_KEY

from taskoverflow import jobrecord


class QueueStats(Struct, frozen=True, kw_only=True):
    """Numbers of jobs and workers. `oldest_queued` is the age of the next job, in seconds.

    `counters` are the workers' own: see jobs.metrics.
    """

    jobs: dict[str, int]
    oldest_queued: float
    workers_alive: int
    workers_busy: int
    counters: dict[str, float]


def read_stats(queue: Queue, connection: Redis, worker_ttl: float) -> QueueStats:
    """The queue's numbers; a worker without a heartbeat for `worker_ttl` seconds is not alive."""
    registries = {
        "started": queue.started_job_registry,
        "finished": queue.finished_job_registry,
        "failed": queue.failed_job_registry,
        "scheduled": ScheduledJobRegistry(queue=queue),
        "cancelled": CanceledJobRegistry(queue=queue),
    }
    with connection.pipeline(transaction=False) as pipeline:
        pipeline.llen(queue.key)
        pipeline.lindex(queue.key, 0)
        pipeline.smembers(WORKERS_BY_QUEUE_KEY % queue.name)
        pipeline.hgetall(jobrecord.metrics_key(queue.name))
        for registry in registries.values():
            pipeline.zcard(registry.key)
        queued, oldest, workers, counters, *sizes = pipeline.execute()
    states = [state for state, _ in _living_workers(connection, workers, worker_ttl)]
    return QueueStats(
        jobs={"queued": queued, **dict(zip(registries, sizes, strict=True))},
        oldest_queued=_age_of(connection, oldest),
        workers_alive=len(states),
        workers_busy=states.count(b"busy"),
        counters={as_text(name): float(value) for name, value in counters.items()},
    )


def read_hosts(queue: Queue, connection: Redis, worker_ttl: float) -> set[str]:
    """The names of the hosts, or containers, on which a worker of the queue is alive."""
    workers = cast(set[bytes], connection.smembers(WORKERS_BY_QUEUE_KEY % queue.name))
    living = _living_workers(connection, workers, worker_ttl)
    return {as_text(host) for _, host in living if host}


def _living_workers(connection: Redis, keys: set[bytes], ttl: float) -> list[tuple[Any, Any]]:
    """The state and the host of each worker that has given a sign of life."""
    with connection.pipeline(transaction=False) as pipeline:
        for key in keys:
            pipeline.hmget(as_text(key), "state", "hostname", "last_heartbeat", "death")
        found = pipeline.execute()
    return [
        (state, host)
        for state, host, seen, death in found
        if seen and not death and _age(seen) <= ttl
    ]


def _age_of(connection: Redis, job_id: bytes | None) -> float:
    if job_id is None:
        return 0.0
    enqueued_at = connection.hget(Job.key_for(as_text(job_id)), "enqueued_at")
    return max(0.0, _age(enqueued_at)) if enqueued_at else 0.0


def _age(moment: Any) -> float:
    return (datetime.now(UTC) - utcparse(as_text(moment)).astimezone(UTC)).total_seconds()
