"""The main pages of the back office, read in real Chromium by somebody who chose German: nothing is left in English."""

import pytest
from django.utils.text import capfirst

from accounts.models import User
from clientline import catalogues
from clientline.demo.browsing import CHROMIUM, Visitor

pytestmark = [
    pytest.mark.browser,
    pytest.mark.whole,  # `test_german_pages.py` reads what the server writes; this, what scripts make of it
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: `.ci/run` installs one"),
]
# What a page says: its texts, and those of attributes that are read out or shown.
READ = """() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const said = [];
    while (walker.nextNode()) {
        if (!walker.currentNode.parentElement.closest("script, style, [lang=en]")) said.push(walker.currentNode.data);
    }
    for (const each of document.querySelectorAll("[title], [placeholder], [aria-label], input[type=submit]")) {
        for (const name of ["title", "placeholder", "aria-label"]) said.push(each.getAttribute(name) || "");
        if (each.type === "submit") said.push(each.value);
    }
    return said.map((each) => each.trim().replace(/\\s+/g, " ").replace(/:$/, "")).filter(Boolean);
}"""


def list_english():
    """Texts of the catalogues that are other words in German, as a page may show them."""
    known = [each for room in catalogues.ROOMS for each in catalogues.read_catalogue(room).items()]
    german = {capfirst(string) for _, strings in known for string in strings}
    found = {capfirst(each) for text, _ in known for each in (text.text, text.plural) if each}
    return {each for each in found - german if not catalogues.list_placeholders(each)}


def list_pages(cast):
    return [
        "/admin/",
        "/admin/week/",
        "/admin/appointments/appointment/",
        "/admin/appointments/appointment/add/",
        f"/admin/appointments/appointment/{cast.visit.pk}/change/",
        f"/admin/appointments/appointment/{cast.visit.pk}/payment/",
        "/admin/accounts/user/?kind=clients",
        f"/admin/accounts/user/{cast.client.pk}/change/",
        "/admin/payments/payment/",
        f"/admin/payments/payment/{cast.payment.pk}/change/",
        "/admin/reports/",
        "/admin/services/service/",
        f"/admin/services/service/{cast.service.pk}/change/",
        "/admin/accounts/user/?kind=team",
        "/admin/week-hours/",
        f"/admin/week-hours/?staff={cast.staff.pk}",
        "/admin/appointments/timeoff/add/",
        f"/admin/organizations/organization/{cast.organization.pk}/change/",
        "/admin/online-booking/",
        "/admin/reach/message/",
        "/admin/reach/webhookendpoint/add/",
        "/admin/clients/import/",
        "/admin/sign-ins/",
        "/admin/nowhere/",
    ]


def test_nothing_is_left_in_english(live_server, salon, client, browser):
    User.objects.filter(pk=salon.admin.pk).update(language="de")
    client.force_login(salon.admin)
    visitor = Visitor(browser, live_server.url, language="de-DE").carry(client.cookies)
    english, left = list_english(), {}
    for url in list_pages(salon):
        visitor.page.goto(f"{live_server.url}{url}")
        assert visitor.page.get_attribute("html", "lang") == "de", url
        if found := english.intersection(map(capfirst, visitor.page.evaluate(READ))):
            left[url] = found
    visitor.leave()
    assert left == {}
