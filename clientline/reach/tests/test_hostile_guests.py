"""Nonsense sent to the pages for guests: each is answered by a page, and none is our mistake."""

import pytest
from django.utils.http import urlencode

from appointments.tests.factories import always_at_work, days_ahead
from clientline.reach.tests.guests import WHO, fill_in, make_visit, open_page, request

pytestmark = [pytest.mark.django_db, pytest.mark.sweep]

NONSENSE = (
    "",
    "x",
    "-1",
    "0",
    "9" * 30,
    "1e3",
    "½",
    "٣",
    "<script>",
    "'",
    "9999-12-31T23:59:59Z",
    "0001-01-01",
    "a" * 5000,
)
FORMS = ("details", "confirm", "cancel", "move")
KEYS = ("service", "staff", "start", "from", "lang", "form", "code", "proof", "name", "contact_email", "phone", "notes")


# All at once, and each by itself; of these, make test asks two.
CASES = [
    pytest.param(key, nonsense, marks=[] if (key, nonsense) in (("", "9" * 30), ("start", "x")) else pytest.mark.whole)
    for key in ("", *KEYS)
    for nonsense in NONSENSE
]


@pytest.fixture
def pages(salon, settings):
    settings.GUEST_FORMS_IN_TEN_MINUTES = settings.GUEST_CODES_AN_HOUR = 10_000
    always_at_work(salon.staff)
    open_page(salon)
    place, link = request(salon, days_ahead(3)), make_visit(salon, days_ahead(4))
    good = {"service": salon.service.pk, "start": days_ahead(5).isoformat()}
    steps = [f"/b/salon{step}" for step in ("", "/people", "/times", "/details", "/embed", "/embed/times")]
    return [*steps, place, link, f"{link}/cancel", f"{link}/move"], good


def spoil(sent, key, nonsense):
    """The values with nonsense for one key, or for all of them."""
    return sent | dict.fromkeys([key] if key else KEYS, nonsense)


@pytest.mark.parametrize(("key", "nonsense"), CASES)
def test_no_nonsense_in_an_address_or_a_form_breaks_a_page(pages, salon, client, key, nonsense, everything):
    urls, good = pages
    if key and not everything:  # one by itself is read where it was chosen before: by the times, and by forms
        urls = [url for url in urls if any(place in url for place in ("times", *FORMS))]
    for url in urls:
        answer = client.get(f"{url}?{urlencode(spoil(good, key, nonsense))}")
        assert answer.status_code in (200, 303), url
        assert answer["Content-Type"].startswith("text/html")
    for url in urls:
        form = fill_in(salon, next((place for place in FORMS if place in url), ""))
        answer = client.post(url, spoil(WHO | form | good, key, nonsense))
        assert answer.status_code in (200, 303, 403, 409, 429), (url, answer.content)


def test_what_is_not_there_is_a_page_that_says_so(salon, client):
    open_page(salon)
    for url in ("/b/x", "/b/X_y-1/times", "/v/x", "/v/x/move", "/b/salon/confirm/x", "/b/salon/embed/visit/x", "/u/x"):
        for answer in (client.get(url), client.post(url)):
            assert answer.status_code in (403, 404), url
            assert answer["Content-Type"].startswith("text/html")
            assert "default-src 'none'" in answer["Content-Security-Policy"]


def test_no_page_holds_a_script_or_a_style_of_its_own(pages, client):
    urls, good = pages
    shown = {url: answer.content.decode() for url in urls if (answer := client.get(url, good)).status_code == 200}
    assert [url for url in urls if url not in shown] == ["/b/salon/people", urls[-2]]  # they lead on
    for text in shown.values():
        assert "<script" not in text and "<style" not in text and " style=" not in text and " onclick" not in text


@pytest.mark.parametrize(("embed", "policy"), [("", "'none'"), ("/embed", "https://www.salon.example")])
def test_only_the_page_for_frames_may_be_framed_and_by_listed_sites(salon, client, embed, policy):
    open_page(salon, embed_origins="https://www.salon.example")
    answer = client.get(f"/b/salon{embed}")
    assert answer["Content-Security-Policy"].endswith(f"frame-ancestors {policy}")
    assert answer.get("X-Frame-Options") == (None if embed else "DENY")
