"""Celery, prefork: its guide to optimizing has short tasks fetched ahead, and need no gossip."""

import os
import sys

from celery import Celery

from tests.bench.queues.mark import mark

app = Celery(broker=os.environ["BENCH_REDIS"], backend=os.environ["BENCH_REDIS"])
app.conf.worker_prefetch_multiplier = 128
app.conf.task_default_delivery_mode = "transient"


@app.task(name="empty")
def empty() -> dict[str, int]:
    return mark()


if __name__ == "__main__":
    with app.producer_pool.acquire() as producer:
        for _ in range(int(sys.argv[1])):
            empty.apply_async(producer=producer)
