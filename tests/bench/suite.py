"""The parts of the benchmark by name, how much each does, and BENCHMARKS.md made of them."""

from collections.abc import Callable
from pathlib import Path

from tests.bench import calendar, export, http, jobs, million, targets
from tests.bench.part import LONG, SHORT, USUAL, Part, Scale
from tests.bench.stand import machine, tell

SCALES = {"short": SHORT, "usual": USUAL, "long": LONG}


def _calendar(scale: Scale) -> Part:
    return calendar.part(scale.calendar_sizes, scale.rounds, tell)


def _http(scale: Scale) -> Part:
    return http.part(scale.rounds, scale.seconds)


def _jobs(scale: Scale) -> Part:
    return jobs.part(scale.rounds, scale.share)


def _export(scale: Scale) -> Part:
    return export.part(scale.rounds, 10, min(100_000, scale.sizes[-1]))


def _million(scale: Scale) -> Part:
    return Part(million.table(scale.million, tell), {})


PARTS: dict[str, tuple[str, Callable[[Scale], Part]]] = {
    "http": ("Requests", _http),
    "jobs": ("Empty jobs", _jobs),
    "export": ("From POST to SUCCESS", _export),
    "calendar": ("Writing a calendar", _calendar),
    "million": ("A very large calendar", _million),
}

HEAD = """# Benchmarks

Written by `scripts/bench`, from one run. What is compared is measured in the same run, in turn, and
each figure is a median; a ratio is the median of the rounds' ratios. Measured on:
{machine}
"""


def run(names: list[str], scale: Scale) -> str:
    """Measure these parts; Markdown."""
    about = HEAD.format(machine=machine())
    found: dict[str, Part] = {}
    for name in names:
        tell(f"{name} …")
        found[name] = PARTS[name][1](scale)
    figures = {name: value for part in found.values() for name, value in part.figures.items()}
    sections = [f"## {PARTS[name][0]}\n\n{part.text}" for name, part in found.items()]
    return (
        "\n\n".join([about.strip(), f"## Targets\n\n{targets.table_of(figures)}", *sections]) + "\n"
    )


def write(text: str, path: Path) -> None:
    """Keep a run's text."""
    path.write_text(text)
