"""A small plot as inline SVG. Colours and sizes come from the page's style sheet, so that it follows dark mode."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

WIDTH, HEIGHT = 420, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 12, 22, 38
_LETTER, _LINE = 6.2, 13  # of a label: the widest mean width of a character, and the height

Pair = tuple[float, float]


@dataclass
class Plot:
    """Axes over `x` and `y` (lowest, highest). `log` makes the x axis logarithmic; then x starts above 0."""

    x: Pair
    y: Pair
    x_label: str
    y_label: str
    title: str
    log: bool = False
    _parts: list[str] = field(default_factory=list)
    _labels: list[tuple[float, float, float]] = field(default_factory=list)  # middle, base line, width

    def line(self, points: Iterable[Pair], kind: str) -> None:
        at = " ".join(f"{self._x(x):.1f},{self._y(y):.1f}" for x, y in points)
        self._parts.append(f'<polyline class="{kind}" points="{at}"/>')

    def bars(self, edges: Sequence[float], heights: Sequence[float], kind: str) -> None:
        floor = self._y(self.y[0])
        for left, right, height in zip(edges, edges[1:], heights, strict=False):
            if height > 0:
                top = self._y(height)
                a, b = self._x(left), self._x(right)
                self._parts.append(
                    f'<rect class="{kind}" x="{a:.1f}" y="{top:.1f}" width="{max(0.5, b - a - 0.5):.1f}" '
                    f'height="{floor - top:.1f}"/>'
                )

    def mark(self, x: float, y: float, kind: str, words: str = "", *, left: bool = False) -> None:
        a, b = self._x(x), self._y(y)
        self._parts.append(f'<circle class="{kind}" cx="{a:.1f}" cy="{b:.1f}" r="4"/>')
        if words:
            self._label(a - 8 if left else a + 8, b - 6 if b > HEIGHT - _BOTTOM - 20 else b + 14, words, left)

    def rule(self, x: float, kind: str, words: str = "", *, left: bool = False) -> None:
        """A vertical line over the whole height; `words` stand beside its top: right of it, or `left`, if there is
        room."""
        a = self._x(x)
        self._parts.append(f'<line class="{kind}" x1="{a:.1f}" y1="{_TOP}" x2="{a:.1f}" y2="{HEIGHT - _BOTTOM}"/>')
        if words:
            room = len(words) * _LETTER + 4
            left = a - room >= _LEFT if left else a + room > WIDTH - _RIGHT
            self._label(a - 4 if left else a + 4, _TOP + 11, words, left)

    def _label(self, x: float, y: float, words: str, left: bool) -> None:
        """Words that end (`left`) or begin at `x`, on the first free line from `y` on: down, then up."""
        width = len(words) * _LETTER
        middle = x - width / 2 if left else x + width / 2
        down = [y + _LINE * n for n in range(1, HEIGHT // _LINE) if y + _LINE * n < HEIGHT - _BOTTOM]
        up = [y - _LINE * n for n in range(1, HEIGHT // _LINE) if y - _LINE * n > _TOP]
        y = next((line for line in (y, *down, *up) if self._free(middle, line, width)), y)
        self._labels.append((middle, y, width))
        anchor = "end" if left else "start"
        self._parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{_escape(words)}</text>')

    def _free(self, middle: float, y: float, width: float) -> bool:
        return all(abs(y - b) >= _LINE or abs(middle - a) >= (width + w) / 2 for a, b, w in self._labels)

    def span(self, x: float, y: Pair, kind: str) -> None:
        """A vertical interval."""
        a = self._x(x)
        self._parts.append(
            f'<line class="{kind}" x1="{a:.1f}" y1="{self._y(y[0]):.1f}" x2="{a:.1f}" y2="{self._y(y[1]):.1f}"/>'
        )

    def svg(self) -> str:
        """The whole `<svg>` element; everything in it is escaped."""
        x_ticks = decades(*self.x) if self.log else ticks(*self.x)
        grid = []
        for v in x_ticks:
            at = f"{self._x(v):.1f}"
            grid.append(f'<line class="grid" x1="{at}" y1="{_TOP}" x2="{at}" y2="{HEIGHT - _BOTTOM}"/>')
            grid.append(f'<text x="{at}" y="{HEIGHT - _BOTTOM + 14}" text-anchor="middle">{_number(v)}</text>')
        for v in ticks(*self.y):
            up = f"{self._y(v):.1f}"
            grid.append(f'<line class="grid" x1="{_LEFT}" y1="{up}" x2="{WIDTH - _RIGHT}" y2="{up}"/>')
            grid.append(f'<text x="{_LEFT - 5}" y="{float(up) + 4:.1f}" text-anchor="end">{_number(v)}</text>')
        middle = (HEIGHT - _BOTTOM + _TOP) / 2
        return (
            f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{_escape(self.title)}">'
            f'<text class="title" x="{_LEFT}" y="13">{_escape(self.title)}</text>'
            + "".join(grid + self._parts)
            + f'<text x="{(WIDTH + _LEFT) / 2}" y="{HEIGHT - 6}" text-anchor="middle">{_escape(self.x_label)}</text>'
            f'<text transform="translate(11 {middle}) rotate(-90)" text-anchor="middle">{_escape(self.y_label)}</text>'
            "</svg>"
        )

    def _x(self, value: float) -> float:
        low, high = self.x
        value = min(max(value, low), high)
        share = math.log(value / low) / math.log(high / low) if self.log else (value - low) / (high - low)
        return _LEFT + share * (WIDTH - _LEFT - _RIGHT)

    def _y(self, value: float) -> float:
        low, high = self.y
        share = (min(max(value, low), high) - low) / (high - low)
        return HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM)


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers between `low` and `high`."""
    raw = (high - low) / about
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(f * power for f in (1, 2, 2.5, 5, 10) if f * power >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(i * step, 12) for i in range(first, math.floor(high / step + 1e-9) + 1)]


def decades(low: float, high: float) -> list[float]:
    return [10.0**k for k in range(math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9) + 1)]


def _number(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
