"""The pages of the back office in German: nothing is left in English, and all of it fits a phone."""

import re
from html import unescape

import pytest

from accounts.models import User
from clientline import catalogues
from clientline.backoffice.tests.test_every_page_in_a_browser import more_pages_of, pages_of
from clientline.demo.browsing import CHROMIUM, PHONE, Visitor
from clientline.tests.pages import see
from organizations.models import Organization

NOT_TEXT = re.compile(r"<(script|style|code|option)\b.*?</\1>|<!--.*?-->", re.DOTALL)
SAID = re.compile(r">([^<>]+)<|\b(?:title|placeholder|aria-label|alt)=\"([^\"]+)\"")


@pytest.fixture
def german(salon, client):
    Organization.objects.filter(pk=salon.organization.pk).update(language="de")
    salon.admin = User.objects.get(pk=salon.admin.pk)
    client.force_login(salon.admin)
    salon.sidebar = see(client, "/admin/")["sidebar"]
    return salon


def list_pages(cast, *, everything=True):
    """Those of every kind, and some that only lead on from there.

    The gate leaves out what is of the template of one of these: what its own labels say, `test_texts.py` asks.
    """
    more = ["search", "nowhere", f"appointments/appointment/{cast.visit.pk}/history"]
    more += [f"payments/payment/{cast.payment.pk}/history", f"accounts/user/{cast.staff.pk}/history"]
    alike = more_pages_of(cast) if everything else []
    found = [*pages_of(cast), *alike, *(f"/admin/{page}/" for page in more)]
    return [url for url in dict.fromkeys(found) if url != "/admin/look/"]  # which is for developers alone


def list_english():
    """The texts that German says otherwise, without those that hold a place for something."""
    strings = (pair for room in catalogues.ROOMS for pair in catalogues.read_catalogue(room).items())
    unlike = {
        text.text for text, said in strings if said[0] != text.text and not catalogues.list_placeholders(text.text)
    }
    german = {said[0] for room in catalogues.ROOMS for said in catalogues.read_catalogue(room).values()}
    return {each for text in unlike for each in (text, text[:1].upper() + text[1:])} - german


def list_said(page):
    """What stands on a page, in the words that a reader sees or hears."""
    found = (unescape(text or name).strip().rstrip(":") for text, name in SAID.findall(NOT_TEXT.sub("", page)))
    return {text for text in found if text}


@pytest.mark.sweep
@pytest.mark.django_db
def test_each_of_them_opens_and_nothing_on_it_is_english(german, client, everything):
    english, opened, found = list_english(), {}, {}
    for url in list_pages(german, everything=everything):
        answer = client.get(url)
        opened[url], found[url] = answer.status_code, sorted(list_said(answer.text) & english)
    assert opened == dict.fromkeys(opened, 200) | {"/admin/nowhere/": 404}
    assert {url: texts for url, texts in found.items() if texts} == {}


@pytest.mark.whole
@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: `.ci/run` installs one")
def test_they_fit_a_phone(live_server, german, client, browser):
    visitor, found = Visitor(browser, live_server.url, viewport=PHONE).carry(client.cookies), {}
    for url in list_pages(german):
        visitor.page.goto(url, wait_until="load")
        found[url] = visitor.measure_overflow()
    visitor.leave()
    assert {url: wide for url, wide in found.items() if wide} == {}
