"""The search of lists and suggestions, and the page behind the box in the head of every page."""

from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext

from accounts.finding import find_people
from accounts.models import User
from appointments.models import Appointment
from clientline import wording
from clientline.admin.base import LONGEST_SEARCH
from clientline.backoffice.page import render_page
from clientline.backoffice.people.known_clients import annotate_visits, describe_known_client
from clientline.backoffice.platform.acting import find_chosen_organization
from clientline.notations import is_readable_number
from clientline.typed_dates import DateAmbiguous, DateNotRead, read_date
from payments.models import Payment, Refund

SHOWN = 20  # clients


class PeopleSearchMixin:
    """Lets a list find people as everywhere: `person` names the key of whom, `number` what else the text may be."""

    person, number = "pk", ""

    def get_search_results(self, request, queryset, search_term):
        if not search_term.strip():
            return queryset, False
        searched = self.admin_site.get_organization(request)
        asked = {"organization": searched, "person": self.person, "number": self.number}
        return find_people(queryset, search_term[:LONGEST_SEARCH], **asked), False


def search_view(request):
    """Clients, the day, and the visit and the receipt of this number; where only one is found, straight there."""
    if not request.user.may("users", "list"):
        raise PermissionDenied
    text = request.GET.get("q", "")[:LONGEST_SEARCH].strip()
    people, others = _list_people(request, text), [*_list_days(request, text), *_list_numbered(request, text)]
    if len(people) + len(others) == 1:
        return HttpResponseRedirect((people + others)[0][0])
    return render_page(
        request,
        "search.html",
        title=gettext("Search"),
        text=text,
        people=people[:SHOWN],
        others=others,
        more=people[SHOWN:],
    )


def _list_people(request, text):
    """(address, description) of those found, one more than are shown where there are more."""
    rows = _list_own(request, User, "users").select_related("organization")
    found = find_people(rows, text, organization=find_chosen_organization(request)).order_by("name", "id")
    people = _leave_out_merged(list(annotate_visits(found, request.user)[: SHOWN + 1]))
    return [(reverse("admin:accounts_user_change", args=[each.pk]), describe_known_client(each)) for each in people]


def _leave_out_merged(people):
    """Without the records that were merged into another one of these; all where there are more than are shown."""
    # Not those of whom the one that is kept was not found: by an old number they are the only way to them.
    found = {each.pk for each in people}
    return people if len(people) > SHOWN else [each for each in people if each.merged_into_id not in found]


def _list_days(request, text):
    """(address, description) of the day that was typed; of both where it may be either."""
    organization = find_chosen_organization(request)
    if organization is None or not request.user.may("appointments", "list"):
        return []
    try:
        days = (read_date(text, organization.country),)
    except DateAmbiguous as question:
        days = question.readings
    except DateNotRead:
        return []
    return [(f"{reverse('admin:index')}?date={day}", wording.write_long_date(day)) for day in days]


def _list_numbered(request, text):
    """(address, description) of the visit and the receipts with this number; a refund's leads to its payment."""
    if not is_readable_number(text):
        return []
    visits = _list_own(request, Appointment, "appointments").filter(pk=int(text))
    payments, refunds = (
        _list_own(request, model, "payments").filter(receipt_number=int(text)) for model in (Payment, Refund)
    )
    visit, payment = "admin:appointments_appointment_change", "admin:payments_payment_change"
    found = (
        (gettext("Visit %(number)s: %(row)s"), visit, "pk", visits),
        (gettext("Receipt %(number)s: %(row)s"), payment, "pk", payments),
        (gettext("Receipt %(number)s, a refund: %(row)s"), payment, "payment_id", refunds),
    )
    return [
        (reverse(page, args=[getattr(row, key)]), told % {"number": text, "row": row})
        for told, page, key, rows in found
        for row in rows
    ]


def _list_own(request, model, resource):
    """The rows that the caller may list; of the organization they act in, where they are an operator."""
    rows = model.objects.visible_to(request.user, resource)
    organization = find_chosen_organization(request)
    return rows.filter(organization=organization) if organization else rows
