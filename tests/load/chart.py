"""Ratios as bars in an SVG: one line is as fast as the other, and the whisker is the least and most of all rounds."""

from collections.abc import Mapping, Sequence
from math import ceil
from statistics import median
from xml.sax.saxutils import escape

WIDTH, LABELS, LINE, MARGIN = 900, 440, 22, 30
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
