"""A guest at a salon's page, step by step; `test_guest_booking.py` takes all steps by the pages themselves."""

from html import unescape
from re import findall, search
from uuid import uuid4

from django.utils import timezone

from clientline.reach.guests import asking, codes, links
from clientline.reach.guests.forms import make_form_key
from clientline.reach.guests.models import BookingRequest
from clientline.tests.pages import Page, typed
from organizations.models import Organization

WHO = {"name": "Kim Weber", "contact_email": "kim@example.com", "phone": "0170 5500003", "consent": "on"}


def open_page(home, **changes):
    """The organization of a cast opens its page as /b/<name>."""
    values = {"slug": home.organization.name.lower(), "guest_page": True} | changes
    Organization.objects.filter(pk=home.organization.pk).update(**values)
    home.organization.refresh_from_db()


def details_url(home, start, *, staff=None, embed=""):
    query = f"service={home.service.pk}&staff={staff.pk if staff else ''}&start={start.isoformat()}"
    return f"/b/{home.organization.slug}{embed}/details?{query.replace('+', '%2B')}"


def fill_in(home, place, **sent):
    """What the form of a page sends, without the page, which costs more than all the rest."""
    return {"form": make_form_key(f"{home.organization.pk} {place}")} | sent


def ask(client, home, start, *, staff=None, **who):
    """Ask for a visit; the answer, which leads to where the code is typed."""
    chosen = {"service": home.service.pk, "staff": staff.pk if staff else "", "start": start.isoformat()}
    return client.post(f"/b/{home.organization.slug}/details", fill_in(home, "details", **chosen, **(WHO | who)))


def type_code(client, place, **sent):
    """Type the code of the latest request at this address, or another `code`."""
    asked = BookingRequest.objects.select_related("organization").latest("id")
    return client.post(place, fill_in(asked, "confirm", **({"code": codes.write_code(asked)} | sent)))


def book(client, home, start, **who):
    """The address by which the visit is managed."""
    asked = ask(client, home, start, **who)
    assert asked.status_code == 303, asked.content.decode()
    booked = type_code(client, asked["Location"])
    assert booked.status_code == 303, booked.content.decode()
    return booked["Location"]


def request(home, start, **who):
    """What `ask` leads to, without a page: where the code is typed."""
    form = uuid4().hex
    guest = {name: value for name, value in (WHO | who).items() if name != "consent"}
    asking.ask_for_visit(
        organization=home.organization, form=form, address=guest["contact_email"], network="127.0.0.1",
        service=home.service, appointment_date=start, now=timezone.now(), **guest,
    )  # fmt: skip
    return f"/b/{home.organization.slug}/confirm/{asking.derive_secret(form)}"


def make_visit(home, start, **who):
    """What `book` leads to, without a page: the address by which the visit is managed."""
    request(home, start, **who)
    visit = asking.book_request(BookingRequest.objects.latest("id"), now=timezone.now())
    return f"/v/{links.issue_link(visit, now=timezone.now())}"


def list_times(response):
    """What the radio buttons of a page offer."""
    return [
        unescape(value)
        for value in findall(r'type="radio" name="start"[^>]* value="([^"]+)"', response.content.decode())
    ]


def read(response):
    """The page's text as one line."""
    inside = search("<body.*</body>", response.content.decode(), flags=16)[0]
    return " ".join(unescape(" ".join(findall(r">([^<]+)<", inside))).split())


__all__ = [
    "WHO", "Page", "ask", "book", "details_url", "fill_in", "list_times", "make_visit", "open_page", "read",
    "request", "type_code", "typed",
]  # fmt: skip
