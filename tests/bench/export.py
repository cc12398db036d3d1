"""From POST to SUCCESS: what somebody waits for a calendar, on both stacks, by number of todos."""

import json
import time
from contextlib import ExitStack
from http.client import HTTPConnection
from typing import Any, NamedTuple

from tests.bench.part import Part
from tests.bench.report import median, milliseconds, number, table
from tests.bench.stacks import OURS, PRACTICAL, Stack, stacks
from tests.bench.stand import folder, running, tell

POLL = 0.003  # seconds between two questions for the status
FEW = 10


class Times(NamedTuple):
    """Seconds from POST to its answer, and to SUCCESS."""

    submit: float
    done: float


def part(rounds: int, few_repeats: int, many: int) -> Part:
    """Measure with FEW todos and with many, one stack after the other, once a round."""
    found: dict[tuple[int, str], list[Times]] = {}
    with folder() as home, stacks(home) as both, ExitStack() as workers:
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
                    found.setdefault((size, name), []).extend(times)
                    tell(f"export, {size:,} todos: {name} {times[-1].done * 1000:.0f} ms")
    return _part(found, many)


def measure(stack: Stack, repeats: int) -> list[Times]:
    """Make so many calendars, one after the other."""
    connection = HTTPConnection("127.0.0.1", stack.port, timeout=600)
    return [_once(connection) for _ in range(repeats)]


def _once(connection: HTTPConnection) -> Times:
    start = time.perf_counter()
    task = _ask(connection, "POST", "/api/v1/todos/ical")["task_id"]
    submitted = time.perf_counter() - start
    while True:
        status = _ask(connection, "GET", f"/api/v1/todos/ical/{task}/status")["task_status"]
        if status not in ("PENDING", "STARTED", "RETRY"):
            break
        time.sleep(POLL)
    if status != "SUCCESS":
        raise RuntimeError(f"the job ended as {status}")
    return Times(submitted, time.perf_counter() - start)


def _ask(connection: HTTPConnection, method: str, path: str) -> Any:
    connection.request(method, path)
    return json.loads(connection.getresponse().read())


def _part(found: dict[tuple[int, str], list[Times]], many: int) -> Part:
    figures, rows = {}, []
    for size in (FEW, many):
        for what, of in (("submit", 0), ("POST → SUCCESS", 1)):
            ours, theirs = (
                median(one[of] for one in found[size, name]) for name in (OURS, PRACTICAL)
            )
            rows.append([what, f"{size:,}", milliseconds(ours), milliseconds(theirs),
                         number(theirs / ours)])  # fmt: skip
            figures[f"{what}, {'few' if size == FEW else 'many'}"] = theirs / ours
    submits = [median(one.submit for one in found[size, OURS]) for size in (FEW, many)]
    figures["submit, many to few"] = submits[1] / submits[0]
    done = median(one.done for one in found[FEW, OURS])
    figures["seconds per calendar"] = done - submits[0]
    head = ["what", "todos", f"{OURS}, ms", f"{PRACTICAL}, ms", "times as fast"]
    return Part(table(head, rows), figures)
