from django.contrib import admin
from django.utils import timezone
from django.utils.html import format_html_join

from clientline.admin.base import ClientLineModelAdmin
from clientline.admin.forms import ClientLineForm
from clientline.admin.lists import ChoicesFilter
from clientline.api.fields import readable_number
from organizations import audit, changing
from organizations.models import Audit, Organization


class OrganizationForm(ClientLineForm):
    def values_to_judge(self):
        """A zone that is no longer one to choose stays where nobody touches it."""
        values = super().values_to_judge()
        return {name: value for name, value in values.items() if name != "timezone" or name in self.changed_data}

    def add_refusal(self, refusal):
        if any(error["field"] == "coming_visits" for error in getattr(refusal, "errors", ())):
            self.add_error("timezone", "Nothing is saved yet: say first what the visits to come do.")
        else:
            super().add_refusal(refusal)


@admin.register(Organization)
class OrganizationAdmin(ClientLineModelAdmin):
    resource = "organizations"
    form = OrganizationForm
    list_display = ("name", "email", "phone", "timezone", "currency", "is_active")
    list_filter = ("is_active",)
    search_fields = ("name", "email")
    ordering = operator_ordering = ("name", "id")
    sortable_by = ("name",)
    add_fields = (
        "name",
        "email",
        "phone",
        "address",
        "country",
        "region",
        "language",
        "timezone",
        "currency",
        "slot_interval",
        "min_notice",
        "max_advance_days",
        "cancellation_notice",
        "late_cancellation_fee",
        "no_show_fee",
        "require_second_factor",
    )
    change_fields = (*add_fields, "is_active", "created_at")
    readonly_fields = ("created_at",)
    labels = ClientLineModelAdmin.labels | {
        "timezone": "Time zone",
        "min_notice": "Shortest notice (minutes)",
        "max_advance_days": "Longest ahead (days)",
    }
    help_texts = {
        "timezone": "Like Europe/Berlin",
        "currency": "Its three letters, like EUR",
        "country": "Its two letters, like DE",
        "region": "Of the country, where holidays differ in it, like BY or ZH",
        "language": "Of its texts: en or de. Pages are in English so far",
    }

    def get_readonly_fields(self, request, obj=None):
        kept = () if request.user.may("organizations", "destroy") else ("is_active",)
        return (*super().get_readonly_fields(request, obj), *kept)

    def update(self, request, row, changes):
        wish = request.POST.get("coming_visits")
        return changing.change_organization(
            organization=row,
            changes=changes,
            by=request.user,
            coming_visits=wish if wish in (changing.KEEP_LOCAL, changing.KEEP_INSTANT) else None,
            now=timezone.now(),
        )


class ActionFilter(admin.SimpleListFilter):
    title = parameter_name = "action"

    def lookups(self, request, model_admin):
        return audit.WORDS.items()

    def queryset(self, request, queryset):
        return queryset.filter(action=self.value()) if self.value() else queryset


class TableFilter(admin.SimpleListFilter):
    """Offers what is audited; Django's own filter would look for the tables in every row of the audit."""

    title = "what"
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
    search_help_text = "The number of a visit, a person, a payment …"
    ordering = ("-id",)
    change_fields = readonly_fields = ("at", "who", "what", "details", "source", "request_id", "organization")

    def has_view_permission(self, request, obj=None):
        return self.permits(request, "list", obj)

    def nouns(self, request):
        return "entry", "entries"

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("organization", "actor")

    def get_search_results(self, request, queryset, search_term):
        number = search_term.strip()
        if not number:
            return queryset, False
        return (queryset.about(int(number)) if readable_number(number) else queryset.none()), False

    def who(self, entry):
        return audit.name_doer(entry)

    def what(self, entry):
        return audit.describe_entry(entry)

    def details(self, entry):
        lines = audit.list_changes(entry.changes, longest=None)
        return format_html_join("", "{}<br>", ((line,) for line in lines))
