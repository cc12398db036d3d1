"""dramatiq: a process for each core, eight threads each, as by default; results kept."""

import os
import sys

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.results import Results
from dramatiq.results.backends import RedisBackend

from tests.bench.queues.mark import mark

broker = RedisBroker(url=os.environ["BENCH_REDIS"])
broker.add_middleware(Results(backend=RedisBackend(url=os.environ["BENCH_REDIS"])))
dramatiq.set_broker(broker)


@dramatiq.actor(store_results=True, result_ttl=86_400_000)
def empty() -> dict[str, int]:
    return mark()


if __name__ == "__main__":
    for _ in range(int(sys.argv[1])):
        empty.send()
