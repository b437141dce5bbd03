"""Lists of the admin that stay quick on millions of rows, and filters that name nothing out of scope."""

from django.contrib.admin import RelatedFieldListFilter, SimpleListFilter

# Undocumented: the list's own class and the names of its parameters, for lists and exports alike, and what it raises
# for a filter that nobody declared. Without them, no list is shown.
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG, ORDER_VAR, PAGE_VAR, ChangeList
from django.core.paginator import Paginator
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext

from clientline.admin.written import show_written
from clientline.notations import is_readable_number

__all__ = ["ERROR_FLAG", "PAGE_VAR", "IncorrectLookupParameters"]  # for the exports

LONGEST_FILTER = 200


class BoundedPaginator(Paginator):
    """Counts no further than `BOUND`: nobody turns so many pages, and an exact count reads every row."""

    BOUND = 10_000

    @cached_property
    def count(self):
        return self.object_list.order_by()[: self.BOUND].count()

    @property
    def is_bounded(self):
        """Whether there may be more rows than counted."""
        return self.count == self.BOUND


class SortedByIndex(ChangeList):
    """Sorts by the columns in `sortable_by` only; Django's own hides the other links but obeys a crafted `?o=`.

    `noun` and `nouns` are what the page calls a row, and rows.
    """

    def __init__(self, request, *args):
        super().__init__(request, *args)
        self.noun, self.nouns = self.model_admin.get_nouns(request)
        own = self.model_admin.get_ordering(request)
        self.shows_its_order = ORDER_VAR in self.params or own == self.model_admin.ordering
        self.title = capfirst(self.opts.verbose_name_plural)  # not "Select appointment to change"
        # Not before: what is looked up and in which order goes by the columns' names.
        self.list_display = show_written(self.model, self.list_display)
        self.list_display_links = show_written(self.model, self.list_display_links)
        self.sortable_by = show_written(self.model, self.sortable_by)

    def get_results(self, request):
        super().get_results(request)
        self.totals = self.model_admin.sum_up(request, self)

    def get_ordering_field_columns(self):
        # Django's marks the column of the admin's `ordering`, which is not the list's where operators see all of it.
        return super().get_ordering_field_columns() if self.shows_its_order else {}

    def get_ordering_field(self, field_name):
        return super().get_ordering_field(field_name) if field_name in self.sortable_by else None


class ChoicesFilter(RelatedFieldListFilter):
    """Offers the rows that the form would; Django's own lists every row of the other table."""

    def field_choices(self, field, request, model_admin):
        rows = model_admin.get_rows_for(field, request).order_by("name", "id")
        return [(row.pk, str(row)) for row in rows[:LONGEST_FILTER]]


class OneRowFilter(SimpleListFilter):
    """Rows that refer, by `path`, to the one that the address names; offers no others. Garbage finds nothing."""

    path = None

    def lookups(self, request, model_admin):
        named = self.used_parameters.get(self.parameter_name)
        return [(named, gettext("chosen"))] if named else []

    def queryset(self, request, queryset):
        named = self.value()
        return queryset.filter(**{self.path: named}) if is_readable_number(named) else queryset.none()


def filter_parameters(list_filter):
    """The query parameters that an entry of `list_filter` reads."""
    if isinstance(list_filter, tuple):
        return f"{list_filter[0]}__id__exact", f"{list_filter[0]}__isnull"
    return (f"{list_filter}__exact",) if isinstance(list_filter, str) else (list_filter.parameter_name,)
