"""From POST to SUCCESS: what somebody waits for a calendar, on both stacks, by number of todos."""

import json
import time
from contextlib import ExitStack
from http.client import HTTPConnection
from typing import Any

from redis import Redis

from tests.bench.part import Part
from tests.bench.report import median, milliseconds, number, table
from tests.bench.stacks import OURS, PRACTICAL, Stack, stacks
from tests.bench.stand import folder, running, tell

POLL = 0.001  # seconds between two questions for the status
FEW = 10
SUBMITS = 20  # a round

Found = dict[tuple[int, str], list[float]]  # seconds, by number of todos and stack


def part(rounds: int, few_repeats: int, many: int) -> Part:
    """Measure with FEW todos and with many, one stack after the other, once a round."""
    done: Found = {}
    with folder() as home, stacks(home) as both, ExitStack() as workers:
        submits = _submits(both, rounds, many)
        for one in both.values():
            workers.enter_context(running(one.worker(), one.log, one.environ))
        for size, repeats in ((FEW, few_repeats), (many, 1)):
            for one in both.values():
                one.fill(size)
                if size == FEW:
                    measure(one, 1)  # the first job of a worker pays for its imports
            for _ in range(rounds if size == FEW else max(1, rounds // 2)):
                for name, one in both.items():
                    times = measure(one, repeats)
                    done.setdefault((size, name), []).extend(times)
                    tell(f"export, {size:,} todos: {name} {times[-1] * 1000:.0f} ms")
    return _part(submits, done, many)


def _submits(both: dict[str, Stack], rounds: int, many: int) -> Found:
    found: Found = {}
    for size in (FEW, many):
        for one in both.values():
            one.fill(size)
        for _ in range(rounds):
            for name, one in both.items():
                # With many todos, one of the practical's takes seconds.
                times = submit(one, SUBMITS if size == FEW or name == OURS else 1)
                found.setdefault((size, name), []).extend(times)
    return found


def submit(stack: Stack, repeats: int) -> list[float]:
    """Submit so many calendars that nobody makes: the seconds from a POST to its answer.

    No worker may run: a job that has just ended leaves the processor's caches cold. Each asks for
    something else, since ours has equal requests that wait joined, at the cost of a question.
    """
    connection = _connect(stack)
    times = []
    for window in range(repeats):
        start = time.perf_counter()
        _ask(connection, "POST", f"/api/v1/todos/ical?window={window}")
        times.append(time.perf_counter() - start)
    with Redis.from_url(stack.environ["REDIS_URL"]) as queue:
        queue.flushall()
    return times


def measure(stack: Stack, repeats: int) -> list[float]:
    """Make so many calendars, one after the other: the seconds from a POST to SUCCESS."""
    connection = _connect(stack)
    return [_once(connection) for _ in range(repeats)]


def _connect(stack: Stack) -> HTTPConnection:
    return HTTPConnection("127.0.0.1", stack.port, timeout=600)


def _once(connection: HTTPConnection) -> float:
    start = time.perf_counter()
    task = _ask(connection, "POST", "/api/v1/todos/ical")["task_id"]
    while True:
        status = _ask(connection, "GET", f"/api/v1/todos/ical/{task}/status")["task_status"]
        if status not in ("PENDING", "STARTED", "RETRY"):
            break
        time.sleep(POLL)
    if status != "SUCCESS":
        raise RuntimeError(f"the job ended as {status}")
    return time.perf_counter() - start


def _ask(connection: HTTPConnection, method: str, path: str) -> Any:
    connection.request(method, path)
    return json.loads(connection.getresponse().read())


def _part(submits: Found, done: Found, many: int) -> Part:
    figures, rows = {}, []
    for size in (FEW, many):
        for what, found in (("submit", submits), ("POST → SUCCESS", done)):
            ours, theirs = (median(found[size, name]) for name in (OURS, PRACTICAL))
            rows.append([what, f"{size:,}", milliseconds(ours), milliseconds(theirs),
                         number(theirs / ours)])  # fmt: skip
            figures[f"{what}, {'few' if size == FEW else 'many'}"] = theirs / ours
    few_submit, many_submit = (median(submits[size, OURS]) for size in (FEW, many))
    figures["submit, many to few"] = many_submit / few_submit
    figures["seconds per calendar"] = median(done[FEW, OURS]) - few_submit
    head = ["what", "todos", f"{OURS}, ms", f"{PRACTICAL}, ms", "times as fast"]
    return Part(
        f"One after the other; a submit is measured while no worker runs\n\n{table(head, rows)}",
        figures,
    )
