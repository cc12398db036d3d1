"""What a part of the benchmark hands back: its text, and the figures that the targets ask for."""

from typing import NamedTuple


class Part(NamedTuple):
    """Markdown without a heading, and named figures."""

    text: str
    figures: dict[str, float]


class Scale(NamedTuple):
    """How much to measure: a run on CI, a run that is written down, and one for the night."""

    rounds: int
    seconds: float  # of load on each operation
    share: float  # of the usual number of jobs
    sizes: tuple[int, ...]  # todos
    calendar_sizes: tuple[int, ...]
    million: int


SHORT = Scale(1, 0.3, 0.02, (10, 1000), (500,), 1000)
USUAL = Scale(3, 1.0, 1.0, (10, 1000, 100_000, 1_000_000), (10_000,), 1_000_000)
LONG = Scale(5, 3.0, 2.0, (10, 1000, 100_000, 1_000_000), (10_000, 100_000), 1_000_000)
