"""A picture of the Pareto front as a small SVG: what cleaner and nearer cost, for the same work."""

from collections.abc import Mapping, Sequence
from typing import Any

WIDTH, HEIGHT, LEFT, TOP, PLOT, GAP = 900, 360, 70, 30, 350, 70
COLOURS = {"carbon": "#2a7f4f", "latency": "#1f5fa8", "both": "#b0562b"}
AXES = (("carbon_kg_location", 1e3, "t CO2, location-based"), ("rtt_ms_mean", 1.0, "mean RTT, ms"))

Points = Sequence[Mapping[str, Any]]


def draw_front(points: Points) -> str:
    """SVG of spend over carbon and over RTT, a line for each path of the sweep."""
    panels = "\n".join(
        _panel(points, name, unit, label, LEFT + number * (PLOT + GAP))
        for number, (name, unit, label) in enumerate(AXES)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="12">\n<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>\n{panels}\n{_key()}\n</svg>\n'
    )


def _panel(points: Points, name: str, unit: float, label: str, left: float) -> str:
    across = [point[name] / unit for point in points]
    spend = [float(point["spend"]) / 1e3 for point in points]
    low_x, high_x, low_y, high_y = *_span(across), *_span(spend)
    bottom, right = HEIGHT - 50, left + PLOT

    def place(x: float, y: float) -> str:
        at_x = left + PLOT * (x - low_x) / (high_x - low_x)
        at_y = bottom - (bottom - TOP) * (y - low_y) / (high_y - low_y)
        return f"{at_x:.1f},{at_y:.1f}"

    parts = [
        f'<path d="M{left},{TOP} V{bottom} H{right}" fill="none" stroke="#888"/>',
        f'<text x="{left + PLOT / 2}" y="{bottom + 34}" text-anchor="middle">{label}</text>',
        f'<text x="{left}" y="{bottom + 16}">{low_x:,.1f}</text>',
        f'<text x="{right}" y="{bottom + 16}" text-anchor="end">{high_x:,.1f}</text>',
        f'<text x="{left - 6}" y="{bottom}" text-anchor="end">{low_y:,.0f}</text>',
        f'<text x="{left - 6}" y="{TOP + 10}" text-anchor="end">{high_y:,.0f}</text>',
        f'<text x="{left}" y="{TOP - 10}">spend, thousand CNY</text>',
    ]
    for path, colour in COLOURS.items():
        rows = [i for i, point in enumerate(points) if point["path"] == path]
        places = [place(across[i], spend[i]) for i in rows]
        parts.append(f'<polyline points="{" ".join(places)}" fill="none" stroke="{colour}"/>')
        for spot in places:
            x, y = spot.split(",")
            parts.append(f'<circle cx="{x}" cy="{y}" r="3.5" fill="{colour}"/>')
    return "\n".join(parts)


def _span(numbers: Sequence[float]) -> tuple[float, float]:
    """Least and most, never the same."""
    low, high = min(numbers, default=0.0), max(numbers, default=0.0)
    return (low, high) if high > low else (low, low + 1.0)


def _key() -> str:
    names = {"carbon": "carbon dearer", "latency": "latency dearer", "both": "both dearer"}
    return "\n".join(
        f'<text x="{WIDTH - 60 - 110 * (len(names) - number)}" y="{HEIGHT - 2}" fill="{COLOURS[path]}">{text}</text>'
        for number, (path, text) in enumerate(names.items())
    )
