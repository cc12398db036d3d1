"""arq: asyncio, ten jobs at once in a process, as by default."""

import asyncio
import os
import sys
from typing import Any

from arq import create_pool
from arq.connections import RedisSettings

from tests.bench.queues.mark import mark


async def empty(context: Any) -> dict[str, int]:
    return mark()


class WorkerSettings:
    functions = [empty]  # noqa: RUF012
    redis_settings = RedisSettings.from_dsn(os.environ["BENCH_REDIS"])
    keep_result = 86400


async def _submit(count: int) -> None:
    pool = await create_pool(WorkerSettings.redis_settings)
    for start in range(0, count, 100):
        await asyncio.gather(*(pool.enqueue_job("empty") for _ in range(min(100, count - start))))


if __name__ == "__main__":
    asyncio.run(_submit(int(sys.argv[1])))
