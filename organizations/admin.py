from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _

from clientline.admin.base import ClientLineModelAdmin
from clientline.admin.lists import ChoicesFilter
from clientline.notations import is_readable_number
from organizations import audit
from organizations.models import Audit


class ActionFilter(admin.SimpleListFilter):
    title = _("action")
    parameter_name = "action"

    def lookups(self, request, model_admin):
        return audit.WORDS.items()

    def queryset(self, request, queryset):
        return queryset.filter(action=self.value()) if self.value() else queryset


class TableFilter(admin.SimpleListFilter):
    """Offers what is audited; Django's own filter would look for the tables in every row of the audit."""

    title = _("what")
    parameter_name = "table"

    def lookups(self, request, model_admin):
        nouns = audit.name_tables()
        return sorted(((table, nouns[table]) for table in audit.AUDITED), key=lambda item: item[1])

    def queryset(self, request, queryset):
        return queryset.filter(table=self.value()) if self.value() else queryset


@admin.register(Audit)
class AuditAdmin(ClientLineModelAdmin):
    """To read: nobody adds, changes or deletes here."""

    resource = "audit"
    list_display = ("at", "who", "what", "source", "organization")
    list_filter = (ActionFilter, TableFilter, "source", ("organization", ChoicesFilter))
    list_select_related = ("organization", "actor")
    search_fields = ("row",)
    search_help_text = _("The number of a visit, a person, a payment …")
    ordering = ("-id",)
    change_fields = readonly_fields = ("at", "who", "what", "details", "source", "request_id", "organization")

    def has_view_permission(self, request, obj=None):
        return self.permits(request, "list", obj)

    def get_nouns(self, request):
        return _("entry"), _("entries")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("organization", "actor")

    def get_search_results(self, request, queryset, search_term):
        number = search_term.strip()
        if not number:
            return queryset, False
        return (queryset.about(int(number)) if is_readable_number(number) else queryset.none()), False

    @admin.display(description=_("who"))
    def who(self, entry):
        return audit.name_doer(entry)

    @admin.display(description=_("what"))
    def what(self, entry):
        return audit.describe_entry(entry)

    @admin.display(description=_("details"))
    def details(self, entry):
        lines = audit.list_changes(entry.changes, longest=None)
        return format_html_join("", "{}<br>", ((line,) for line in lines))
