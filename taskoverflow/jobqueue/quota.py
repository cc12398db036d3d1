"""How many jobs that have not ended one client may have."""

import time
from typing import cast

from redis import Redis
from redis.client import Pipeline
from rq.job import Job
from rq.utils import as_text

from taskoverflow import jobrecord
from taskoverflow.errors import TooManyJobs
from taskoverflow.jobqueue.view import ENDED, STATUSES

FORGOTTEN = 7 * 86400  # seconds after which a client's last job is none of its jobs any more


def check(connection: Redis, queue: str, client: str, most: int) -> None:
    """Raises TooManyJobs. What has ended is only looked for once there seem to be too many."""
    key = jobrecord.client_key(queue, client)
    if connection.zcard(key) < most:
        return
    job_ids = [as_text(cast(bytes, job_id)) for job_id in connection.zrange(key, 0, -1)]
    with connection.pipeline(transaction=False) as pipeline:
        for job_id in job_ids:
            pipeline.hget(Job.key_for(job_id), "status")
        found = pipeline.execute()
    ended = [job_id for job_id, status in zip(job_ids, found, strict=True) if _has_ended(status)]
    if ended:
        connection.zrem(key, *ended)
    if len(job_ids) - len(ended) >= most:
        raise TooManyJobs(f"There are {most} jobs of yours that have not ended; wait for one.")


def note(pipeline: Pipeline, queue: str, client: str, job_id: str) -> None:
    """Count a job as the client's."""
    key = jobrecord.client_key(queue, client)
    pipeline.zadd(key, {job_id: time.time()})
    pipeline.expire(key, FORGOTTEN)


def _has_ended(status: bytes | None) -> bool:
    return status is None or STATUSES.get(as_text(status)) in ENDED  # type: ignore[call-overload]
