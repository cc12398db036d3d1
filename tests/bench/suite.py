"""The parts of the benchmark by name, how much each does, and BENCHMARKS.md made of them."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.bench import calendar, capacity, export, http, jobs, million, scale, targets, week8
from tests.bench.part import LONG, SHORT, USUAL, Part, Scale
from tests.bench.stand import machine, tell

SCALES = {"short": SHORT, "usual": USUAL, "long": LONG}


def _http(how_much: Scale) -> Part:
    return http.part(how_much.rounds, how_much.seconds)


def _jobs(how_much: Scale) -> Part:
    return jobs.part(how_much.rounds, how_much.share)


def _export(how_much: Scale) -> Part:
    return export.part(how_much.rounds, 10, min(100_000, how_much.sizes[-1]))


def _load(how_much: Scale) -> Part:
    return week8.part(how_much.users, 4 * how_much.seconds)


def _scale(how_much: Scale) -> Part:
    return scale.part(how_much.sizes, how_much.depths, how_much.workers, how_much.share / 2)


def _calendar(how_much: Scale) -> Part:
    return calendar.part(how_much.calendar_sizes, how_much.rounds, tell)


def _million(how_much: Scale) -> Part:
    return Part(million.table(how_much.million, tell), {})


PARTS: dict[str, tuple[str, Callable[[Scale], Part]]] = {
    "http": ("Requests", _http),
    "jobs": ("Empty jobs", _jobs),
    "export": ("From POST to SUCCESS", _export),
    "load": ("The course's week-8 load", _load),
    "scale": ("Scale", _scale),
    "calendar": ("Writing a calendar", _calendar),
    "million": ("A very large calendar", _million),
}

HEAD = """# Benchmarks

Written by `scripts/bench`, from one run. What is compared is measured in the same run, in turn, and
each figure is a median; a ratio is the median of the rounds' ratios. Measured on:
{machine}
"""


class Result(NamedTuple):
    """The Markdown of a run, and its plots."""

    text: str
    plots: dict[str, str]


def run(names: list[str], how_much: Scale) -> Result:
    """Measure these parts."""
    about = HEAD.format(machine=machine())
    found: dict[str, Part] = {}
    for name in names:
        tell(f"{name} …")
        found[name] = PARTS[name][1](how_much)
    figures = {name: value for part in found.values() for name, value in part.figures.items()}
    sections = [f"## {PARTS[name][0]}\n\n{part.text}" for name, part in found.items()]
    if figures.keys() >= capacity.NEEDED:
        sections.append(f"## What that means for users\n\n{capacity.text(figures)}")
    text = "\n\n".join([about.strip(), f"## Targets\n\n{targets.table_of(figures)}", *sections])
    plots = {name: plot for part in found.values() for name, plot in part.plots.items()}
    return Result(text + "\n", plots)


def write(result: Result, root: Path) -> None:
    """Keep a run: BENCHMARKS.md, and its plots in docs/benchmarks."""
    (root / "BENCHMARKS.md").write_text(result.text)
    folder = root / "docs" / "benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    for name, plot in result.plots.items():
        (folder / f"{name}.svg").write_text(plot)
