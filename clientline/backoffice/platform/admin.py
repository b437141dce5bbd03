"""Organizations: an admin's own with its rules explained; for operators all, with figures, founding and standing."""

from contextlib import suppress
from datetime import timedelta

from django import forms
from django.contrib import admin, messages
from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import Func, IntegerField, OuterRef, Subquery
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from accounts import founding
from accounts.models import User
from appointments.models import Appointment
from appointments.refusals import AsksAboutVisits
from appointments.working_time.asking_back import VisitsLeft, ask_about_visits
from clientline import wording
from clientline.admin.base import ClientLineModelAdmin
from clientline.admin.forms import LowerCaseEmailField
from clientline.admin.lists import BoundedPaginator, SortedByIndex
from clientline.backoffice import page
from clientline.backoffice.platform.place_form import PlaceForm
from clientline.zones import guess_country
from organizations import changing
from organizations.models import Organization

RECENT = timedelta(days=30)
MOST = BoundedPaginator.BOUND  # nothing is counted beyond

GROUPS = (
    (gettext_lazy("Name and contact"), None, ("name", "email", "phone", "address", "tax_number")),
    (gettext_lazy("Place"), None, ("country", "region", "language", "judged_country")),
    (
        gettext_lazy("Time and money"),
        gettext_lazy(
            "Opening hours are read on this clock. When it changes, you are asked what the visits to come do. "
            "The currency stays once payments are on record."
        ),
        ("timezone", "currency"),
    ),
    (
        gettext_lazy("Booking rules"),
        gettext_lazy("What clients are offered. Staff may leave these rules: people phone in."),
        ("slot_interval", "min_notice", "max_advance_days", "max_visits_ahead", "team_calendar"),
    ),
    (
        gettext_lazy("Cancelling and fees"),
        gettext_lazy("Each visit keeps the rules of the moment it was booked."),
        ("cancellation_notice", "cancellation_grace", "late_cancellation_fee", "no_show_fee"),
    ),
    (
        gettext_lazy("Messages"),
        gettext_lazy("Where no mail server is set up, they are kept and shown as what would be sent."),
        ("confirms_visits", "reminds_clients", "sends_receipts"),
    ),
    (
        gettext_lazy("Privacy"),
        gettext_lazy("Clients whom nobody saw for so long are erased where `manage.py forget` runs."),
        ("forget_after_months",),
    ),
    (
        gettext_lazy("Bookkeeping"),
        gettext_lazy("Accounts and numbers for files that a bookkeeping program reads. Ask whoever keeps the books."),
        ("fiscal_year_starts", "bookkeeping_accounts", "datev_consultant", "datev_client"),
    ),
    (
        gettext_lazy("First admin"),
        gettext_lazy("Signs in with this e-mail address and does the rest."),
        founding.FIELDS,
    ),
    (gettext_lazy("Signing in"), None, ("require_second_factor",)),
)
GROUPED = {name for *_, names in GROUPS for name in names}


class FoundingForm(PlaceForm):
    admin_name = forms.CharField(max_length=200, label=gettext_lazy("Name"))
    admin_email = LowerCaseEmailField(label=gettext_lazy("E-mail address"))
    admin_password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("At least 10 characters. Hand it over safely; the admin changes it after signing in."),
    )


def _count_up_to_most(rows):
    """How many of these rows an organization has, by a subquery that stops at MOST."""
    own = rows.filter(organization=OuterRef("pk")).values("pk")[:MOST]
    return Func(ArraySubquery(own), function="cardinality", output_field=IntegerField())


def _add_figures(organizations, now):
    """Adds `people`, `recent_visits` (of the last 30 days) and `last_booking`, the moment of it."""
    recent = Appointment.objects.filter(appointment_date__gt=now - RECENT, appointment_date__lte=now)
    newest = Appointment.objects.filter(organization=OuterRef("pk")).order_by("-created_at", "-id")
    return organizations.annotate(
        people=_count_up_to_most(User.objects.all()),
        recent_visits=_count_up_to_most(recent),
        last_booking=Subquery(newest.values("created_at")[:1]),
    )


