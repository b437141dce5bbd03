"""Clients and team: one table of people, two lists, and a page for each kind."""

from functools import partial

from django.contrib import admin, messages
from django.db import DatabaseError, transaction
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts import people, sign_ins
from accounts.models import User
from appointments.working_time.asking_back import VisitsLeft, ask_about_visits
from clientline import wording
from clientline.admin.base import ClientLineModelAdmin, render_pill
from clientline.admin.bulk import BulkMixin
from clientline.admin.exports import ExportMixin
from clientline.admin.lists import ChoicesFilter
from clientline.backoffice import page
from clientline.backoffice.people import client_card, client_merge, privacy, team_member
from clientline.backoffice.people.known_clients import annotate_visits, describe_known_client, refuse_lookalike
from clientline.backoffice.people.person_form import CONTACT, OF_CLIENTS, PersonForm
from clientline.backoffice.search import PeopleSearchMixin
from clientline.database.refusals import read_refusal_or_raise
from clientline.refusals import Refused
from organizations import policy

CLIENTS, TEAM = "clients", "team"
TITLES = {CLIENTS: gettext_lazy("Clients"), TEAM: gettext_lazy("Team")}
ADDING = {CLIENTS: gettext_lazy("Add a client"), TEAM: gettext_lazy("Add to the team")}
NOUNS = {
    CLIENTS: (gettext_lazy("client"), gettext_lazy("clients")),
    TEAM: (gettext_lazy("person"), gettext_lazy("people")),
}


def _choose_kind(person):
    return CLIENTS if person.role == User.Role.CLIENT else TEAM


def _choose_page_kind(request, person):
    """Of a page about a person, or about somebody new; None where that is not said."""
    return _choose_kind(person) if person else _read_kind(request)


def _read_kind(request):
    """Of which of the two lists the address is, or which led to this page; None where it does not say."""
    kind = request.GET.get("kind")
    return kind if kind in TITLES else None


class Kind(admin.SimpleListFilter):
    title = gettext_lazy("kind")
    parameter_name = "kind"

    def lookups(self, request, model_admin):
        return list(TITLES.items())

    def queryset(self, request, queryset):
        if self.value() == CLIENTS:
            return annotate_visits(queryset.filter(role=User.Role.CLIENT), request.user)
        return queryset.exclude(role=User.Role.CLIENT) if self.value() == TEAM else queryset


