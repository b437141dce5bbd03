"""Invitations as calendars get them: one name, a sequence, REQUEST then CANCEL, and instants that all read alike."""

import json
import shutil
import subprocess
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import icalendar
import pytest
import vobject
from django.conf import settings
from django.utils import timezone

from appointments.tests.factories import always_at_work, days_ahead
from clientline.database.turns import turn_on_file
from clientline.reach.messages.delivery import sending
from clientline.reach.messages.models import Message
from clientline.reach.tests.visits import cancel, move
from organizations.models import Organization

pytestmark = pytest.mark.django_db

PINS = "package-lock.json"
# In make test the two with a summer time of their own kind: of an hour in winter, and of half an hour. No zone is in
# what is written, says test_nothing_is_in_it_that_readers_read_differently.
ZONES = (
    "Europe/Dublin",
    "Australia/Lord_Howe",
    *(
        pytest.param(zone, marks=pytest.mark.whole)
        for zone in ("Europe/Berlin", "America/Vancouver", "Africa/Casablanca")
    ),
)


def find_invitation(mail):
    (part,) = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    return part, icalendar.Calendar.from_ical(part.get_content())


def send_and_take(mailbox):
    sending.send_due()
    return find_invitation(mailbox.take())


@pytest.mark.sweep
def test_book_move_move_cancel_is_one_visit_in_every_calendar(book, mailbox, salon):
    visit, seen = book(), []
    for change in (None, move, move, lambda visit: cancel(visit=visit)):
        visit = change(visit) if change else visit
        part, calendar = send_and_take(mailbox)
        (event,) = calendar.events
        assert part.get_param("method") == str(calendar["method"])
        assert part.get_param("charset") in ("utf-8", None)
        assert event["uid"] == visit.calendar_uid
        assert event["dtstart"].dt == visit.appointment_date
        assert event["organizer"] == "mailto:visits@clientline.example"
        assert event["attendee"] == f"mailto:{salon.client.email}"
        seen.append((str(calendar["method"]), int(event["sequence"]), str(event["status"])))
    assert seen == [
        ("REQUEST", 0, "CONFIRMED"),
        ("REQUEST", 1, "CONFIRMED"),
        ("REQUEST", 2, "CONFIRMED"),
        ("CANCEL", 3, "CANCELLED"),
    ]


def test_nothing_is_in_it_that_readers_read_differently(book, mailbox):
    book()
    sending.send_due()
    part, _ = find_invitation(mailbox.take())
    text = part.get_content()
    for word in ("VTIMEZONE", "TZID", "RRULE", "DURATION", "VALARM", "Salon service"):
        assert word not in text
    lines = text.splitlines()
    assert all(line.endswith("Z") for line in lines if line.startswith(("DTSTART", "DTEND", "DTSTAMP")))
    assert "SUMMARY:Your visit at Salon" in lines


def test_whoever_invited_stays_the_organizer(book, mailbox, settings):
    """Calendars believe a cancellation of the organizer alone."""
    visit = book()
    send_and_take(mailbox)
    settings.DEFAULT_FROM_EMAIL = "other@clientline.example"
    cancel(visit=visit)
    sending.send_due()
    mail = mailbox.take()
    assert find_invitation(mail)[1].events[0]["organizer"] == "mailto:visits@clientline.example"
    assert mail["From"].endswith("<visits@clientline.example>")


def test_odd_names_break_no_line(book, mailbox, salon):
    salon.client.name = 'Zoë "Zed" O\'Neil; 50, of\nBath'
    salon.client.save(update_fields=["name"])
    home = salon.service.organization
    home.address = "High Street 1;\n2, Bath " + "ü" * 80
    home.save(update_fields=["address"])
    book()
    part, calendar = send_and_take(mailbox)
    assert str(calendar.events[0]["location"]) == home.address
    assert max(len(line.encode()) for line in part.get_content().splitlines()) <= 75
    assert calendar.events[0]["attendee"].params["cn"].startswith("Zoë 'Zed'")


