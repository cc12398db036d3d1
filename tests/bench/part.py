"""What a part of the benchmark is asked for and hands back."""

from typing import NamedTuple


class Part(NamedTuple):
    """Markdown without a heading, named figures, and plots as SVG, for docs/benchmarks."""

    text: str
    figures: dict[str, float]
    plots: dict[str, str] = {}  # noqa: RUF012


class Scale(NamedTuple):
    """How much to measure: a run on CI, a run that is written down, and one for the night."""

    rounds: int
    seconds: float  # of load on each operation
    share: float  # of the usual number of jobs
    sizes: tuple[int, ...]  # todos
    calendar_sizes: tuple[int, ...]  # todos
    million: int  # todos
    depths: tuple[int, ...]  # queued jobs
    workers: tuple[int, ...]
    users: tuple[int, ...]  # of the week-8 load


SHORT = Scale(
    rounds=1,
    seconds=0.5,
    share=0.02,
    sizes=(10, 1000),
    calendar_sizes=(500,),
    million=1000,
    depths=(1, 10),
    workers=(1,),
    users=(5, 10),
)
USUAL = Scale(
    rounds=3,
    seconds=1.0,
    share=0.3,
    sizes=(10, 1000, 100_000, 1_000_000),
    calendar_sizes=(10_000,),
    million=100_000,
    depths=(1, 100, 10_000),
    workers=(1, 2, 4, 8),
    users=(50, 100, 200, 400, 600, 800, 1200, 1600, 2000, 2400),
)
LONG = USUAL._replace(
    rounds=7,
    seconds=3.0,
    share=2.0,
    calendar_sizes=(10_000, 100_000),
    million=1_000_000,
    users=(*USUAL.users, 3200),
)
