"""The queue's figures as the web processes publish them."""

import json
from itertools import pairwise
from uuid import uuid4

from redis import Redis

from taskoverflow.store.database import open_database
from taskoverflow.store.migrations import migrate
from tests.conftest import free_port, wait_until


def published(log):
    lines = [line for line in log.read_text().splitlines() if line.startswith('{"_aws"')]
    return [json.loads(line) for line in lines]


def test_web_processes_take_turns_and_go_on_after_a_redis_that_takes_no_writes(
    start, settings, tmp_path
):
    log = tmp_path / "processes.log"
    migrate(open_database(settings.database_url, connections=1))
    for _ in range(2):
        start("serve", queue_metrics=1, port=free_port())
    wait_until(lambda: len(published(log)) >= 3)
    moments = [figures["_aws"]["Timestamp"] for figures in published(log)]
    # Two that did not take turns would publish twice a second.
    assert min(late - early for early, late in pairwise(moments)) > 500

    with Redis.from_url(settings.redis_url) as redis:
        redis.lpush(f"rq:queue:{settings.queue}", uuid4().hex)
        wait_until(lambda: published(log)[-1]["QueuedJobs"] == 1)
        redis.config_set("maxmemory", 1)
        try:
            wait_until(lambda: "no figures of the queue" in log.read_text())
        finally:
            redis.config_set("maxmemory", 0)
    before = len(published(log))
    wait_until(lambda: len(published(log)) > before)