class UserAdmin(PeopleSearchMixin, ExportMixin, BulkMixin, ClientLineModelAdmin):
    """The list is of clients, of the team, or of both; the page is a client's card or a colleague's."""

    resource = "users"
    is_logged_by_name = False
    list_display = ("name", "address", "phone", "role", "is_active", "organization")
    client_columns = ("name", "standing_pill", "phone", "address", "next_visit", "last_visit", "organization")
    list_filter = (Kind, "role", "is_active", ("organization", ChoicesFilter))
    list_select_related = ("organization",)
    search_fields = ("name",)  # the box is there; what it finds, PeopleSearchMixin says
    export_columns = {
        "id": "id",
        "organization": "organization__name",
        "name": "name",
        "email": "email",
        "contact_email": "contact_email",
        "phone": "phone",
        "role": "role",
        "is_active": "is_active",
        "birthday": "birthday",
        "client_notes": "client_notes",
        "is_flagged": "is_flagged",
        "language": "language",
        "marketing_consent_at": "marketing_consent_at",
        "external_source": "external_source",
        "external_id": "external_id",
        "created_at": "created_at",
    }
    actions = ("deactivate", "reactivate")
    ordering = ("name", "id")
    sortable_by = ("name",)
    autocomplete_fields = ("organization",)
    change_form_template = "admin/backoffice/person.html"
    form = add_form = PersonForm
    add_fields = ("organization", "name", "phone", *OF_CLIENTS, "email", "role", "new_password", "somebody_else")
    change_fields = (
        "organization",
        "name",
        "phone",
        *OF_CLIENTS,
        "marketing_consent_at",
        "email",
        "role",
        "is_active",
        "works_until",
        "new_password",
        "last_login",
        "created_at",
    )
    readonly_fields = ("last_login", "created_at")
    labels = ClientLineModelAdmin.labels | {"works_until": gettext_lazy("Last day")}
    help_texts = {
        "works_until": gettext_lazy(
            "Nobody is booked with them after it, nor in the hours that would follow. Empty: none"
        )
    }

    def get_urls(self):
        views = {
            "standing": self.standing,
            "merge": partial(client_merge.merge_view, self),
            "export": partial(privacy.export_view, self),
            "erase": partial(privacy.erase_view, self),
        }
        return [*self.list_pages_of_a_row(views), *super().get_urls()]

    def label(self, row):
        return describe_known_client(row)

    def annotate_suggestions(self, request, rows):
        return annotate_visits(rows, request.user)

    # Lists

    has_row_links = True

    def list_row_links(self, request, person):
        if person.role != User.Role.CLIENT:
            hours = f"{reverse('admin:week_hours')}?staff={person.pk}"
            theirs = person.pk == request.user.pk or request.user.may("users", "update")
            return [(_("Hours"), hours)] if theirs and person.is_active else []
        booking = f"{reverse('admin:appointments_appointment_add')}?client={person.pk}"
        return [(_("Book"), booking)] if person.is_active and request.user.may("appointments", "create") else []

    def get_nouns(self, request):
        return NOUNS[_read_kind(request) or TEAM]

    def get_list_display(self, request):
        if _read_kind(request) == CLIENTS:
            return self.add_row_links(request, self.keep_visible(request, self.client_columns))
        return super().get_list_display(request)

    def get_list_filter(self, request):
        filters = super().get_list_filter(request)
        return [each for each in filters if each != "role" or _read_kind(request) != CLIENTS]

    def changelist_view(self, request, extra_context=None):
        kind = _read_kind(request)
        told = {
            "title": TITLES.get(kind, gettext("People")),
            "add_label": ADDING.get(kind, gettext("Add somebody")),
            "add_query": f"?kind={kind}" if kind else "",
        }
        return super().changelist_view(request, told | (extra_context or {}))

    def list_tools(self, request):
        tools = super().list_tools(request)
        if request.user.may("users", "import") and _read_kind(request) != TEAM:
            tools.append((gettext("Import clients"), reverse("admin:client_import")))
        return tools

    @admin.display(description=_("standing"), empty_value="")
    def standing_pill(self, person):
        if not person.is_active:
            return render_pill("inactive", gettext("Inactive"))
        return render_pill("pending", gettext("See notes")) if person.is_flagged else ""

    @admin.display(description=gettext_lazy("e-mail"))
    def address(self, person):
        return person.mail_address

    @admin.display(description=gettext_lazy("next visit"))
    def next_visit(self, person):
        return _say_on_cards(_("Next:"), person.next_visit)

    @admin.display(description=gettext_lazy("last visit"))
    def last_visit(self, person):
        return _say_on_cards(_("Last:"), person.last_visit)

    # Actions

    def has_standing_permission(self, request):
        """Whether they may change anybody's standing but, as nobody may, their own."""
        return bool(policy.find_grantable_roles(request.user, "update"))

    @admin.action(description=gettext_lazy("Deactivate"), permissions=["standing"])
    def deactivate(self, request, queryset):
        self.change_each(request, queryset, is_active=False, done=gettext_lazy("deactivated"))

    @admin.action(description=gettext_lazy("Reactivate"), permissions=["standing"])
    def reactivate(self, request, queryset):
        self.change_each(request, queryset, is_active=True, done=gettext_lazy("reactivated"))

    def change_each(self, request, queryset, *, done, **changes):
        def perform(person):
            people.change_person(by=request.user, person=person, changes=changes)
            # On their page it is asked whether it is meant.
            _ask_about_visits_of(person, request)

        self.perform_on_each(request, queryset, action="update", perform=perform, done=done)

    # Pages

    def get_changeform_initial_data(self, request):
        return {"role": User.Role.CLIENT} if _read_kind(request) == CLIENTS else {}

    def get_fields(self, request, obj=None):
        fields = super().get_fields(request, obj)
        if obj and (obj.pk == request.user.pk or not self.has_change_permission(request, obj)):
            fields.remove("new_password")
        if _choose_page_kind(request, obj) != CLIENTS:
            return [name for name in fields if name not in (*OF_CLIENTS, "marketing_consent_at", "somebody_else")]
        # A client's standing has a button of its own.
        return [name for name in fields if name not in ("is_active", "works_until")]

    def get_readonly_fields(self, request, obj=None):
        kept = super().get_readonly_fields(request, obj)
        if obj is None:
            return kept
        if obj.pk == request.user.pk:
            return (*kept, "role", "is_active", "works_until")
        return kept if obj.is_active else (*kept, "works_until")  # of who left, it is what reports count by

    def formfield_for_choice_field(self, db_field, request, **kwargs):
        if db_field.name == "role":
            grantable = policy.find_grantable_roles(request.user, "create")
            kwargs["choices"] = [("", "---------"), *(each for each in User.Role.choices if each[0] in grantable)]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def get_fieldsets(self, request, obj=None):
        fields = self.get_fields(request, obj)
        contact = [name for name in CONTACT if name in fields]
        account = {"fields": [name for name in fields if name not in contact]}
        if _choose_page_kind(request, obj) == CLIENTS:
            account["classes"] = ["collapse"]
        return [(gettext("Contact"), {"fields": contact}), (gettext("Role and sign-in"), account)]

    def render_change_form(self, request, context, obj=None, **kwargs):
        context["kind"] = _choose_kind(obj) if obj else _read_kind(request) or TEAM
        context["pages"] = privacy.list_privacy_pages(self, request, obj)
        context["kind_title"] = TITLES[context["kind"]]
        refusal = request.call.refusal
        context["hit"] = refusal if isinstance(refusal, VisitsLeft) else None
        if obj:
            describe = client_card.describe_client if context["kind"] == CLIENTS else team_member.describe_member
            context |= describe(request.user, obj, now=timezone.now())
            context |= {"title": obj.name, "subtitle": None, "may_change": self.has_change_permission(request, obj)}
            context |= {"show_save_and_add_another": False, "show_save_and_continue": False}
        else:
            context["title"] = ADDING[context["kind"]]
        return super().render_change_form(request, context, obj=obj, **kwargs)

    # Saving

    def create(self, request, values):
        known_to_be_new = values.pop("somebody_else", True)
        with transaction.atomic():
            person = people.register_person(by=request.user, password=values.pop("new_password"), **values)
            if not known_to_be_new:
                refuse_lookalike(request.user, person)
        return person

    def update(self, request, row, changes):
        if "new_password" in changes:
            changes["password"] = changes.pop("new_password")
        keep = sign_ins.read_current(request)
        person = people.change_person(by=request.user, person=row, changes=changes, keep=keep)
        _ask_about_visits_of(person, request)
        return person

    def delete_model(self, request, obj):
        people.remove_person(by=request.user, person=obj)

    # Standing

    def standing(self, request, object_id):
        """Deactivate or reactivate, by a button."""
        person = self.get_row(request, "update", object_id, no_key=True)
        if request.method == "POST":
            hit = self.change_standing(request, person, is_active="reactivate" in request.POST)
            if hit:
                title = gettext("Deactivate %(person)s") % {"person": person}
                return page.render_page(request, "person_standing.html", title=title, person=person, hit=hit)
        return HttpResponseRedirect(reverse("admin:accounts_user_change", args=[person.pk]))

    def change_standing(self, request, person, *, is_active):
        """The visits that this would strand, where it was not said that it is meant all the same; or None."""
        told = gettext("Reactivated: %(person)s.") if is_active else gettext("Deactivated: %(person)s.")
        try:
            with transaction.atomic():
                people.change_person(by=request.user, person=person, changes={"is_active": is_active})
                _ask_about_visits_of(person, request)
                self.log_change(request, person, "Reactivated." if is_active else "Deactivated.")
        except VisitsLeft as hit:
            return hit
        except (Refused, DatabaseError) as error:
            self.message_user(request, read_refusal_or_raise(error).detail, messages.ERROR)
        else:
            self.message_user(request, told % {"person": person}, messages.SUCCESS)
        return None


def _say_on_cards(label, instant):
    """The moment, which says what it is where the list has no columns."""
    written = instant and wording.write_moment(instant)
    return format_html('<span class="on-cards">{}</span> {}', label, written) if instant else None


def _ask_about_visits_of(person, request):
    """Raises VisitsLeft where a change leaves visits to come without this person, and that was not shown yet."""
    stranded = getattr(person, "strands", None) or ()
    ask_about_visits(request.user, request.POST.get("anyway"), stranded, asking=VisitsLeft)
