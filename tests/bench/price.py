"""Requests with more to do: what they come to then."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

from tests.bench.operations import BY_NAME, load
from tests.bench.report import median, number, table
from tests.bench.stacks import OURS, PRACTICAL, PROCESSES, Stack, beside
from tests.bench.stand import tell


class Case(NamedTuple):
    """Two web servers that are asked for one todo; `about` says what is special."""

    about: str
    one: AbstractContextManager[Stack]
    other: AbstractContextManager[Stack]


def table_of(
    both: dict[str, Stack], rounds: int, seconds: float, connections: Sequence[int]
) -> str:
    """A table of the ratios, the practical's = 1."""
    rows = []
    for case in _cases(both[OURS], both[PRACTICAL]):
        with case.one as one, case.other as other:
            found = [
                median(_ratio(one, other, count, seconds) for _ in range(rounds))
                for count in connections
            ]
        tell(f"http, {case.about}: {found}")
        rows.append([case.about, *map(number, found)])
    head = [
        "GET one: requests/s, the practical's = 1, at so many connections",
        *map(str, connections),
    ]
    return table(head, rows)


def _cases(ours: Stack, practical: Stack) -> Iterator[Case]:
    limited = beside(ours, TASKOVERFLOW_RATE_LIMIT="10000000")
    yield Case("with its rate limit, in Redis", limited, nullcontext(practical))
    more = {"TASKOVERFLOW_WEB_PROCESSES": str(2 * PROCESSES)}
    twice = beside(ours, **more), beside(practical, **more)
    yield Case("both with two processes on a core", *twice)


def _ratio(one: Stack, other: Stack, connections: int, seconds: float) -> float:
    ours, theirs = (
        load(stack, BY_NAME["GET one"].requests(stack), connections, seconds).rate
        for stack in (one, other)
    )
    return ours / max(theirs, 0.1)
