"""The pages that show the API document load nothing from elsewhere, and hold no script."""

import re
from html.parser import HTMLParser

import pytest
from django.contrib.staticfiles import finders

pytestmark = pytest.mark.xdist_group("document")  # which is made once


class Assets(HTMLParser):
    """The addresses a page loads from, and the scripts that stand in it."""

    def __init__(self):
        super().__init__()
        self.addresses, self.inline, self.open_script = [], [], False

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.open_script = tag == "script"
        self.addresses += [attributes[name] for name in ("src", "href", "spec-url") if attributes.get(name)]
        self.inline += [name for name in attributes if name.startswith("on")]

    def handle_data(self, data):
        if self.open_script and data.strip():
            self.inline.append(data)

    def handle_endtag(self, tag):
        self.open_script = False


@pytest.mark.parametrize("path", ["/docs", "/docs/", "/redoc", "/redoc/"])
def test_the_pages_load_local_assets_only_and_hold_no_script(db, api, path):
    answer = api().get(path)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/html; charset=utf-8")
    page = Assets()
    page.feed(answer.content.decode())
    assert page.inline == []
    assert len(page.addresses) >= 3
    for address in page.addresses:
        assert re.match(r"/(?!/)", address), address
        if address.startswith("/static/"):
            assert finders.find(address.removeprefix("/static/")), address
        else:
            assert api().get(address).status_code == 200, address
    assert not re.search(rb"https?://", answer.content)


def test_the_script_of_docs_names_the_document_and_no_other_server(db, api):
    answer = api().get("/docs?script=")
    assert answer["Content-Type"].startswith("application/javascript")
    assert b"/openapi.json" in answer.content
    assert not re.search(rb"https?://", answer.content)


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_the_pages_may_load_nothing_from_elsewhere(db, api, path):
    # To the letter: with less, one of them stays empty, which only Chromium shows (`test_policy_in_a_browser.py`).
    assert api().get(path)["Content-Security-Policy"] == (
        "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; "
        "object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
    )
