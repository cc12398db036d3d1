"""Markdown tables, and the figures in them."""

import math
import statistics
from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table: the first column is text, the others are numbers."""
    rule = f"|---|{'--:|' * (len(head) - 1)}"
    first, *others = (f"| {' | '.join(line)} |" for line in [head, *rows])
    return "\n".join([first, rule, *others])


def median(figures: Iterable[float]) -> float:
    """The median."""
    return statistics.median(figures)


def number(value: float) -> str:
    """A figure with three digits that mean something; "none" if it is infinite or not known."""
    if not math.isfinite(value):
        return "none"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def milliseconds(seconds: float) -> str:
    """A time in milliseconds."""
    return number(seconds * 1000)
