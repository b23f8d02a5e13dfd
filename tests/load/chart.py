"""Pictures in SVG: ratios as bars, whose whisker is the least and most of all rounds, and figures over time."""

from collections.abc import Mapping, Sequence
from math import ceil
from statistics import median
from xml.sax.saxutils import escape

WIDTH, LABELS, LINE, MARGIN = 900, 440, 22, 30
COLOURS = ("#0b0c0c", "#0a5c5a", "#b3261e", "#1d70b8", "#626a6e", "#1d7044", "#d4351c", "#5694ca")
BEHIND, AHEAD, INK, PALE = "#505a5f", "#00703c", "#0b0c0c", "#b1b4b6"


def draw(ratios: Mapping[str, Sequence[float]]) -> str:
    """Return the picture; each value of `ratios` is one round's ratio, more is better."""
    most = max(2, ceil(max((max(each) for each in ratios.values()), default=1)))
    scale = (WIDTH - LABELS - MARGIN) / most
    height = LINE * len(ratios) + 2 * MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif"'
        f' font-size="13" fill="{INK}" role="img">',
        "<title>How many times as fast as the one beside it</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    for whole in range(most + 1):
        x = LABELS + whole * scale
        stroke = f'stroke="{INK if whole == 1 else PALE}" stroke-width="{2 if whole == 1 else 1}"'
        lines.append(f'<line x1="{x:.1f}" y1="{MARGIN}" x2="{x:.1f}" y2="{height - MARGIN}" {stroke}/>')
        lines.append(f'<text x="{x:.1f}" y="{height - 10}" text-anchor="middle">{whole}x</text>')
    for number, (label, rounds) in enumerate(ratios.items()):
        lines += _bar(label, rounds, MARGIN + number * LINE, scale)
    return "\n".join([*lines, "</svg>", ""])


def _bar(label: str, rounds: Sequence[float], y: int, scale: float) -> list[str]:
    middle, colour = median(rounds), AHEAD if median(rounds) >= 1 else BEHIND
    least, most, centre = LABELS + min(rounds) * scale, LABELS + max(rounds) * scale, y + LINE / 2
    return [
        f'<text x="{LABELS - 8}" y="{y + 15}" text-anchor="end">{escape(label)}</text>',
        f'<rect x="{LABELS}" y="{y + 4}" width="{middle * scale:.1f}" height="{LINE - 8}" fill="{colour}"/>',
        f'<line x1="{least:.1f}" y1="{centre}" x2="{most:.1f}" y2="{centre}" stroke="{INK}"/>',
        f'<text x="{most + 6:.1f}" y="{y + 15}">{middle:.2f}</text>',
    ]


def lines(figures: Mapping[str, Sequence[tuple[float, float]]], *, unit: str) -> str:
    """Return the picture of figures over minutes, each line with its name and its last value beside its end."""
    end = max(minutes for each in figures.values() for minutes, _ in each)
    most = 20 * ceil(max(value for each in figures.values() for _, value in each) / 20)
    height, right = 420, WIDTH - LABELS + 120
    x_of, y_of = (right - 50) / end, (height - 2 * MARGIN) / most
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif"'
        f' font-size="13" fill="{INK}" role="img">',
        f"<title>{unit} over minutes</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    for step in range(0, most + 1, 20):
        y = height - MARGIN - step * y_of
        drawn.append(f'<line x1="50" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" stroke="{PALE}"/>')
        drawn.append(f'<text x="44" y="{y + 4:.1f}" text-anchor="end">{step}</text>')
    drawn.append(f'<text x="{right}" y="{height - 8}" text-anchor="end">{end:.0f} minutes</text>')
    drawn.append(f'<text x="50" y="18">{unit}</text>')
    last = float(height)
    by_height = sorted(figures.items(), key=lambda each: each[1][-1][1])
    for (label, points), colour in zip(by_height, COLOURS, strict=False):
        path = " ".join(f"{50 + minutes * x_of:.1f},{height - MARGIN - value * y_of:.1f}" for minutes, value in points)
        drawn.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        last = min(height - MARGIN - points[-1][1] * y_of + 4, last - 15)
        told = escape(f"{label}: {points[-1][1]:.0f}")
        drawn.append(f'<text x="{right + 8}" y="{last:.1f}" fill="{colour}">{told}</text>')
    return "\n".join([*drawn, "</svg>", ""])
