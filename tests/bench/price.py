"""Requests with more to do, and with the least: what their price is made of."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import NamedTuple

from tests.bench.operations import BY_NAME, load
from tests.bench.part import Part
from tests.bench.report import median, number, table
from tests.bench.stacks import OURS, PRACTICAL, PROCESSES, Stack, beside
from tests.bench.stand import tell

FLOOR = "the floor: its one statement"


class Case(NamedTuple):
    """An operation, and two web servers that are asked for it; `about` says what is special."""

    operation: str
    about: str
    one: AbstractContextManager[Stack]
    other: AbstractContextManager[Stack]


def part(both: dict[str, Stack], rounds: int, seconds: float, connections: Sequence[int]) -> Part:
    """The ratios, the practical's = 1."""
    rows, figures = [], {}
    for case in _cases(both[OURS], both[PRACTICAL]):
        with case.one as one, case.other as other:
            found = [
                median(_ratio(case.operation, one, other, count, seconds) for _ in range(rounds))
                for count in connections
            ]
        tell(f"http, {case.operation}, {case.about}: {found}")
        rows.append([f"{case.operation}, {case.about}", *map(number, found)])
        figures[f"{case.operation}, {case.about}, at one"] = found[0]
    head = ["requests/s, the practical's = 1, at so many connections", *map(str, connections)]
    return Part(table(head, rows), figures)


def _cases(ours: Stack, practical: Stack) -> Iterator[Case]:
    limited = beside(ours, TASKOVERFLOW_RATE_LIMIT="10000000")
    yield Case("GET one", "with its rate limit, in Redis", limited, nullcontext(practical))
    more = {"TASKOVERFLOW_WEB_PROCESSES": str(2 * PROCESSES)}
    twice = beside(ours, **more), beside(practical, **more)
    yield Case("GET one", "both with two processes on a core", *twice)
    for operation in ("GET one", "GET a page of 50", "POST"):
        floor = beside(ours, _floor)
        yield Case(operation, FLOOR, floor, nullcontext(practical))


def _floor(stack: Stack) -> list[str | Path]:
    return [
        sys.executable, "-m", "uvicorn", "tests.bench.floor:app", "--port", str(stack.port),
        "--workers", stack.processes, "--no-access-log", "--log-level", "warning",
    ]  # fmt: skip


def _ratio(operation: str, one: Stack, other: Stack, connections: int, seconds: float) -> float:
    ours, theirs = (
        load(stack, BY_NAME[operation].requests(stack), connections, seconds).rate
        for stack in (one, other)
    )
    return ours / max(theirs, 0.1)
