"""Requests per second, on our web server and on the practical's stack."""

import json
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from tests.bench.part import Part
from tests.bench.report import median, milliseconds, number, table
from tests.bench.stacks import (
    OURS,
    PRACTICAL,
    PROCESSES,
    THREADS,
    Stack,
    limited,
    settle,
    stacks,
)
from tests.bench.stand import client_cores, folder, pin, tell

TODOS = 1000
CONNECTIONS = (1, 8, 64)
WARM_UP = 0.3  # seconds
BODY = json.dumps({"title": "Buy milk, eggs; bread", "description": "A made-up todo. " * 4,
                   "deadline_at": "2026-12-24T18:00:00"})  # fmt: skip


class Operation(NamedTuple):
    """One kind of request: how often each stack is asked for it says `Result`."""

    name: str
    requests: Callable[[Stack], list[str]]


class Result(NamedTuple):
    """Requests per second, and how long the median and the slowest hundredth took, in seconds.

    Where nothing was answered at all, they took longer than any other: infinity.
    """

    rate: float
    p50: float
    p99: float
    failures: int


def request(stack: Stack, method: str, path: str, body: str = "", **headers: str) -> str:
    """A request as it goes over the wire."""
    lines = [f"{method} /api/v1{path} HTTP/1.1", f"Host: 127.0.0.1:{stack.port}"]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    elif method == "POST":
        lines += ["Content-Length: 0"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", body])


def _ids() -> list[int]:
    return random.Random(6400).sample(range(1, TODOS + 1), 256)


def _get_one(stack: Stack) -> list[str]:
    return [request(stack, "GET", f"/todos/{todo_id}") for todo_id in _ids()]


def _conditional(stack: Stack) -> list[str]:
    import httpx

    found = httpx.get(f"{stack.api}/todos?limit=50")
    etag = found.headers.get("ETag", '"none"')
    return [request(stack, "GET", "/todos?limit=50", If_None_Match=etag)]


OPERATIONS = (
    Operation("GET one", _get_one),
    Operation("GET a page of 50", lambda stack: [request(stack, "GET", "/todos?limit=50")]),
    Operation("GET the same page again (304)", _conditional),
    Operation("POST", lambda stack: [request(stack, "POST", "/todos", BODY)]),
    Operation(
        "PUT",
        lambda stack: [
            request(stack, "PUT", f"/todos/{todo_id}", json.dumps({"completed": todo_id % 2 == 0}))
            for todo_id in _ids()
        ],
    ),
    Operation("submit a calendar", lambda stack: [request(stack, "POST", "/todos/ical")]),
)


def load(stack: Stack, requests: Sequence[str], connections: int, seconds: float) -> Result:
    """Have the load generator, on its own core, send requests to a stack.

    The stack has settled at the end: what it still had to do would slow the other one's load too.
    """
    wanted = {
        "address": ["127.0.0.1", stack.port],
        "requests": list(requests),
        "connections": connections,
        "seconds": seconds,
        "warm_up": WARM_UP,
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.load"],
        input=json.dumps(wanted),
        env=stack.environ,
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: pin(0, client_cores()),
    )
    settle(stack)
    return _result(json.loads(done.stdout))


def _result(found: dict[str, Any]) -> Result:
    latencies = found["latencies"] or [float("inf")]
    failures = found["broken"] + sum(
        n for status, n in found["statuses"].items() if status >= "400"
    )
    return Result(
        len(found["latencies"]) / found["seconds"],
        latencies[len(latencies) // 2],
        latencies[int(len(latencies) * 0.99)],
        failures,
    )


Key = tuple[str, int, str]


def part(rounds: int, seconds: float, connections: Sequence[int] = CONNECTIONS) -> Part:
    """Each operation on one stack, then the other, once a round."""
    found: dict[Key, list[Result]] = {}
    with folder() as home, stacks(home) as both:
        for one in both.values():
            one.fill(TODOS)
        for round_ in range(1, rounds + 1):
            for operation in OPERATIONS:
                for count in connections:
                    for name, one in both.items():
                        result = load(one, operation.requests(one), count, seconds)
                        found.setdefault((operation.name, count, name), []).append(result)
                        tell(
                            f"http {round_}, {operation.name}, {count}: {name} {result.rate:.0f}/s"
                        )
        limit = _cost_of_the_limit(both[OURS], rounds, seconds)
    return Part(f"{_table(found, connections)}\n\n{limit}", _figures(found, connections))


def _cost_of_the_limit(stack: Stack, rounds: int, seconds: float) -> str:
    """The practical has no rate limit, and so none is compared; this is what it costs."""
    requests = _get_one(stack)
    with limited(stack) as other:
        rates = [
            [load(one, requests, 8, seconds).rate for one in (other, stack)] for _ in range(rounds)
        ]
    share = median(with_limit / without for with_limit, without in rates)
    return (
        "Compared without the rate limit of TaskOverflow, which the practical has not. It asks "
        f"Redis about each request: GET one, at 8 connections, comes to {share:.2f} of the rate."
    )


def _figures(found: dict[Key, list[Result]], connections: Sequence[int]) -> dict[str, float]:
    """The worst over the connections: for each operation, of the rates and of the p99."""
    figures = {}
    for name in ("GET one", "GET a page of 50", "POST"):
        pairs = [(found[name, count, OURS], found[name, count, PRACTICAL]) for count in connections]
        figures[f"{name}, rate"] = min(_times(ours, theirs) for ours, theirs in pairs)
        figures[f"{name}, p99"] = max(
            median(one.p99 for one in ours) / median(one.p99 for one in theirs)
            for ours, theirs in pairs
        )
    pages = found["GET a page of 50", connections[len(connections) // 2], OURS]
    return {**figures, "pages per second": median(one.rate for one in pages)}


def _table(found: dict[Key, list[Result]], connections: Sequence[int]) -> str:
    head = ["request", "connections", f"{OURS}, req/s", f"{PRACTICAL}, req/s", "ratio",
            "p50, ms", "its p50", "p99, ms", "its p99"]  # fmt: skip
    rows = []
    for operation in OPERATIONS:
        for count in connections:
            ours, theirs = (found[operation.name, count, name] for name in (OURS, PRACTICAL))
            rows.append([
                operation.name,
                str(count),
                _rate(ours),
                _rate(theirs),
                number(_times(ours, theirs)),
                *(milliseconds(median(one.p50 for one in of)) for of in (ours, theirs)),
                *(milliseconds(median(one.p99 for one in of)) for of in (ours, theirs)),
            ])  # fmt: skip
    return (
        f"{PROCESSES} web processes each, ours with {THREADS} threads, {TODOS:,} todos, PostgreSQL;"
        " the processes share a core, the database and the load generator another\n\n"
        f"{table(head, rows)}"
    )


def _times(ours: list[Result], theirs: list[Result]) -> float:
    """The median of the rounds' ratios."""
    return median(a.rate / max(b.rate, 0.1) for a, b in zip(ours, theirs, strict=True))


def _rate(results: list[Result]) -> str:
    failed = sum(one.failures for one in results)
    silent = sum(one.rate == 0 for one in results)
    return (
        number(median(one.rate for one in results))
        + (f" ({failed} failed)" if failed else "")
        + (f" ({silent} of {len(results)} times no answer)" if silent else "")
    )
