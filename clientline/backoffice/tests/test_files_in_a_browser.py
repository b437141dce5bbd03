"""Files in real Chromium: a list goes out, a file of clients comes in without leaving the page."""

import csv
import os

import pytest

from accounts.models import User
from clientline.demo.browsing import CHROMIUM, PHONE, Visitor

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: `.ci/run` installs one"),
]

LINES = [f"Client {number},client{number}@import.example," for number in range(100)]


def write(path, lines):
    path.write_text("name,email,phone\n" + "\n".join(lines) + "\n")
    return path


def test_a_faulty_file_is_mended_and_imported_and_the_list_downloaded(live_server, salon, client, browser, tmp_path):
    client.force_login(salon.manager)
    good = write(tmp_path / "good.csv", LINES)
    bad = write(tmp_path / "bad.csv", [*LINES[:70], "Nobody,no address,", *LINES[70:]])
    visitor = Visitor(browser, live_server.url, viewport=PHONE).carry(client.cookies)
    page = visitor.page
    page.goto("/admin/accounts/user/?role__exact=client")
    page.get_by_role("link", name="Import clients").click()
    page.get_by_label("CSV or vCard file").set_input_files(bad)
    page.get_by_role("button", name="Check the file").click()
    page.get_by_text("100 new, 0 known, 1 faulty").wait_for()
    wrong = page.get_by_role("region", name="What is wrong")
    assert wrong.get_by_role("row").nth(1).inner_text().split("\t") == [
        "72",
        "email",
        "This is no e-mail address.",
        "no address",
    ]
    assert (visitor.find_pale_text(), visitor.measure_overflow()) == ([], 0)
    page.get_by_label("CSV or vCard file").set_input_files(good)
    page.get_by_role("button", name="Check the file").click()
    page.get_by_role("button", name="Import 100 clients").click()  # the file is still chosen
    page.get_by_text("Imported 100 clients.").wait_for()
    assert User.objects.filter(contact_email__endswith="@import.example").count() == 100
    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").click()
    with open(download.value.path(), encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.DictReader(file))) == 102
    visitor.leave()
    assert visitor.complaints == []


def test_a_file_that_changed_after_it_was_chosen_has_to_be_chosen_again(live_server, salon, client, browser, tmp_path):
    client.force_login(salon.admin)
    file = write(tmp_path / "clients.csv", LINES[:2])
    visitor = Visitor(browser, live_server.url).carry(client.cookies)
    page = visitor.page
    page.goto("/admin/clients/import/")
    page.get_by_label("CSV or vCard file").set_input_files(file)
    assert page.evaluate("document.querySelector('[type=file]').files[0].lastModified") > 0  # only now it is noted
    os.utime(write(file, LINES[:3]), (0, 0))  # an hour that nobody could mistake
    page.get_by_role("button", name="Check the file").click()
    page.get_by_role("alert").get_by_text("choose it again").wait_for()
    page.get_by_label("CSV or vCard file").set_input_files(file)
    page.get_by_role("button", name="Check the file").click()
    page.get_by_role("button", name="Import 3 clients").wait_for()
    visitor.leave()
    assert [each for each in visitor.complaints if "ERR_UPLOAD_FILE_CHANGED" not in each] == []
