"""The line that CloudWatch makes metrics of."""

import json

from taskoverflow.jobqueue import QueueStats
from taskoverflow.web.queue_metrics import embedded_metrics


def line(queued, workers):
    stats = QueueStats(
        jobs={"queued": queued, "failed": 3},
        oldest_queued=12.5,
        workers_alive=workers,
        workers_busy=0,
        counters={},
    )
    return json.loads(embedded_metrics("todos", stats, 1_800_000_000.25))


def test_every_metric_and_dimension_that_is_announced_is_a_member_of_the_line():
    found = line(20, 4)
    assert found["_aws"]["Timestamp"] == 1_800_000_000_250
    (described,) = found["_aws"]["CloudWatchMetrics"]
    assert described["Namespace"] == "TaskOverflow"
    assert described["Dimensions"] == [["Queue"]]
    values = {name: found[name] for name in (metric["Name"] for metric in described["Metrics"])}
    assert values == {
        "QueuedJobs": 20,
        "BacklogPerWorker": 5.0,
        "OldestQueuedJob": 12.5,
        "FailedJobs": 3,
        "Workers": 4,
    }
    assert found["Queue"] == "todos"


def test_without_workers_the_backlog_is_not_nothing():
    assert line(20, 0)["BacklogPerWorker"] == 20
