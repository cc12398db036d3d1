"""What this service's answers cost as todos, queued jobs and workers grow in number."""

import os
import time
from collections.abc import Sequence

from redis import Redis

from taskoverflow.jobqueue import GENERATE_ICAL, JobQueue
from taskoverflow.settings import read_settings
from tests.bench import export, jobs
from tests.bench.operations import BY_NAME, TODOS, load
from tests.bench.part import Part
from tests.bench.plot import Line, chart
from tests.bench.report import median, milliseconds, number, table
from tests.bench.stacks import OURS, Stack, stacks
from tests.bench.stand import folder, running, tell

ASKED = 20  # times, of which the median counts
READS = ("GET one", "GET a page of 50")


def part(sizes: Sequence[int], depths: Sequence[int], workers: Sequence[int], share: float) -> Part:
    """The three tables, and a plot of each."""
    with folder() as home, stacks(home) as both:
        by_size, size_plot = _sizes(both[OURS], sizes)
        by_depth, depth_plot, memory = _depths(both[OURS], depths)
    by_workers, worker_plot, rate = _workers(workers, share)
    plots = {"todos": size_plot, "queued": depth_plot, "workers": worker_plot}
    pictures = "\n".join(f"![{name}](docs/benchmarks/{name}.svg)" for name in plots)
    text = "\n\n".join([by_size, by_depth, by_workers, pictures])
    return Part(text, {"bytes per job": memory, "jobs per second": rate}, plots)


def _sizes(stack: Stack, sizes: Sequence[int]) -> tuple[str, str]:
    rows, lines = [], dict[str, Line]()
    for size in sizes:
        stack.fill(size)
        found = {
            name: load(stack, BY_NAME[name].requests(stack), 1, 1.0).p50
            for name in READS
            if size >= TODOS
        }
        found["submit"] = median(export.submit(stack, ASKED))
        found["POST → SUCCESS"] = _calendar(stack, 3 if size <= 1000 else 1)
        for name, seconds in found.items():
            lines.setdefault(name, []).append((size, seconds * 1000))
        columns = (*READS, "submit", "POST → SUCCESS")
        rows.append([f"{size:,}", *(milliseconds(found[n]) if n in found else "" for n in columns)])
        tell(f"scale, {size:,} todos: {found['POST → SUCCESS']:.2f} s to a calendar")
    head = ["todos", *(f"{name}, ms" for name in (*READS, "submit", "POST → SUCCESS"))]
    plot = chart("Cost by number of todos", "todos", "ms", lines)
    return table(head, rows), plot


def _calendar(stack: Stack, repeats: int) -> float:
    with running(stack.worker(), stack.log, stack.environ):
        if repeats > 1:
            export.measure(stack, 1)  # the first job of a worker pays for its imports
        return median(export.measure(stack, repeats))


def _depths(stack: Stack, depths: Sequence[int]) -> tuple[str, str, float]:
    """No worker runs: what is submitted stays in the queue."""
    settings = read_settings({**os.environ, **stack.environ})
    queue = JobQueue(settings)
    rows, lines = [], dict[str, Line]()
    with Redis.from_url(settings.redis_url) as connection:
        connection.flushall()
        empty, queued = int(connection.info("memory")["used_memory"]), 0
        for depth in depths:
            while queued < depth:
                last = queue.submit(GENERATE_ICAL, {"window": queued})
                queued += 1
            found = {
                "submit": _time(lambda: queue.submit(GENERATE_ICAL, {"q": os.urandom(8).hex()})),
                "status of the last": _time(lambda last=last: queue.get(last)),
                "first page of jobs": _time(lambda: queue.find(None, 50, None)),
            }
            queued += ASKED
            for name, seconds in found.items():
                lines.setdefault(name, []).append((depth, seconds * 1000))
            rows.append([f"{depth:,}", *map(milliseconds, found.values())])
            tell(f"scale, {depth:,} queued: {found['submit'] * 1000:.2f} ms to submit")
        memory = (int(connection.info("memory")["used_memory"]) - empty) / queued
    queue.close()
    head = ["queued jobs", *(f"{name}, ms" for name in lines)]
    plot = chart("Cost by number of queued jobs", "queued jobs", "ms", lines)
    text = f"{table(head, rows)}\n\nA queued job takes {memory:,.0f} bytes of Redis's memory."
    return text, plot, memory


def _time(ask) -> float:
    times = []
    for _ in range(ASKED):
        start = time.perf_counter()
        ask()
        times.append(time.perf_counter() - start)
    return median(times)


def _workers(counts: Sequence[int], share: float) -> tuple[str, str, float]:
    rates = []
    for count in counts:
        queue = jobs.QUEUES[jobs.OURS]._replace(commands=count)
        rates.append(jobs.measure(queue, share).rate)
        tell(f"scale, {count} workers: {rates[-1]:.0f} jobs/s")
    rows = [[str(n), number(rate), number(rate / n)] for n, rate in zip(counts, rates, strict=True)]
    line = {"jobs/s": [(float(n), rate) for n, rate in zip(counts, rates, strict=True)]}
    plot = chart("Empty jobs per second by number of workers", "workers", "jobs/s", line)
    return table(["workers", "empty jobs/s", "each"], rows), plot, max(rates)
