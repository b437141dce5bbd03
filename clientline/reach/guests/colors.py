"""An organization's colour on its page, with writing on it that can be read: WCAG asks for a contrast of 4.5."""

import re

from django.http import HttpRequest, HttpResponse

USUAL = "#1f5c4a"
DARK, LIGHT = "#000000", "#ffffff"


def answer_colors(request: HttpRequest, brand: str) -> HttpResponse:
    """A stylesheet of its own for each colour: no page has a style inside it, which its policy would refuse."""
    found = f"#{brand}" if re.fullmatch("[0-9a-f]{6}", brand) else USUAL
    return HttpResponse(write_colors(found), content_type="text/css")


def write_colors(brand: str) -> str:
    """The colour of buttons, and of what is written on them."""
    return f":root {{ --brand: {brand}; --on-brand: {choose_ink(brand)}; }}\n"


def choose_ink(background: str) -> str:
    """Of dark and white, what stands out more on a colour; one of the two always has a contrast of 4.5."""
    return max((DARK, LIGHT), key=lambda ink: measure_contrast(ink, background))


def measure_contrast(one: str, other: str) -> float:
    """From 1 to 21, as WCAG 2.2 computes it."""
    light, dark = sorted((_measure_luminance(one), _measure_luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _measure_luminance(color: str) -> float:
    parts = (int(color[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
