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


def columns(points, tick_text):
    """Upright bars side by side, in the order of time."""
    scale = Scale([point.value or 0 for point in points])
    width = 100 / len(points)
    step = math.ceil(len(points) / MOST_LABELS)
    return {
        "height": HEIGHT,
        "zero": scale.height_of(0),
        "ticks": [{"y": scale.height_of(value), "text": tick_text(value)} for value in scale.ticks],
        "labels": [
            {"x": rounded((index + 0.5) * width), "text": point.label}
            for index, point in enumerate(points)
            if index % step == 0
        ],
        "bars": [
            column(point, scale, x=(index + 0.1) * width, width=0.8 * width) for index, point in enumerate(points)
        ],
    }


def column(point, scale, *, x, width):
    value = point.value or 0
    top, foot = scale.height_of(max(value, 0)), scale.height_of(min(value, 0))
    return {"x": rounded(x), "width": rounded(width), "y": top, "height": rounded(foot - top), "title": point.title}


def bars(points):
    """Lying bars below each other, each under its name: the largest `MOST_BARS`."""
    shown = sorted(points, key=lambda point: -(point.value or 0))[:MOST_BARS]
    scale = Scale([point.value or 0 for point in shown])
    return {
        "height": BAR_HEIGHT * len(shown),
        "left_out": len(points) - len(shown),
        "bars": [bar(point, scale, y=index * BAR_HEIGHT) for index, point in enumerate(shown)],
    }


def bar(point, scale, *, y):
    value = point.value or 0
    left, right = scale.share_of(min(value, 0)), scale.share_of(max(value, 0))
    return {
        "text_y": y + 14,
        "y": y + 20,
        "x": rounded(100 * left),
        "width": rounded(100 * (right - left)),
        "label": point.label,
        "text": point.text,
        "title": point.title,
    }


class Scale:
    """From the lowest value, at most 0, to the highest, in steps that people count in."""

    def __init__(self, values):
        lowest, highest = float(min([0, *values])), float(max([0, *values]))
        step = round_step((highest - lowest) / MOST_TICKS)
        first, last = math.floor(lowest / step), max(math.ceil(highest / step), 1)
        self.ticks = [number * step for number in range(first, last + 1)]

    def share_of(self, value):
        """How far `value` is from the lowest to the highest tick, 0 … 1."""
        return (float(value) - self.ticks[0]) / (self.ticks[-1] - self.ticks[0])

    def height_of(self, value):
        """Pixels from the top."""
        return rounded(HEIGHT * (1 - self.share_of(value)))


def round_step(least):
    """The smallest of 1, 2 and 5 times a power of ten that is no smaller than `least`; 1 for nothing."""
    if least <= 0:
        return 1
    magnitude = 10 ** math.floor(math.log10(least))
    return next(times * magnitude for times in (1, 2, 5, 10) if least <= times * magnitude)


def rounded(number):
    return round(number, 2)
