"""RQ, for its own workers. Its guide to performance: import before the fork, as the worker does."""

import os
import sys

from redis import Redis
from rq import Queue

from tests.bench.queues.mark import mark


def empty() -> dict[str, int]:
    return mark()


if __name__ == "__main__":
    queue = Queue(connection=Redis.from_url(os.environ["BENCH_REDIS"]))
    jobs = [
        Queue.prepare_data("tests.bench.queues.rq_jobs.empty", result_ttl=86400)
        for _ in range(int(sys.argv[1]))
    ]
    for start in range(0, len(jobs), 500):
        queue.enqueue_many(jobs[start : start + 500])
