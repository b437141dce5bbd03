"""The places of a board as HTML: strings, as a template took ten times as long for each of 500 visits.

Geometry is in SVG attributes, because the policy forbids styles in pages.
"""

from functools import lru_cache
from html import escape

from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from django.utils.translation import get_language, gettext_noop

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


def draw_columns(board):
    """The people, or days, beside each other."""
    return mark_safe("".join(_draw_section(board, *each) for each in enumerate(board.drawn, 1)))


def _draw_section(board, number, drawn):
    column = drawn["column"]
    title, whose = escape(column.title), f'data-staff="{column.staff}" data-date="{column.day}"'
    return f"""
  <section id="column-{number}" aria-labelledby="title-{number}">
    <h2 id="title-{number}"><a href="{escape(column.url)}" title="{title}">{title}</a></h2>
    <svg role="group" aria-label="{title}" width="100%" height="{board.height}" {whose}>
{draw_column(board, drawn)}
    </svg>
  </section>
  """


def draw_scale(axis):
    """The hours beside the columns."""
    right = axis.width - 6
    hours = "".join(f'<text x="{right}" y="{down}">{escape(hour)}</text>' for down, hour in axis.list_labels())
    folds = (f'<text class="fold" x="{right}" y="{down}">{escape(hours)}</text>' for down, hours in axis.list_folds())
    return mark_safe(hours + "".join(folds))


def draw_legend(*, may_book):
    """What signs and colours mean, for those who may book and for those who may not."""
    return _draw_once("admin/backoffice/legend.html", get_language(), may_book)


# What says the same to everybody who reads a language.
@lru_cache(maxsize=100)
def _draw_once(template, language, may_book):
    return render_to_string(template, {"symbols": SYMBOLS, "may_book": may_book})


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


def _open_box(place, height):
    return f'<foreignObject x="{place.left:g}%" y="{place.top:g}" width="{place.width:g}%" height="{height:g}">'


def _draw_free(place):
    skipped = "" if place.is_stop else ' tabindex="-1"'
    return (
        f'{_open_box(place, place.height)}<a class="free" href="{escape(place.url)}"'
        f' aria-label="{escape(place.label)}"{skipped}>{place.text}</a></foreignObject>'
    )


def _draw_visit(place, clock):
    visit, height, label = place.visit, place.height, escape(place.label)
    classes = "".join(
        (
            f"visit {place.kind} h{visit.hue}",
            " overbooked" if visit.overbooked else "",
            " late" if "Late" in place.marks else "",
            " short" if height < TWO_LINES else "",
        )
    )
    symbols = "".join(SYMBOLS.get(mark, "") for mark in place.marks)
    signs = f"<i>{symbols}</i>" if symbols else ""
    return (
        f'{_open_box(place, height)}<a class="{classes}" href="{place.url}" data-v="{visit.version}"'
        f' data-minutes="{visit.ends - visit.starts}" aria-label="{label}" title="{label}">'
        f"<b>{STATUSES.get(visit.status, '')}{escape(visit.client)}</b> "
        f"<span>{clock} {escape(visit.service)}</span>{signs}</a></foreignObject>"
    )
