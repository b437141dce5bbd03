"""The sidebar: links grouped by task, each shown to whom the policy lets see the page behind it."""

from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext_lazy

from clientline.languages import Said, write_to_keep


@dataclass(frozen=True)
class Link:
    """`query` is part of the address: several links may lead to one list. Shown to who may do `action`."""

    label: Said
    page: str
    resource: str
    action: str = "list"
    query: tuple = ()

    # Each is on every page, two dozen times: worked out once in a process.
    @cached_property
    def path(self):
        return reverse(f"admin:{self.page}")

    @cached_property
    def url(self):
        return self.path + ("?" + urlencode(self.query) if self.query else "")

    @cached_property
    def icon(self):
        """The id of its drawing in `icons.svg`: the label in English."""
        with write_to_keep():
            return self.label.lower().replace(" ", "-")

    def leads_here(self, request):
        return request.path == self.path and all(request.GET.get(k) == v for k, v in self.query)


GROUPS = (
    (
        gettext_lazy("Front desk"),
        (
            Link(gettext_lazy("Today"), "index", "appointments"),
            Link(gettext_lazy("Week"), "week", "appointments"),
            Link(gettext_lazy("Appointments"), "appointments_appointment_changelist", "appointments"),
            Link(gettext_lazy("Clients"), "accounts_user_changelist", "users", query=(("kind", "clients"),)),
            Link(gettext_lazy("Payments"), "payments_payment_changelist", "payments"),
            Link(gettext_lazy("Who owes"), "owing", "payments", "create"),
        ),
    ),
    (
        gettext_lazy("Set-up"),
        (
            Link(gettext_lazy("Services"), "services_service_changelist", "services"),
            Link(gettext_lazy("Team"), "accounts_user_changelist", "users", query=(("kind", "team"),)),
            Link(gettext_lazy("Working hours"), "week_hours", "working_hours"),
            Link(gettext_lazy("Special hours"), "appointments_specialhours_changelist", "special_hours"),
            Link(gettext_lazy("Time off"), "appointments_timeoff_changelist", "time_off"),
            Link(gettext_lazy("Calendar feeds"), "reach_feed_changelist", "feeds"),
            Link(gettext_lazy("Reminders"), "reach_messagerule_changelist", "message_rules"),
            Link(gettext_lazy("Texts"), "reach_messagetext_changelist", "message_texts"),
            Link(gettext_lazy("Organization"), "organizations_organization_changelist", "organizations"),
            Link(gettext_lazy("Online booking"), "online_booking", "organizations", "guest_page"),
            Link(gettext_lazy("Webhooks"), "reach_webhookendpoint_changelist", "webhooks"),
        ),
    ),
    (
        gettext_lazy("Oversight"),
        (
            Link(gettext_lazy("Reports"), "reports", "reports"),
            Link(gettext_lazy("Messages"), "reach_message_changelist", "messages"),
            Link(gettext_lazy("Audit"), "organizations_audit_changelist", "audit"),
        ),
    ),
)


def list_groups(request):
    """`(group, [{"label", "url", "is_current", "icon"}])` for the caller; groups of nothing are left out."""
    permitted = [
        (label, [link for link in links if request.user.may(link.resource, link.action)]) for label, links in GROUPS
    ]
    current = next((link for _, links in permitted for link in links if link.leads_here(request)), None)
    return [(label, [_describe_link(link, link is current) for link in links]) for label, links in permitted if links]


_BOOK = Link(gettext_lazy("Book a visit"), "appointments_appointment_add", "appointments", "create")
_TODAY, _WEEK, _VISITS, _CLIENTS, *_OTHERS = GROUPS[0][1]
TABS = (_TODAY, _WEEK, _BOOK, _CLIENTS)


def list_tabs(request):
    """The bar at the bottom of a phone: `{"label", "url", "is_current", "icon", "is_booking"}` for the caller."""
    tabs = [link for link in TABS if request.user.may(link.resource, link.action)]
    return [_describe_link(tab, tab.leads_here(request)) | {"is_booking": tab is _BOOK} for tab in tabs]


def _describe_link(link, is_current):
    return {"label": link.label, "url": link.url, "is_current": is_current, "icon": link.icon}