@pytest.fixture(params=ZONES)
def written(request, book, mailbox, salon):
    """(raw calendar, start, end) of a visit at nine in January and July, local time of an odd zone."""
    zone = ZoneInfo(request.param)
    Organization.objects.filter(pk=salon.organization.pk).update(timezone=request.param)
    salon.service.organization.refresh_from_db()
    always_at_work(salon.staff)
    found = []
    year = timezone.now().year + 1
    for month in (1, 7):
        local = datetime(year, month, 12, 9, 30, tzinfo=zone)
        visit = book(local.astimezone(UTC))
        sending.send_due()
        part, _ = find_invitation(mailbox.take())
        found.append((part.get_content(), local.astimezone(UTC), visit.ends_at))
    return found


@pytest.mark.sweep
def test_readers_in_python_see_the_same_instants(written):
    for text, start, end in written:
        (event,) = icalendar.Calendar.from_ical(text).events
        assert (event["dtstart"].dt, event["dtend"].dt) == (start, end)
        read = vobject.readOne(text).vevent
        assert (read.dtstart.value, read.dtend.value) == (start, end)


READ = """
const texts = JSON.parse(require("fs").readFileSync(0));
const ICAL = require("ical.js").default ?? require("ical.js");
const nodeIcal = require("node-ical");
const readers = {
    "ical.js": text => {
        const event = new ICAL.Event(new ICAL.Component(ICAL.parse(text)).getFirstSubcomponent("vevent"));
        return [event.startDate.toJSDate(), event.endDate.toJSDate()];
    },
    "node-ical": text => {
        const event = Object.values(nodeIcal.sync.parseICS(text)).find(each => each.type === "VEVENT");
        return [new Date(event.start), new Date(event.end)];
    },
};
console.log(JSON.stringify(texts.map(text => readers[process.argv[1]](text).map(each => each.getTime()))));
"""


@pytest.fixture(scope="module")
def modules():
    """The packages of npm that package-lock.json pins."""
    if not shutil.which("npm"):
        pytest.skip("needs npm")
    pinned, folder = settings.BASE_DIR / "clientline/reach/tests/node", settings.BASE_DIR / "var" / "node-calendars"
    with turn_on_file(folder.with_suffix(".lock"), str):  # workers share the folder, and `npm ci` empties it first
        if not folder.exists() or (folder / PINS).read_bytes() != (pinned / PINS).read_bytes():
            shutil.rmtree(folder, ignore_errors=True)
            install_packages(pinned, folder)
    return folder


def install_packages(pinned, folder):
    """All of them or nothing: the folder has its name once they are there."""
    draft = folder.with_suffix(".draft")
    shutil.copytree(pinned, draft, dirs_exist_ok=True)
    subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=draft, check=True, timeout=300)
    draft.rename(folder)


@pytest.mark.whole
@pytest.mark.parametrize("package", ["ical.js", "node-ical"])
@pytest.mark.parametrize("machine", ["UTC", "America/New_York"])
def test_readers_in_javascript_see_the_same_instants(written, modules, package, machine):
    answer = subprocess.run(
        ["node", "-e", READ, package],
        cwd=modules,
        input=json.dumps([text for text, *_ in written]),
        env={"PATH": subprocess.os.environ["PATH"], "TZ": machine},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert answer.returncode == 0, answer.stderr
    expected = [[round(moment.timestamp() * 1000) for moment in moments] for _, *moments in written]
    assert json.loads(answer.stdout) == expected


def test_two_tries_of_one_message_are_one_message(book, mailbox):
    visit = book()
    sending.send_due()
    message = Message.objects.get(appointment=visit, kind="confirmation")
    assert mailbox.take()["Message-ID"] == message.message_id
    assert days_ahead(10) == visit.appointment_date
