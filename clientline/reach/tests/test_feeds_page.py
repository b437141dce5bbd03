"""Calendar feeds in the back office: made, their address shown once, read, and ended."""

import re

import pytest
from django.utils import timezone

from clientline.reach.calendars.feeds import make_feed
from clientline.reach.calendars.models import Feed
from clientline.tests.pages import submit

pytestmark = pytest.mark.django_db
LIST = "/admin/reach/feed/"


def make(person):
    """A feed, and the path at which it is read."""
    feed, token = make_feed(user=person, purpose="My telephone", detail="busy", now=timezone.now())
    return feed, f"/feeds/{token}.ics"


def said(answer):
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())


@pytest.mark.sweep
@pytest.mark.only("staff")  # who else may make one: test_policy.py; that it tells their own visits: test_feeds.py
@pytest.mark.parametrize("role", ["staff", "manager", "admin"])
def test_it_is_made_and_its_address_shown_once(salon, client, book, role):
    book()
    client.force_login(getattr(salon, role))
    assert "Calendar feeds" in said(client.get("/admin/"))
    assert "Google reads it every 8 to 24 hours" in said(client.get(f"{LIST}add/"))
    page = client.get(submit(client, f"{LIST}add/", purpose="My telephone", detail="service").url)
    address = re.search(r"The address, shown this once: (\S+/feeds/\S+\.ics)", said(page))[1]
    feed = Feed.objects.get()
    assert (feed.user, feed.organization, feed.detail) == (getattr(salon, role), salon.organization, "service")
    read = client.get(address[address.index("/feeds/") :])
    assert (read.status_code, read["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert ("SUMMARY:Salon service" in read.text) is (role == "staff")
    for place in (LIST, f"{LIST}{feed.pk}/change/"):
        assert address not in client.get(place).text


def test_deleted_it_is_read_no_more(salon, client):
    feed, address = make(salon.staff)
    client.force_login(salon.staff)
    assert submit(client, f"{LIST}{feed.pk}/delete/").status_code == 302
    assert client.get(address).status_code == 404


def test_a_second_for_the_same_purpose_says_so(salon, client):
    make(salon.staff)
    client.force_login(salon.staff)
    again = submit(client, f"{LIST}add/", purpose="My telephone", detail="busy")
    assert (again.status_code, "You have a feed for this already." in again.text) == (200, True)
    assert Feed.objects.count() == 1


def test_one_that_ended_says_so(salon, client):
    make(salon.staff)
    client.force_login(salon.staff)
    assert "Active" in said(client.get(LIST))
    salon.staff.set_password("another one")
    salon.staff.save(update_fields=["password"])
    client.force_login(salon.staff)
    assert "Ended: password or role changed" in said(client.get(LIST))


@pytest.mark.sweep
def test_others_see_none_of_it(salon, clinic, client):
    feed, _ = make(salon.staff)
    for other in (salon.admin, clinic.admin):  # a colleague: test_feeds.py
        client.force_login(other)
        assert "My telephone" not in client.get(LIST).text
        assert client.get(f"{LIST}{feed.pk}/change/").status_code in (302, 404)
        submit_to = client.post(f"{LIST}{feed.pk}/delete/", {"post": "yes"})
        assert submit_to.status_code in (302, 403, 404)
    assert Feed.objects.filter(pk=feed.pk).exists()
