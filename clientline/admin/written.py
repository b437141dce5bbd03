"""Columns of days, clocks, moments and money as lists and pages show them: as everywhere else, by `clientline.wording`.

Django's own way of showing them knows a form for each language, and neither country nor currency.
"""

from functools import cache

from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.html import format_html

from clientline import wording
from clientline.columns import is_money

# The most special first: a moment is a day, too.
WRITERS = (
    (models.DateTimeField, wording.write_moment),
    (models.DateField, wording.write_date),
    (models.TimeField, wording.write_clock),
)


def show_written(model, columns):
    """Of the columns of a list or a page, those of a day, a clock, a moment or money as functions that write it."""
    return [_find_written(model, each) if isinstance(each, str) else each for each in columns]


def write_columns(shown, model):
    """What a page shows, an AdminForm, with such functions in place of what it shows only."""
    kept = shown.readonly_fields
    written = dict(zip(kept, show_written(model, kept), strict=True))
    shown.readonly_fields = list(written.values())
    shown.fieldsets = [
        (title, options | {"fields": [written.get(name, name) for name in options["fields"]]})
        for title, options in shown.fieldsets
    ]


@cache
def _find_written(model, name):
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:  # a function of the model or its admin
        return name
    write = _find_writer(field)
    return _make_written(field, write) if write else name


def _find_writer(field):
    """What writes a value of the field, of a row; None where Django does."""
    if is_money(field):
        return lambda amount, row: wording.write_money(amount, row.organization.currency)
    writers = [write for kind, write in WRITERS if isinstance(field, kind)]
    return (lambda value, row: writers[0](value)) if writers else None


def _make_written(field, write):
    @admin.display(description=field.verbose_name, ordering=field.name)
    def written(row):
        value = getattr(row, field.name)
        return "" if value is None else format_html('<span class="nowrap">{}</span>', write(value, row))

    written.__name__ = field.name
    return written
