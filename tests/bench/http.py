"""Requests per second: our web server, the practical's, and the floor of ours."""

import sys
from collections.abc import Sequence
from pathlib import Path

from tests.bench import price
from tests.bench.operations import OPERATIONS, TODOS, Result, load
from tests.bench.part import Part
from tests.bench.report import median, milliseconds, number, table
from tests.bench.stacks import OURS, PRACTICAL, PROCESSES, Stack, beside, stacks
from tests.bench.stand import folder, tell

CONNECTIONS = (1, 8, 64)
FLOOR = "the floor's"  # tests.bench.floor
COMPARED = ("GET one", "GET a page of 50", "POST")

Key = tuple[str, int, str]


def part(rounds: int, seconds: float, connections: Sequence[int] = CONNECTIONS) -> Part:
    """Each operation on one stack, then the other, once a round."""
    found: dict[Key, list[Result]] = {}
    with folder() as home, stacks(home) as both, beside(both[OURS], _floor) as floor:
        for one in both.values():
            one.fill(TODOS)
        for round_ in range(1, rounds + 1):
            for operation in OPERATIONS:
                servers = both | ({FLOOR: floor} if operation.name in COMPARED else {})
                for count in connections:
                    for name, one in servers.items():
                        result = load(one, operation.requests(one), count, seconds)
                        found.setdefault((operation.name, count, name), []).append(result)
                        tell(
                            f"http {round_}, {operation.name}, {count}: {name} {result.rate:.0f}/s"
                        )
        costs = price.table_of(both, (rounds + 1) // 2, seconds, connections)
    return Part(f"{_table(found, connections)}\n\n{costs}", _figures(found, connections))


def _floor(stack: Stack) -> list[str | Path]:
    return [
        sys.executable, "-m", "uvicorn", "tests.bench.floor:app", "--port", str(stack.port),
        "--workers", stack.processes, "--no-access-log", "--log-level", "warning",
    ]  # fmt: skip


def _figures(found: dict[Key, list[Result]], connections: Sequence[int]) -> dict[str, float]:
    """For each operation the rate at one connection, the worst rate at more, the worst p99."""
    figures = {}
    for name in COMPARED:
        pairs = [(found[name, count, OURS], found[name, count, PRACTICAL]) for count in connections]
        alone, *shared = (_times(ours, theirs) for ours, theirs in pairs)
        figures[f"{name}, rate at one"] = alone
        least = found[name, connections[0], FLOOR], found[name, connections[0], PRACTICAL]
        figures[f"{name}, floor at one"] = _times(*least)
        figures[f"{name}, rate"] = min(shared)
        figures[f"{name}, p99"] = max(
            median(one.p99 for one in ours) / median(one.p99 for one in theirs)
            for ours, theirs in pairs
        )
    pages = found["GET a page of 50", connections[len(connections) // 2], OURS]
    return {**figures, "pages per second": median(one.rate for one in pages)}


def _table(found: dict[Key, list[Result]], connections: Sequence[int]) -> str:
    head = ["request", "connections", f"{OURS}, req/s", f"{PRACTICAL}, req/s", "ratio",
            "the floor's", "p50, ms", "its p50", "p99, ms", "its p99"]  # fmt: skip
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
                _floors_ratio(found.get((operation.name, count, FLOOR)), theirs),
                *(milliseconds(median(one.p50 for one in of)) for of in (ours, theirs)),
                *(milliseconds(median(one.p99 for one in of)) for of in (ours, theirs)),
            ])  # fmt: skip
    return (
        f"Each has {TODOS:,} todos and a web process for each of its cores: {PROCESSES} here."
        " PostgreSQL shares another core with the load generator. The floor is the same web server"
        " with the one statement that a request needs, and nothing else.\n\n"
        f"{table(head, rows)}"
    )


def _floors_ratio(floor: list[Result] | None, theirs: list[Result]) -> str:
    return number(_times(floor, theirs)) if floor else ""


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
