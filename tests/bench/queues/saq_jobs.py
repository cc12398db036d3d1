"""SAQ: asyncio, ten jobs at once in a process, as by default."""

import asyncio
import os
import sys
from typing import Any

from saq import Queue

from tests.bench.queues.mark import mark

queue = Queue.from_url(os.environ["BENCH_REDIS"])


async def empty(context: Any) -> dict[str, int]:
    return mark()


settings = {"queue": queue, "functions": [empty], "concurrency": 10}


async def _submit(count: int) -> None:
    await queue.connect()
    for start in range(0, count, 100):
        await asyncio.gather(
            *(queue.enqueue("empty", ttl=86400) for _ in range(min(100, count - start)))
        )
    await queue.disconnect()


if __name__ == "__main__":
    asyncio.run(_submit(int(sys.argv[1])))
