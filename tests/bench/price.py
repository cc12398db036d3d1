"""GET one with more to do, and with less: what its price is made of."""

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from tests.bench.operations import get_one, load
from tests.bench.report import median, number, table
from tests.bench.stacks import OURS, PRACTICAL, PROCESSES, Stack, beside
from tests.bench.stand import tell

Kinds = dict[str, tuple[AbstractContextManager[Stack], AbstractContextManager[Stack]]]


def table_of(
    both: dict[str, Stack], rounds: int, seconds: float, connections: Sequence[int]
) -> str:
    """A table of GET one as it is, and with more and less to do."""
    ours, practical = both[OURS], both[PRACTICAL]
    more = {"TASKOVERFLOW_WEB_PROCESSES": str(2 * PROCESSES)}
    kinds: Kinds = {
        "with its rate limit, which asks Redis about each request": (
            beside(ours, TASKOVERFLOW_RATE_LIMIT="10000000"),
            nullcontext(practical),
        ),
        "both with two processes on a core": (beside(ours, **more), beside(practical, **more)),
        "the floor: the SELECT, and nothing else": (beside(ours, _floor), nullcontext(practical)),
    }
    rows = []
    for about, (opening_one, opening_other) in kinds.items():
        with opening_one as one, opening_other as other:
            found = [_ratio(one, other, count, rounds, seconds) for count in connections]
        rows.append([about, *found])
    about_all = "GET one at so many connections, the practical's = 1"
    head = [about_all, *(f"at {count}" for count in connections)]
    return table(head, rows)


def _floor(stack: Stack) -> list[str | Path]:
    return [
        sys.executable, "-m", "uvicorn", "tests.bench.floor:app", "--port", str(stack.port),
        "--workers", stack.processes, "--no-access-log", "--log-level", "warning",
    ]  # fmt: skip


def _ratio(one: Stack, other: Stack, connections: int, rounds: int, seconds: float) -> str:
    requests = get_one(one)
    rates = [
        [load(stack, requests, connections, seconds).rate for stack in (one, other)]
        for _ in range(rounds)
    ]
    found = median(a / max(b, 0.1) for a, b in rates)
    tell(f"http, price, {connections}: {found:.2f}")
    return number(found)
