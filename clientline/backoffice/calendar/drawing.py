"""The places of a board as HTML: strings, as a template took ten times as long for each of 500 visits.

Geometry is in SVG attributes, because the policy forbids styles in pages.
"""

from html import escape

from django.utils.safestring import mark_safe
from django.utils.translation import gettext_noop

from clientline.backoffice.calendar.axis import LINE

TWO_LINES = 2 * LINE - 2  # pixels
STATUSES = {"completed": "✓ ", "no_show": "✗ "}
# What stands for a mark where there is no room for its words. They are in the label and the legend, translated there.
SYMBOLS = {
    gettext_noop("Needs somebody"): "⚠",
    gettext_noop("Not closed"): "?",
    gettext_noop("Arrived"): "●",
    gettext_noop("In service"): "▶",
    gettext_noop("Late"): "!",
    gettext_noop("Overbooked"): "‖",
    gettext_noop("Unpaid"): "¤",
    gettext_noop("First visit"): "★",
    gettext_noop("Note"): "✎",
}


def draw_column(board, drawn):
    """The places of a column, of which `drawn` is the entry in `board.drawn`."""
    parts = [_draw_lines(board.axis), *map(_draw_shade, drawn["shades"])]
    tell_clock = board.axis.tell_clock
    for place in drawn["places"]:
        parts.append(_draw_free(place) if place.visit is None else _draw_visit(place, tell_clock(place.visit.starts)))
    if drawn["now"] is not None:
        parts.append(f'<line class="now" x2="100%" y1="{drawn["now"]}" y2="{drawn["now"]}"/>')
    return mark_safe("\n".join(parts))


def _draw_lines(axis):
    path = "".join(f"M0 {down:g}H9999" for down in axis.list_lines())
    return f'<path class="lines" d="{path}"/>'


def _draw_shade(shade):
    filled = ' fill="url(#hatch)"' if shade.kind == "buffer" else ""
    box = f'<rect class="{shade.kind}"{filled} y="{shade.top:g}" width="100%" height="{shade.height:g}"/>'
    return f'{box}<text class="quiet" x="8" y="{shade.top + 16:g}">{escape(shade.text)}</text>' if shade.text else box


def _open_box(place):
    return f'<foreignObject x="{place.left:g}%" y="{place.top:g}" width="{place.width:g}%" height="{place.height:g}">'


def _draw_free(place):
    skipped = "" if place.is_stop else ' tabindex="-1"'
    return (
        f'{_open_box(place)}<a class="free" href="{escape(place.url)}" aria-label="{escape(place.label)}"{skipped}>'
        f"{place.text}</a></foreignObject>"
    )


def _draw_visit(place, clock):
    visit, label = place.visit, escape(place.label)
    classes = "".join(
        (
            f"visit {place.kind} h{visit.hue}",
            " overbooked" if visit.overbooked else "",
            " late" if "Late" in place.marks else "",
            " short" if place.height < TWO_LINES else "",
        )
    )
    symbols = "".join(SYMBOLS.get(mark, "") for mark in place.marks)
    signs = f"<i>{symbols}</i>" if symbols else ""
    return (
        f'{_open_box(place)}<a class="{classes}" href="{place.url}" data-v="{visit.version}"'
        f' data-minutes="{visit.ends - visit.starts}" aria-label="{label}" title="{label}">'
        f"<b>{STATUSES.get(visit.status, '')}{escape(visit.client)}</b> "
        f"<span>{clock} {escape(visit.service)}</span>{signs}</a></foreignObject>"
    )
