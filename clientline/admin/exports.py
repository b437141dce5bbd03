"""What a list shows as a file: all of its rows, with its filters, its search and its order."""

from itertools import groupby
from operator import itemgetter
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext

from clientline import wording
from clientline.admin.lists import ERROR_FLAG, PAGE_VAR, IncorrectLookupParameters
from clientline.database.prepared import has_key_among
from clientline.web import sheets
from clientline.zones import find_zone

MOST_ROWS = 100_000
AT_ONCE = 2_000  # rows held in memory


class ExportMixin:
    """For a list's admin: a button that downloads it. `export_columns` are headings and their lookups, or expressions.

    Dates are those of each row's organization.
    """

    export_columns = {}

    def get_urls(self):
        view = self.admin_site.admin_view(self.export_view)
        return [path("export/", view, name=self.name_page("export")), *super().get_urls()]

    def changelist_view(self, request, extra_context=None):
        return super().changelist_view(request, {"list_tools": self.list_tools(request)} | (extra_context or {}))

    def may_export(self, request):
        return self.permits(request, "list") and request.user.may("reports", "export")

    def list_tools(self, request):
        """`(label, address)` of what can be done with the list."""
        if not self.may_export(request):
            return []
        asked = {name: value for name, value in request.GET.items() if name not in (PAGE_VAR, ERROR_FLAG)}
        url = reverse(f"admin:{self.name_page('export')}")
        return [(gettext("Download CSV"), f"{url}?{urlencode(asked)}" if asked else url)]

    def export_view(self, request):
        if not self.may_export(request):
            raise PermissionDenied
        try:
            (rows, file), as_of = self.admin_site.read_behind(request, lambda: self.write_file(request))
        except IncorrectLookupParameters:
            listed = reverse(f"admin:{self.name_page('changelist')}")
            return HttpResponseRedirect(f"{listed}?{ERROR_FLAG}=1")
        if file is None:
            return self.admin_site.write_list_later(request, self) or self.refuse_many(request)
        self.admin_site.note_export(request, self.opts.db_table, rows=rows, as_of=as_of)
        return file

    def write_file(self, request):
        """How many rows the list has, and the answer with them; None for more than a page waits for."""
        rows = self.get_changelist_instance(request).queryset
        keys = list(rows.values_list("pk", flat=True)[: MOST_ROWS + 1])
        if len(keys) > MOST_ROWS:
            return len(keys), None
        lines = self.write_lines(request, keys, self.name_columns(request))
        return len(keys), sheets.download(f"{self.opts.verbose_name_plural}.csv", lines)

    def refuse_many(self, request):
        told = gettext("These are more than %(most)s rows. Narrow the list by a filter or a search, then download it.")
        told %= {"most": wording.write_number(MOST_ROWS)}
        self.message_user(request, told, messages.ERROR)
        listed = reverse(f"admin:{self.name_page('changelist')}")
        return HttpResponseRedirect(f"{listed}?{request.GET.urlencode()}")

    def write_lines(self, request, keys, names):
        """The heading and a line for each key that is still in scope, in their order; a few rows in memory at once."""
        yield names
        for start in range(0, len(keys), AT_ONCE):
            yield from self.write_rows(request, keys[start : start + AT_ONCE], names)

    def name_columns(self, request):
        return self.keep_visible(request, self.export_columns)

    def write_rows(self, request, keys, names):
        """A line for each of some keys that is still in scope, in their order."""
        columns = ["organization__timezone", "pk", *(self.export_columns[name] for name in names)]
        permitted = self.get_permitted_rows(request, "list").order_by().filter(has_key_among(keys))
        rows = sorted(permitted.values_list(*columns), key=itemgetter(0))
        lines = {}
        for zone, those in groupby(rows, key=itemgetter(0)):
            _, found, *values = zip(*those, strict=True)
            cells = (sheets.write_column(column, find_zone(zone)) for column in values)
            lines.update(zip(found, zip(*cells, strict=True), strict=True))
        return [lines[pk] for pk in keys if pk in lines]
