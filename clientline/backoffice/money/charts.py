"""The geometry of charts. Nothing here knows what is drawn, or how: a template turns it into SVG.

Heights are pixels and widths percent, so that a chart is as wide as its page and its letters keep their size.
"""

import math
from dataclasses import dataclass

HEIGHT = 200
MOST_TICKS = 4
MOST_LABELS = 5  # as many dates as stand beside each other on a phone
MOST_BARS = 25
BAR_HEIGHT = 44


@dataclass(frozen=True)
class Point:
    """`value` None draws no bar; `text` is the value as it is read, `title` what a bar tells when pointed at."""

    label: str
    value: float | None
    text: str
    title: str


def draw_columns(points, tick_text):
    """Upright bars side by side, in the order of time."""
    scale = Scale([point.value or 0 for point in points])
    width = 100 / len(points)
    step = math.ceil(len(points) / MOST_LABELS)
    return {
        "height": HEIGHT,
        "zero": scale.measure_height(0),
        "ticks": [{"y": scale.measure_height(value), "text": tick_text(value)} for value in scale.ticks],
        "labels": [
            {"x": _round_off((index + 0.5) * width), "text": point.label}
            for index, point in enumerate(points)
            if index % step == 0
        ],
        "bars": [
            _draw_column(point, scale, x=(index + 0.1) * width, width=0.8 * width) for index, point in enumerate(points)
        ],
    }


def _draw_column(point, scale, *, x, width):
    value = point.value or 0
    top, foot = scale.measure_height(max(value, 0)), scale.measure_height(min(value, 0))
    return {
        "x": _round_off(x),
        "width": _round_off(width),
        "y": top,
        "height": _round_off(foot - top),
        "title": point.title,
    }


def draw_bars(points):
    """Lying bars below each other, each under its name: the largest `MOST_BARS`."""
    shown = sorted(points, key=lambda point: -(point.value or 0))[:MOST_BARS]
    scale = Scale([point.value or 0 for point in shown])
    return {
        "height": BAR_HEIGHT * len(shown),
        "left_out": len(points) - len(shown),
        "bars": [draw_bar(point, scale, y=index * BAR_HEIGHT) for index, point in enumerate(shown)],
    }


def draw_bar(point, scale, *, y):
    value = point.value or 0
    left, right = scale.measure_share(min(value, 0)), scale.measure_share(max(value, 0))
    return {
        "text_y": y + 14,
        "y": y + 20,
        "x": _round_off(100 * left),
        "width": _round_off(100 * (right - left)),
        "label": point.label,
        "text": point.text,
        "title": point.title,
    }


class Scale:
    """From the lowest value, at most 0, to the highest, in steps that people count in."""

    def __init__(self, values):
        lowest, highest = float(min([0, *values])), float(max([0, *values]))
        step = _round_step((highest - lowest) / MOST_TICKS)
        first, last = math.floor(lowest / step), max(math.ceil(highest / step), 1)
        self.ticks = [number * step for number in range(first, last + 1)]

    def measure_share(self, value):
        """How far `value` is from the lowest to the highest tick, 0 … 1."""
        return (float(value) - self.ticks[0]) / (self.ticks[-1] - self.ticks[0])

    def measure_height(self, value):
        """Pixels from the top."""
        return _round_off(HEIGHT * (1 - self.measure_share(value)))


def _round_step(least):
    """The smallest of 1, 2 and 5 times a power of ten that is no smaller than `least`; 1 for nothing."""
    if least <= 0:
        return 1
    magnitude = 10 ** math.floor(math.log10(least))
    return next(times * magnitude for times in (1, 2, 5, 10) if least <= times * magnitude)


def _round_off(number):
    return round(number, 2)
