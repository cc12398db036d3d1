"""GET /metrics for Prometheus: this service's requests, and the queue as Redis has it."""

from collections.abc import Iterator
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from taskoverflow.errors import QueueUnavailable
from taskoverflow.jobqueue import QueueStats
from taskoverflow.jobrecord import METRIC_BUCKETS
from taskoverflow.web.openapi.operation import Answer, Operation, describes

METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"}
LABELS = ("method", "route", "status")

_requests = CollectorRegistry()
REQUESTS = Counter("taskoverflow_http_requests", "HTTP requests.", LABELS, registry=_requests)
LATENCY = Histogram(
    "taskoverflow_http_request_seconds", "Seconds per request.", LABELS[:2], registry=_requests
)


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """Count a request. A route is a pattern of the URL table: clients must not name series."""
    method = method if method in METHODS else "other"
    requests, latency = _series(method, route, status)
    requests.inc()
    latency.observe(seconds)


@cache
def _series(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    """Where to count: the library looks it up more slowly than it counts."""
    return REQUESTS.labels(method, route, str(status)), LATENCY.labels(method, route)


@describes(
    Operation(
        summary="Figures for Prometheus",
        answers={
            200: Answer(description="Requests and the queue", media_type="text/plain"),
        },
        errors=(QueueUnavailable,),
    )
)
async def show(request: Request) -> Response:
    """GET /metrics."""
    state = request.app.state
    stats: QueueStats = await run_in_threadpool(state.queue.stats)
    text = await run_in_threadpool(_render, stats, state.metrics_dir)
    return Response(text, media_type=CONTENT_TYPE_PLAIN_0_0_4)


def _render(stats: QueueStats, metrics_dir: str) -> bytes:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_QueueCollector(stats))
    if not metrics_dir:
        return generate_latest(_requests) + generate_latest(registry)
    # Several web processes on one host leave their counts in files of this folder.
    multiprocess.MultiProcessCollector(registry, path=metrics_dir)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


class _QueueCollector(Collector):
    def __init__(self, stats: QueueStats) -> None:
        self.stats = stats

    def collect(self) -> Iterator[Metric]:
        stats = self.stats
        jobs = GaugeMetricFamily("taskoverflow_jobs", "Jobs by status.", labels=["status"])
        for status, number in stats.jobs.items():
            jobs.add_metric([status], number)
        yield jobs
        yield GaugeMetricFamily(
            "taskoverflow_queue_depth", "Jobs that wait.", value=stats.jobs["queued"]
        )
        yield GaugeMetricFamily(
            "taskoverflow_queue_oldest_seconds",
            "How long the next job has waited.",
            value=stats.oldest_queued,
        )
        workers = GaugeMetricFamily("taskoverflow_workers", "Workers.", labels=["state"])
        workers.add_metric(["alive"], stats.workers_alive)
        workers.add_metric(["busy"], stats.workers_busy)
        yield workers
        yield from self._counters()

    def _counters(self) -> Iterator[Metric]:
        """The workers' counters: their fields are described in jobs.metrics."""
        ended = CounterMetricFamily(
            "taskoverflow_job_runs", "Jobs that ended.", labels=["function", "outcome"]
        )
        histograms: dict[tuple[str, str], dict[str, float]] = {}
        for field, value in self.stats.counters.items():
            name, function, part = field.split("|")
            if name == "ended":
                ended.add_metric([function, part], value)
            else:
                histograms.setdefault((name, function), {})[part] = value
        yield ended
        for name, text in (("wait", "Seconds in the queue."), ("duration", "Seconds of a run.")):
            family = HistogramMetricFamily(
                f"taskoverflow_job_{name}_seconds", text, labels=["function"]
            )
            for (kind, function), parts in histograms.items():
                if kind == name:
                    family.add_metric([function], _cumulative(parts), parts.get("sum", 0.0))
            yield family


def _cumulative(parts: dict[str, float]) -> list[tuple[str, float]]:
    total, buckets = 0.0, []
    for bound in (*map(str, METRIC_BUCKETS), "+Inf"):
        total += parts.get(bound, 0.0)
        buckets.append((bound, total))
    return buckets
