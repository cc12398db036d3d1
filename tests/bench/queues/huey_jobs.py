"""huey: worker processes, and a blocking pop."""

import os
import sys

from huey import RedisHuey

from tests.bench.queues.mark import mark

huey = RedisHuey("bench", url=os.environ["BENCH_REDIS"], blocking=True)


@huey.task()
def empty() -> dict[str, int]:
    return mark()


if __name__ == "__main__":
    from tests.bench.queues import huey_jobs  # by the name under which the consumer knows the task

    for _ in range(int(sys.argv[1])):
        huey_jobs.empty()
