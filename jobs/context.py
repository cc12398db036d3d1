"""What a job is handed when it runs: settings, the database, and a way to say how far it is."""

import logging
import time
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from peewee import Database
from redis import Redis, RedisError
from rq.job import Job

from jobs.scripts import Scripts
from taskoverflow import jobrecord
from taskoverflow.settings import Settings
from taskoverflow.store import calendars, imports
from taskoverflow.store.database import open_database
from taskoverflow.store.models import utc_now

PROGRESS_INTERVAL = 0.5  # seconds
PURGE_INTERVAL = 60  # seconds
# The job's own record starts its life after its result is stored, and may not outlive that.
EXPIRY_MARGIN = timedelta(minutes=5)

logger = logging.getLogger(__name__)


# What follows belongs to the work horse: it is opened there, after the fork, for its first job,
# serves all of its jobs, and dies with it. A process has one of each: see open_database.


@lru_cache(maxsize=1)
def _database(url: str) -> Database:
    return open_database(url, connections=2)


@lru_cache(maxsize=1)
def _reports(url: str) -> Redis:
    """A client that fails soon: the job's own waits out an outage, and a report may not."""
    return Redis.from_url(url, socket_timeout=1.0, socket_connect_timeout=1.0, retry=None)


class _Purges:
    """When this process has purged a database last."""

    def __init__(self) -> None:
        self._last = ("", float("-inf"))

    def due(self, url: str) -> bool:
        """Whether it is time to; if so, it counts as done."""
        before, at = self._last
        if before == url and time.monotonic() - at < PURGE_INTERVAL:
            return False
        self._last = url, time.monotonic()
        return True


_purges = _Purges()


class JobContext:
    """One run of a job."""

    def __init__(self, job: Job, settings: Settings) -> None:
        self.job = job
        self.settings = settings
        self._started_at = time.monotonic()
        self._reported_at = 0.0

    @property
    def database(self) -> Database:
        """The database."""
        return _database(self.settings.database_url)

    def withdraw_offer(self) -> None:
        """Stop equal requests from being given this job. To be called before the first read."""
        if offer := self.job.meta.get(jobrecord.OFFER):
            with self.job.connection.pipeline() as pipeline:
                pipeline.delete(offer)
                Scripts(self.job.connection).run_if(("GET", offer), self.job.id, pipeline)

    def result_expiry(self) -> datetime:
        """Until when a result that is stored now is kept in the database."""
        return utc_now() + timedelta(seconds=self.settings.result_ttl) + EXPIRY_MARGIN

    def purge(self) -> None:
        """Delete from the database what has expired: each kind of job does so at its end.

        Once a minute in a work horse will do; it took a fifth of a small calendar's time.
        """
        if _purges.due(self.settings.database_url):
            calendars.purge(self.database)
            imports.purge(self.database)

    def progress(self, stage: str, done: float, total: float) -> None:
        """Note how far the job is, and report it about twice a second; `done == total` in any case.

        A job that is shorter than that reports nothing: at its end its record has what was noted
        last. A report that Redis does not take is left out: the job itself needs no Redis.
        """
        report: dict[str, Any] = {"stage": stage, "done": done, "total": total}
        self.job.meta[jobrecord.PROGRESS] = report
        now = time.monotonic()
        said = now - self._reported_at < PROGRESS_INTERVAL
        if now - self._started_at < PROGRESS_INTERVAL or (said and done < total):
            return
        self._reported_at = now
        meta = self.job.serializer.dumps(self.job.meta)
        try:
            _reports(self.settings.redis_url).hset(self.job.key, "meta", meta)
        except RedisError as error:
            logger.warning("job %s: progress not reported: %s", self.job.id, error)
