"""A line chart as SVG, both axes logarithmic: as much as BENCHMARKS.md needs."""

from math import ceil, floor, log10
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, BOTTOM, RIGHT, TOP = 640, 360, 70, 50, 170, 40
COLOURS = "#2563eb", "#dc2626", "#16a34a", "#9333ea", "#ea580c"

Line = list[tuple[float, float]]


def chart(title: str, x_label: str, y_label: str, lines: dict[str, Line]) -> str:
    """The chart; each line is named beside its last point."""
    xs = [x for line in lines.values() for x, _ in line]
    ys = [y for line in lines.values() for _, y in line]
    across, up = _axis(xs, LEFT, WIDTH - RIGHT), _axis(ys, HEIGHT - BOTTOM, TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>',
        _text(LEFT, 22, title, "start", 'font-size="15"'),
        _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, x_label),
        _text(LEFT, TOP - 2, y_label, "end"),
    ]
    for x in _decades(xs):
        parts.append(_rule(across(x), TOP, across(x), HEIGHT - BOTTOM))
        parts.append(_text(across(x), HEIGHT - BOTTOM + 18, f"{x:,.10g}"))
    for y in _decades(ys):
        parts.append(_rule(LEFT, up(y), WIDTH - RIGHT, up(y)))
        parts.append(_text(LEFT - 6, up(y) + 4, f"{y:,.10g}", "end"))
    for (name, line), colour in zip(lines.items(), COLOURS, strict=False):
        points = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in line)
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
        )
        x, y = line[-1]
        parts.append(_text(across(x) + 8, up(y) + 4, name, "start", f'fill="{colour}"'))
    return "\n".join([*parts, "</svg>", ""])


def _axis(values: list[float], start: float, end: float):
    low, high = _range(values)
    return lambda value: start + (end - start) * (log10(value) - low) / (high - low)


def _range(values: list[float]) -> tuple[int, int]:
    low, high = floor(log10(min(values))), ceil(log10(max(values)))
    return low, max(high, low + 1)


def _decades(values: list[float]) -> list[float]:
    low, high = _range(values)
    return [10.0**power for power in range(low, high + 1)]


def _text(x: float, y: float, text: str, anchor: str = "middle", more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {more}>{escape(text)}</text>'


def _rule(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#ddd"/>'