class WithFigures(SortedByIndex):
    """Works the figures out for the page that is shown, not for all that were found."""

    def get_results(self, request):
        super().get_results(request)
        found = {row.pk: row for row in self.result_list}
        figures = _add_figures(Organization.objects.filter(pk__in=found), timezone.now())
        for row in figures.values("pk", "people", "recent_visits", "last_booking"):
            vars(found[row["pk"]]).update(row, pk=row["pk"])
        self.result_list = list(found.values())


class OrganizationForm(PlaceForm):
    def get_values_to_judge(self):
        """A zone or currency that is no longer one to choose stays where nobody touches it."""
        values = super().get_values_to_judge()
        kept = {"timezone", "currency"}.difference(self.changed_data)
        return {name: value for name, value in values.items() if name not in kept}

    def add_refusal(self, refusal):
        if any(error["field"] == "coming_visits" for error in getattr(refusal, "errors", ())):
            self.add_error("timezone", gettext("Nothing is saved yet: say first what the visits to come do."))
        else:
            super().add_refusal(refusal)


class OrganizationAdmin(ClientLineModelAdmin):
    resource = "organizations"
    form = OrganizationForm
    add_form = FoundingForm
    change_form_template = "admin/backoffice/organization.html"
    list_display = ("name", "email", "phone", "timezone", "currency", "is_active")
    operator_columns = ("name", "people", "recent_visits", "last_booking", "timezone", "currency", "is_active")
    list_filter = ("is_active",)
    search_fields = ("name", "email")
    ordering = operator_ordering = ("name", "id")
    sortable_by = ("name",)
    own_fields = (
        "name",
        "email",
        "phone",
        "address",
        "tax_number",
        "country",
        "region",
        "language",
        "timezone",
        "currency",
        "slot_interval",
        "min_notice",
        "max_advance_days",
        "max_visits_ahead",
        "team_calendar",
        "forget_after_months",
        "cancellation_notice",
        "cancellation_grace",
        "late_cancellation_fee",
        "no_show_fee",
        "fiscal_year_starts",
        "bookkeeping_accounts",
        "datev_consultant",
        "datev_client",
        "require_second_factor",
    )
    add_fields = (*own_fields, *founding.FIELDS)
    change_fields = (*own_fields, "is_active", "created_at")
    readonly_fields = ("created_at",)
    labels = ClientLineModelAdmin.labels | {
        "timezone": gettext_lazy("Time zone"),
        "min_notice": gettext_lazy("Shortest notice (minutes)"),
        "max_advance_days": gettext_lazy("Longest ahead (days)"),
        "team_calendar": gettext_lazy("One calendar for the team"),
        "max_visits_ahead": gettext_lazy("Visits ahead of one client"),
        "forget_after_months": gettext_lazy("Forget clients after (months)"),
    }
    help_texts = {
        "timezone": "",
        "currency": "",
        "country": gettext_lazy("Days, times, amounts and weeks are written as there"),
        "region": gettext_lazy("Of the country, where holidays differ in it, like BY or ZH"),
        "language": gettext_lazy("Of its pages and mails. A person's own choice wins"),
    }

    def get_urls(self):
        return [*self.list_pages_of_a_row({"standing": self.standing}), *super().get_urls()]

    # Lists

    def get_list_display(self, request):
        return self.operator_columns if request.user.is_superuser else super().get_list_display(request)

    def get_changelist(self, request, **kwargs):
        return WithFigures if request.user.is_superuser else super().get_changelist(request, **kwargs)

    @admin.display(description=gettext_lazy("people"))
    def people(self, organization):
        return _write_count(organization.people)

    @admin.display(description=gettext_lazy("visits in 30 days"))
    def recent_visits(self, organization):
        return _write_count(organization.recent_visits)

    @admin.display(description=gettext_lazy("last booking"), empty_value="never")
    def last_booking(self, organization):
        return organization.last_booking and wording.write_moment(organization.last_booking)

    # Pages

    def get_fields(self, request, obj=None):
        fields = super().get_fields(request, obj)
        # To operators a button shows first what ends with it.
        fields = [name for name in fields if name != "is_active" or not request.user.is_superuser]
        return [*fields, "judged_country"] if obj is None or "shown_version" in fields else fields

    def get_readonly_fields(self, request, obj=None):
        kept = () if request.user.may("organizations", "destroy") else ("is_active",)
        return (*super().get_readonly_fields(request, obj), *kept)

    def get_fieldsets(self, request, obj=None):
        fields = self.get_fields(request, obj)
        rest = (gettext("Record"), None, [name for name in fields if name not in GROUPED])
        groups = [(title, text, [name for name in names if name in fields]) for title, text, names in (*GROUPS, rest)]
        return [(title, {"fields": names, "description": text}) for title, text, names in groups if names]

    def render_change_form(self, request, context, obj=None, **kwargs):
        if obj:
            context |= {"title": obj.name, "subtitle": None, "operates": request.user.is_superuser}
            refusal = request.call.refusal
            context["asked"] = refusal if isinstance(refusal, AsksAboutVisits) else None
            context["hit"] = refusal if isinstance(refusal, VisitsLeft) else None
            context["wish"] = _read_wish(request)
        return super().render_change_form(request, context, obj=obj, **kwargs)

    def create(self, request, values):
        first_admin = {name.removeprefix("admin_"): values.pop(name) for name in founding.FIELDS}
        values["country"] = values["country"] or guess_country(values["timezone"])
        organization = Organization(**values)
        founding.found_organization(organization=organization, **first_admin)
        return organization

    def update(self, request, row, changes):
        told = {"by": request.user, "coming_visits": _read_wish(request), "now": timezone.now()}
        row = changing.change_organization(organization=row, changes=changes, **told)
        # What another zone strands is known once everything stands at its new time; all of it is undone to ask.
        stranded = getattr(row, "strands", ())
        ask_about_visits(request.user, request.POST.get("anyway"), stranded, asking=VisitsLeft)
        return row

    def standing(self, request, object_id):
        """Deactivate or reactivate, for operators: GET says what happens, POST does it."""
        organization = self.get_row(request, "destroy", object_id, no_key=True)
        if request.method == "POST":
            with suppress(changing.HasOperators):  # the page says so
                self.change_standing(request, organization, is_active="reactivate" in request.POST)
                return HttpResponseRedirect(reverse("admin:organizations_organization_change", args=[organization.pk]))
        ahead = Appointment.objects.filter(organization=organization, appointment_date__gt=timezone.now())
        count = ahead.filter(status="scheduled")[:MOST].count()
        title = (
            gettext("Deactivate %(organization)s") if organization.is_active else gettext("Reactivate %(organization)s")
        )
        return page.render_page(
            request,
            "organization_standing.html",
            title=title % {"organization": organization},
            organization=organization,
            ahead=_write_count(count),
            ahead_count=count,
            kept=changing.HasOperators.detail if changing.has_operators(organization) else None,
        )

    def change_standing(self, request, organization, *, is_active):
        told = gettext("Reactivated: %(organization)s.") if is_active else gettext("Deactivated: %(organization)s.")
        with transaction.atomic():
            changing.change_organization(organization=organization, changes={"is_active": is_active})
            self.log_change(request, organization, "Reactivated." if is_active else "Deactivated.")
        self.message_user(request, told % {"organization": organization}, messages.SUCCESS)


def _read_wish(request):
    """What the visits to come shall do where the zone becomes another; None where that was not said."""
    wish = request.POST.get("coming_visits")
    return wish if wish in (changing.KEEP_LOCAL, changing.KEEP_INSTANT) else None


def _write_count(count):
    """A count that stops at MOST, in words where it did."""
    return gettext("over %(count)s") % {"count": MOST} if count == MOST else count
