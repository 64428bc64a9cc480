"""Gap over time as a small SVG, written by hand: one line per contestant that reports its way, a dot for the others."""

from __future__ import annotations

import math
from html import escape

from solver.bench.results import Market

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 56, 150, 28, 40
COLOURS = ("#0b6e4f", "#c1440e", "#30638e", "#8f2d56", "#d1a007", "#5f5f5f", "#4c956c", "#7b4bb7", "#222222")
LEAST_GAP, MOST_GAP = 1e-4, 1.0

Point = tuple[float, float]


def draw_gaps(market: Market, title: str) -> str:
    """SVG of (bound - value) / bound over seconds, against the least bound of the run; logarithmic upwards."""
    bound = market.best_bound_micros() or 0
    lines = {entry.name: _points(entry.history, entry, bound) for entry in market.entries if entry.ranked}
    lines = {name: points for name, points in lines.items() if points}
    longest = max((at for points in lines.values() for at, _ in points), default=1.0)
    body = [_frame(title, longest)]
    for number, (name, points) in enumerate(lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        body.append(_line([_place(at, gap, longest) for at, gap in points], colour))
        body.append(_key(number, name, points[-1][1], colour))
    inside = "\n".join(body)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="sans-serif" font-size="11" role="img">\n{inside}\n</svg>\n'
    )


def _points(history: list[tuple[float, int, int]], entry: object, bound: int) -> list[Point]:
    """(seconds, gap), with the end of the run last; stretches without a change are left out."""
    if bound <= 0:
        return []
    points = [(at, (bound - value) / bound) for at, value, _ in history if value > 0]
    value, seconds = getattr(entry, "value_micros", None), getattr(entry, "seconds", None)
    if value is not None and seconds is not None:
        points.append((seconds, (bound - value) / bound))
    kept: list[Point] = []
    for at, gap in points:
        if not kept or gap < kept[-1][1] - 1e-12 or at == points[-1][0]:
            kept.append((at, gap))
    return kept


def _place(at: float, gap: float, longest: float) -> Point:
    x = LEFT + (WIDTH - LEFT - RIGHT) * min(1.0, at / longest if longest else 0.0)
    share = math.log(min(MOST_GAP, max(LEAST_GAP, gap)) / LEAST_GAP) / math.log(MOST_GAP / LEAST_GAP)
    return round(x, 1), round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share, 1)


def _line(points: list[Point], colour: str) -> str:
    """Steps: a value holds until the next is found."""
    x, y = points[0]
    path = [f"M{x} {y}"]
    path += [f"H{next_x}V{next_y}" for next_x, next_y in points[1:]]
    x, y = points[-1]
    dot = f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>'
    return f'<path d="{"".join(path)}" fill="none" stroke="{colour}" stroke-width="1.5"/>{dot}'


def _key(number: int, name: str, gap: float, colour: str) -> str:
    x, y = WIDTH - RIGHT + 12, TOP + 12 + 16 * number
    return f'<text x="{x}" y="{y}" fill="{colour}">{escape(name)} {gap:.2%}</text>'


def _frame(title: str, longest: float) -> str:
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    parts = [f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>']
    parts.append(f'<text x="{LEFT}" y="18" font-size="13">{escape(title)}</text>')
    for exponent in range(round(math.log10(LEAST_GAP)), 1):
        _, y = _place(0.0, 10.0**exponent, 1.0)
        parts.append(f'<path d="M{LEFT} {y}H{right}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{10.0 ** (exponent + 2):g}%</text>')
    for quarter in range(5):
        at = longest * quarter / 4
        x, _ = _place(at, MOST_GAP, longest)
        parts.append(f'<text x="{x}" y="{bottom + 16}" text-anchor="middle">{at:.3g} s</text>')
    parts.append(f'<path d="M{LEFT} {TOP}V{bottom}H{right}" fill="none" stroke="#555"/>')
    return "\n".join(parts)
