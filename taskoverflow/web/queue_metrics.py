"""The queue's figures for CloudWatch: now and then a line on stdout, in its embedded metric format.

CloudWatch makes metrics of every log event of that form (AWS: "Specification: embedded metric
format"), so that this needs neither an SDK nor a permission. The web processes publish, not the
workers: of those there may be none when the figures matter most. They take turns, through Redis.
"""

import asyncio
import json
import logging
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from starlette.concurrency import run_in_threadpool

from taskoverflow.errors import QueueUnavailable
from taskoverflow.jobqueue import JobQueue, QueueStats

NAMESPACE = "TaskOverflow"
UNITS = {
    "QueuedJobs": "Count",
    "BacklogPerWorker": "Count",
    "OldestQueuedJob": "Seconds",
    "FailedJobs": "Count",
    "Workers": "Count",
}

logger = logging.getLogger(__name__)


@asynccontextmanager
async def publishing(queue: JobQueue, interval: int) -> AsyncIterator[None]:
    """Publish every `interval` seconds while the block runs; 0: never."""
    if not interval:
        yield
        return
    task = asyncio.create_task(_publish(queue, interval))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def embedded_metrics(queue: str, stats: QueueStats, moment: float) -> str:
    """The line: `moment` is seconds since the epoch.

    `FailedJobs` are those that have failed and are kept. Where no worker is alive, the backlog is
    that of one: it must not look as if nothing were to do.
    """
    queued = stats.jobs["queued"]
    values = {
        "QueuedJobs": queued,
        "BacklogPerWorker": queued / max(1, stats.workers_alive),
        "OldestQueuedJob": stats.oldest_queued,
        "FailedJobs": stats.jobs["failed"],
        "Workers": stats.workers_alive,
    }
    described = {
        "Namespace": NAMESPACE,
        "Dimensions": [["Queue"]],
        "Metrics": [{"Name": name, "Unit": unit} for name, unit in UNITS.items()],
    }
    head = {"Timestamp": int(moment * 1000), "CloudWatchMetrics": [described]}
    return json.dumps({"_aws": head, "Queue": queue, **values})


async def _publish(queue: JobQueue, interval: int) -> None:
    while True:
        await asyncio.sleep(interval)
        try:
            await run_in_threadpool(_publish_once, queue, interval)
        except QueueUnavailable as error:
            logger.warning("no figures of the queue: %s", error)


def _publish_once(queue: JobQueue, interval: int) -> None:
    # A little less than the interval, or whoever had the last turn would come too early for this.
    if queue.take_turn("metrics", 0.9 * interval):
        line = embedded_metrics(queue.name, queue.stats(), time.time())
        # Not through the log, whose lines are of another form.
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
