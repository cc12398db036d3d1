"""Each kind of request that the stacks are compared by, and a load of it."""

import json
import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from tests.bench.stacks import Stack, settle
from tests.bench.stand import on_client_core

TODOS = 1000  # stored
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
BY_NAME = {operation.name: operation for operation in OPERATIONS}


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
    found = on_client_core("tests.bench.load", wanted, stack.environ)
    settle(stack)
    return _result(found)


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
