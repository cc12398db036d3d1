"""How fast a calendar is written: a table of ratios, each against others of the same round."""

import gc
import json
import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

from tests.bench.calendar_writers import (
    BASELINE,
    FLOOR,
    ICAL_JS,
    OURS,
    WRITERS,
    has_ical_js,
    made_up,
    run_ical_js,
)
from tests.bench.part import Part

MEBI = 2**20
AT_LEAST = 0.5  # seconds; one run of a few hundredths says little
MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024


class Run(NamedTuple):
    """What one writer took. Its `seconds` are the processor's, which other work hardly changes."""

    seconds: float
    memory: int


Round = dict[str, Run]


def _present(tell: Callable[[str], object]) -> list[str]:
    if has_ical_js():
        return list(WRITERS)
    tell("ical.js is left out: it needs node, and scripts/clients-test to install it")
    return [name for name in WRITERS if name != ICAL_JS]


def _rounds(size: int, repeats: int, tell: Callable[[str], object]) -> list[Round]:
    """Every writer once a round, each in a process of its own, so that none pays for another."""
    rounds: list[Round] = []
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, max_tasks_per_child=1) as processes:
        for number in range(1, repeats + 1):
            rounds.append({})
            for name in _present(tell):
                rounds[-1][name] = processes.submit(measure, name, size).result()
                tell(f"{size:,} todos, round {number}: {name} {rounds[-1][name].seconds:.2f} s")
    return rounds


def measure(name: str, size: int) -> Run:
    """Write todos that are there before, once or, if that is quick, again for half a second."""
    todos = made_up(size)
    if name == ICAL_JS:  # measures itself: node's start and its reading of the todos do not count
        return Run(**json.loads(run_ical_js(todos, str(AT_LEAST))))
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    times, seconds, start = 0, 0.0, time.process_time()
    while seconds < AT_LEAST:
        for _ in WRITERS[name](todos):
            pass
        times, seconds = times + 1, time.process_time() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return Run(seconds / times, memory * MAXRSS_UNIT)


def _table(size: int, rounds: list[Round]) -> str:
    lines = [
        f"{size:,} todos, median of {len(rounds)}; the first three write the same bytes",
        "",
        "| writer | µs per todo | times as fast as icalendar | time, floor = 1 | memory, MiB |",
        "|---|--:|--:|--:|--:|",
    ]
    for name in rounds[0]:
        seconds = _median(rounds, lambda one, name=name: one[name].seconds)
        faster = _median(rounds, lambda one, name=name: one[BASELINE].seconds / one[name].seconds)
        floor = _median(rounds, lambda one, name=name: one[name].seconds / one[FLOOR].seconds)
        memory = _median(rounds, lambda one, name=name: one[name].memory) / MEBI
        lines.append(
            f"| {name} | {seconds / size * 1e6:.1f} | {faster:.1f} | {floor:.2f} | {memory:+.1f} |"
        )
    return "\n".join(lines)


def _median(rounds: list[Round], figure: Callable[[Round], float]) -> float:
    return statistics.median(figure(one) for one in rounds)


def part(sizes: Sequence[int], repeats: int, tell: Callable[[str], object]) -> Part:
    """A table for each size; the figures are those of the last."""
    rounds: list[Round] = []
    texts = []
    for size in sizes:
        rounds = _rounds(size, repeats, tell)
        texts.append(_table(size, rounds))
    figures = {
        "calendar, icalendar": _median(
            rounds, lambda one: one[BASELINE].seconds / one[OURS].seconds
        ),
        "calendar, floor": _median(rounds, lambda one: one[OURS].seconds / one[FLOOR].seconds),
    }
    return Part("\n\n".join(texts), figures)
