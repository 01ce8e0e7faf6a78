"""Charts as plain SVG, without scripts or styles; the page's style sheet colours their classes."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

WIDTH, HEIGHT = 480, 180
LEFT, BOTTOM, TOP = 36, 24, 24


def bars(values: Sequence[tuple[str, float]], title: str, unit: str = "") -> Markup:
    """Draw vertical bars, each with its label below and its value above."""
    highest = max([value for _, value in values] + [1.0])
    step = (WIDTH - LEFT) / max(1, len(values))
    height = HEIGHT - BOTTOM - TOP
    parts = [_axis(highest, unit)]
    for place, (label, value) in enumerate(values):
        tall = height * value / highest
        x, y = LEFT + place * step + step * 0.18, HEIGHT - BOTTOM - tall
        parts.append(
            f'<rect class="bar" x="{x:.1f}" y="{y:.1f}" width="{step * 0.64:.1f}" height="{tall:.1f}" rx="3"/>'
            f'<text class="tick" x="{x + step * 0.32:.1f}" y="{HEIGHT - 6}" text-anchor="middle">{escape(label)}</text>'
        )
        if value:
            parts.append(
                f'<text class="value" x="{x + step * 0.32:.1f}" y="{y - 4:.1f}" text-anchor="middle">'
                f"{_figure(value)}</text>"
            )
    return _svg(parts, title, values, unit)


def line(values: Sequence[tuple[str, float | None]], title: str, unit: str = "") -> Markup:
    """Draw a line over evenly spaced labels, with a gap where there is no value."""
    known = [value for _, value in values if value is not None]
    highest = max([*known, 1.0])
    step = (WIDTH - LEFT) / max(1, len(values))
    height = HEIGHT - BOTTOM - TOP
    parts = [_axis(highest, unit)]
    path = ""
    for place, (label, value) in enumerate(values):
        x = LEFT + (place + 0.5) * step
        parts.append(
            f'<text class="tick" x="{x:.1f}" y="{HEIGHT - 6}" text-anchor="middle">{escape(label)}</text>'
        )
        if value is None:
            path += " "
            continue
        y = HEIGHT - BOTTOM - height * value / highest
        path += f"{'L' if path and path[-1] != ' ' else 'M'}{x:.1f} {y:.1f}"
        parts.append(
            f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>'
            f'<text class="value" x="{x:.1f}" y="{y - 8:.1f}" text-anchor="middle">{_figure(value)}</text>'
        )
    parts.insert(1, f'<path class="line" d="{path.strip()}"/>')
    return _svg(parts, title, values, unit)


def shares(values: Sequence[tuple[str, float, str]], title: str) -> Markup:
    """Draw horizontal bars from 0 to 1, each with its label on the left and a figure on the right."""
    row, label_width, room = 26, 170, WIDTH - 170 - 104
    height = row * len(values) + 8
    parts = []
    for place, (label, share, figure) in enumerate(values):
        y = place * row + 4
        long = room * share
        shown = label if len(label) <= 26 else f"{label[:25]}…"
        parts.append(
            f'<text class="name" x="{label_width - 8}" y="{y + 14}" text-anchor="end">{escape(shown)}</text>'
            f'<rect class="track" x="{label_width}" y="{y + 2}" width="{room}" height="16" rx="3"/>'
            f'<rect class="bar" x="{label_width}" y="{y + 2}" width="{max(2.0, long):.1f}" height="16" rx="3"/>'
            f'<text class="value" x="{WIDTH - 98}" y="{y + 14}">{escape(figure)}</text>'
        )
    told = "; ".join(f"{label} {figure}" for label, _, figure in values)
    return Markup(  # noqa: S704 - made of numbers and escaped words
        f'<svg class="plot" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(f"{title}: {told}")}">'
        f"{''.join(parts)}</svg>"
    )


def _axis(highest: float, unit: str) -> str:
    bottom = HEIGHT - BOTTOM
    return (
        f'<line class="axis" x1="{LEFT}" y1="{bottom}" x2="{WIDTH}" y2="{bottom}"/>'
        f'<line class="grid" x1="{LEFT}" y1="{TOP}" x2="{WIDTH}" y2="{TOP}"/>'
        f'<text class="tick" x="{LEFT - 6}" y="{bottom + 4}" text-anchor="end">0</text>'
        f'<text class="tick" x="{LEFT - 6}" y="{TOP + 4}" text-anchor="end">{_figure(highest)}{escape(unit)}</text>'
    )


def _svg(parts: Sequence[str], title: str, values: Sequence[tuple[str, float | None]], unit: str) -> Markup:
    told = "; ".join(f"{label} {_figure(value)}{unit}" for label, value in values if value is not None)
    return Markup(  # noqa: S704 - made of numbers and escaped words
        f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(f"{title}: {told}")}">'
        f"{''.join(parts)}</svg>"
    )


def _figure(value: float) -> str:
    return f"{value:.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"
