"""TaskOverflow's worker, with an empty job on its list; the settings come from the environment."""

import os
import sys
from typing import Any

from jobs import allowed
from jobs.worker import run_worker
from taskoverflow.jobqueue import JobQueue
from taskoverflow.logs import set_up_logging
from taskoverflow.settings import read_settings
from tests.bench.queues.mark import mark

NAME = "tests.bench.queues.our_jobs.empty"


def empty(context: Any, number: int) -> dict[str, int]:
    return mark()


if __name__ == "__main__":
    settings = read_settings(os.environ)
    if sys.argv[1] == "work":
        set_up_logging("json")
        allowed.AllowedJob.functions = {NAME: empty}
        sys.exit(run_worker(settings))
    queue = JobQueue(settings)
    for number in range(int(sys.argv[1])):
        queue.submit(NAME, {"number": number})
