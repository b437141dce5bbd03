"""The sidebar: links grouped by task, each shown to whom the policy lets see the page behind it."""

from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from urllib.parse import urlencode

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy

from clientline.languages import Said, write_to_keep


# Compared as the very object: to hash all that it holds would translate its label each time.
@dataclass(frozen=True, eq=False)
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


_BOOK = Link(gettext_lazy("Book a visit"), "appointments_appointment_add", "appointments", "create")
_TODAY, _WEEK, _VISITS, _CLIENTS, *_OTHERS = GROUPS[0][1]
TABS = (_TODAY, _WEEK, _BOOK, _CLIENTS)


def describe_sidebar(request):
    """For the frame: the groups and tabs that the caller may open, and what draws the rail and the bottom bar."""
    links = _select_permitted(request.user, [link for _, links in GROUPS for link in links])
    tabs = _select_permitted(request.user, TABS)
    shown = links, _find_current(request, links), tabs, _find_current(request, tabs)
    return {
        **_describe(*shown),
        "drawn_rail": partial(_draw, "admin/nav_sidebar.html", get_language(), *shown),
        "drawn_tabs": partial(_draw, "admin/tabs.html", get_language(), *shown),
    }


def _select_permitted(person, links):
    return tuple(link for link in links if person.may(link.resource, link.action))


def _find_current(request, links):
    return next((link for link in links if link.leads_here(request)), None)


# Every page shows them, and most of what a small page took was to fill them in. The key holds all that they depend on.
@lru_cache(maxsize=300)
def _draw(template, language, *shown):
    return render_to_string(template, _describe(*shown))


def _describe(links, current, tabs, current_tab):
    """`sidebar`: (group, its links), without groups of nothing; `bottom_bar`: the links at the bottom of a phone."""
    groups = [(label, [link for link in group if link in links]) for label, group in GROUPS]
    return {
        "sidebar": [
            (label, [_describe_link(link, link is current) for link in group]) for label, group in groups if group
        ],
        "bottom_bar": [_describe_link(tab, tab is current_tab) | {"is_booking": tab is _BOOK} for tab in tabs],
    }


def _describe_link(link, is_current):
    return {"label": link.label, "url": link.url, "is_current": is_current, "icon": link.icon}
