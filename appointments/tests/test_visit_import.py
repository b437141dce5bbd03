"""Coming visits from another program's file: booked as at the desk, with a list of what stands in the way."""

from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from accounts.tests.factories import UserFactory
from appointments.models import Appointment
from appointments.tests.factories import always_at_work, days_ahead
from appointments.visit_import import import_visits
from clientline.refusals import Forbidden
from clientline.web.sheets import Unreadable
from services.tests.factories import ServiceFactory

NOW = datetime(2028, 3, 1, 12, tzinfo=UTC)
HEADING = "Client name;E-mail;Service;Staff;Date;Time;Notes\n"
ADA = "Ada Stone;ada@example.com;salon SERVICE;Salon staff;{day};{time};Window seat\n"


@pytest.fixture(autouse=True)
def ada(salon):
    always_at_work(salon.staff, salon.colleague)
    return UserFactory(
        organization=salon.organization, role="client", name="Ada Stone", contact_email="ada@example.com"
    )


def run(cast, *lines, heading=HEADING, by="manager", **options):
    content = (heading + "".join(lines)).encode()
    return import_visits(
        by=by and getattr(cast, by), organization=cast.organization, content=content, now=NOW, **options
    )


def booked(cast):
    """The visits beside those of the cast."""
    return Appointment.objects.filter(organization=cast.organization).exclude(
        pk__in=[cast.visit.pk, cast.strangers_visit.pk]
    )


def told(found):
    return [(conflict.line, conflict.reason) for conflict in found.conflicts]


def test_a_line_becomes_a_visit_as_it_would_be_booked(salon, ada):
    found = run(salon, ADA.format(day="13.03.2028", time="14:30"))
    assert (found.saved, told(found), found.known) == (True, [], [])
    visit = Appointment.objects.get(client=ada)
    assert (visit.appointment_date, visit.local_start) == (
        datetime(2028, 3, 13, 13, 30, tzinfo=UTC),
        datetime(2028, 3, 13, 14, 30),  # noqa: DTZ001 -- what a clock shows
    )
    assert (visit.service, visit.staff, visit.status, visit.notes) == (
        salon.service,
        salon.staff,
        "scheduled",
        "Window seat",
    )
    assert (visit.created_by, str(visit.price), visit.history.get().action) == (salon.manager, "45.00", "booked")


def test_a_check_books_nothing_and_neither_does_a_second_run(salon):
    line = ADA.format(day="2028-03-13", time="14:30")
    found = run(salon, line, only_check=True)
    assert (len(found.booked), found.saved) == (1, False)
    assert not booked(salon)
    assert len(run(salon, line).booked) == 1
    found = run(salon, line)
    assert (found.booked, found.known, told(found)) == ([], [2], [])


SPELLINGS = [
    ("13/3/2028", "2:30 PM", "2028-03-13T14:30+01:00"),
    ("Mar 15, 2028", "14.30 Uhr", "2028-03-15T14:30+01:00"),
    ("2028-03-13", "9 am", "2028-03-13T09:00+01:00"),
    ("2028-03-13", "12:15 AM", "2028-03-13T00:15+01:00"),
    ("2028-03-27", "14:30:00", "2028-03-27T14:30+02:00"),
    ("29.10.2028", "02:30", "2028-10-29T02:30+02:00"),
]
MONTH_FIRST = [("3/14/28", "14h30", "2028-03-14T14:30+01:00")]  # which all dates of a file are, or none


@pytest.mark.sweep
def test_dates_and_times_are_read_in_many_spellings_on_the_organizations_clock(salon):
    for spellings in (SPELLINGS, MONTH_FIRST):
        found = run(salon, *(ADA.format(day=day, time=time) for day, time, _ in spellings))
        assert told(found) == []
        starts = [datetime.fromisoformat(start) for *_, start in spellings]
        assert [visit.appointment_date for visit in found.booked] == starts


CELLS = [
    ("2028-03-13T14:30:00-05:00", "2028-03-13T14:30-05:00"),
    ("2028-03-14 14:30", "2028-03-14T14:30+01:00"),
    ("15.3.2028 14:30", "2028-03-15T14:30+01:00"),
    ("16.3.2028, 14:30", "2028-03-16T14:30+01:00"),
]


@pytest.mark.sweep
def test_one_cell_may_hold_date_and_time(salon):
    lines = (f"Ada Stone;Salon service;{cell}\n" for cell, _ in CELLS)
    found = run(salon, *lines, heading="client;service;start\n")
    assert told(found) == []
    assert [visit.appointment_date for visit in found.booked] == [datetime.fromisoformat(start) for _, start in CELLS]


def test_a_cell_with_a_comma_tells_too_which_of_day_and_month_comes_first(salon):
    found = run(salon, "Ada Stone;Salon service;3/14/2028, 14:30\n", heading="client;service;start\n")
    assert [visit.appointment_date for visit in found.booked] == [datetime(2028, 3, 14, 13, 30, tzinfo=UTC)]


def test_the_only_column_of_a_date_or_a_time_may_hold_both(salon):
    for day, heading in enumerate(("Termin", "Datum", "Beginn"), start=13):
        found = run(salon, f"Ada Stone;Salon service;{day}.03.2028 14:30\n", heading=f"Kunde;Leistung;{heading}\n")
        starts = [visit.appointment_date for visit in found.booked]
        assert (told(found), starts) == ([], [datetime(2028, 3, day, 13, 30, tzinfo=UTC)]), heading


@pytest.mark.parametrize("end", ["2031-03-02T12:00:00+00:00", "9999-12-31T23:00:00-10:00"])
def test_a_cell_of_another_age_is_too_far_ahead(salon, end):
    found = run(salon, f"Ada Stone;Salon service;{end}\n", heading="client;service;start\n")
    assert told(found) == [(2, "This date is too far ahead.")]


def test_a_cell_with_the_end_of_a_day_is_no_start(salon):
    found = run(salon, "Ada Stone;Salon service;2028-03-13T24:00:00+01:00\n", heading="client;service;start\n")
    assert told(found) == [(2, "“24:00:00+01:00” is no time of day.")]


STANDS_AGAINST = [
    (("13.03.2028", "29.02.2028"), "This time has passed."),
    (("13.03.2028", "30.02.2028"), "There is no such day."),
    (("13.03.2028", "13.03.2091"), "This date is too far ahead."),
    (("13.03.2028", ""), "The date is missing."),
    (("13.03.2028;14:30", "26.03.2028;02:30"), "The clocks skip this time on that day."),
    (("14:30", ""), "The time is missing."),
    (("14:30", "25:00"), "“25:00” is no time of day."),
    (("14:30", "13 PM"), "“13 PM” is no time of day."),
    (("salon SERVICE", "Massage"), "No service is called “Massage”."),
    (("salon SERVICE", ""), "The service is missing."),
    (("Salon staff", "Nobody"), "No colleague is called “Nobody”."),
    (("Salon staff", "Clinic staff"), "No colleague is called “Clinic staff”."),
    (
        ("Ada Stone;ada@example.com", "Ben Stone;"),
        "No one client here is meant. Import the clients first, with address or telephone.",
    ),
    (("Ada Stone;", ";"), "The client is missing."),
]


def test_what_stands_against_a_line_is_said_and_nothing_booked(salon):
    line = ADA.format(day="13.03.2028", time="14:30")
    lines = [*(line.replace(*change) for change, _ in STANDS_AGAINST), ADA.format(day="14.03.2028", time="14:30")]
    found = run(salon, *lines)
    assert told(found) == [(number, reason) for number, (_, reason) in enumerate(STANDS_AGAINST, start=2)]
    assert not found.saved
    assert not booked(salon)
    assert run(salon, *lines, good=True).saved
    assert len(booked(salon)) == 1


def test_two_lines_for_one_time_are_a_conflict_of_the_second(salon, ada):
    UserFactory(organization=salon.organization, role="client", name="Ben Stone", contact_email="ben@example.com")
    line = ADA.format(day="13.03.2028", time="14:30")
    found = run(salon, line, line.replace("Ada", "Ben").replace("ada@", "ben@"), good=True)
    assert [line for line, _ in told(found)] == [3]
    assert [visit.client for visit in found.booked] == [ada]


def test_who_is_not_named_is_chosen_among_the_free(salon):
    lines = [ADA.format(day="13.03.2028", time="14:30").replace("Salon staff", "")]
    UserFactory(organization=salon.organization, role="client", name="Ben Stone", contact_email="ben@example.com")
    lines.append(lines[0].replace("Ada", "Ben").replace("ada@", "ben@"))
    found = run(salon, *lines)
    assert told(found) == []
    assert len({visit.staff_id for visit in found.booked}) == 2


def test_of_two_clients_of_one_name_neither_is_guessed(salon):
    UserFactory(organization=salon.organization, role="client", name="Ada Stone", contact_email="other@example.com")
    line = ADA.format(day="13.03.2028", time="14:30")
    assert told(run(salon, line)) == []  # the address tells
    assert len(told(run(salon, line.replace("ada@example.com", "").replace("13.03", "14.03")))) == 1


def test_of_names_that_are_spelt_alike_the_one_to_the_letter_is_meant(salon):
    salon_line = ADA.replace("salon SERVICE", "{service}")
    for name in ("Salon-Service", "Salon Service"):
        ServiceFactory(organization=salon.organization, name=name)
    meant = ("Salon service", "Salon-Service", "Salon Service", "salonservice")
    lines = [salon_line.format(service=name, day=f"{13 + n}.03.2028", time="14:30") for n, name in enumerate(meant)]
    found = run(salon, *lines, good=True)
    assert [visit.service.name for visit in found.booked] == list(meant[:3])
    assert told(found) == [(5, "More than one service is called “salonservice”.")]


def test_who_was_merged_or_left_stands_before_nobody(salon, ada):
    by_name = "Ada Stone;;salon service;;13.03.2028;{time};\n"
    # The older record comes first wherever people are found.
    kept = UserFactory(
        organization=salon.organization, role="client", name="Ada Stone", contact_email="ada@example.com"
    )
    User.objects.filter(pk=ada.pk).update(is_active=False)
    found = run(salon, ADA.format(day="13.03.2028", time="14:30"), by_name.format(time="15:30"))
    assert (told(found), [visit.client_id for visit in found.booked]) == ([], [kept.pk, kept.pk])
    User.objects.filter(pk=ada.pk).update(merged_into=kept)
    User.objects.filter(pk=kept.pk).update(contact_email="ada@elsewhere.example")
    found = run(salon, ADA.format(day="14.03.2028", time="14:30"))
    assert (told(found), [visit.client_id for visit in found.booked]) == ([], [kept.pk])


def test_only_who_may_import_does(salon):
    for role in ("staff", "client"):
        with pytest.raises(Forbidden):
            run(salon, ADA.format(day="13.03.2028", time="14:30"), by=role)


def test_a_file_without_its_columns_is_refused(salon):
    for heading in ("a;b\n", "client;service\n", "client;service;date\n", "date;time\n"):
        for cell in ("x", "13.03.2028"):
            with pytest.raises(Unreadable, match="has to name the columns: client, service, date and time"):
                run(salon, ";".join([cell] * len(heading.split(";"))) + "\n", heading=heading)


def command(cast, file, **options):
    output, errors = StringIO(), StringIO()
    try:
        call_command("import_appointments", cast.organization.name, str(file), stdout=output, stderr=errors, **options)
    except CommandError as error:
        return f"{errors.getvalue()}{error}"
    return errors.getvalue() + output.getvalue()


@pytest.mark.sweep
def test_the_command_checks_refuses_and_books(salon, ada, tmp_path):
    file, day = tmp_path / "visits.csv", days_ahead(9).date()
    file.write_text(HEADING + ADA.format(day=day, time="14:30") + ADA.format(day=day, time="25"))
    told = "line 3: “25” is no time of day. Ada Stone\n"
    assert command(salon, file) == f"{told}Nothing was booked: 1 conflicts (1 new, 0 known)."
    assert command(salon, file, check=True, good=True) == f"{told}1 new, 0 known: could be booked in Salon.\n"
    assert not Appointment.objects.filter(client=ada).exists()
    assert command(salon, file, good=True) == f"{told}1 new, 0 known: booked in Salon.\n"
    assert command(salon, file, good=True) == f"{told}0 new, 1 known: booked in Salon.\n"
    assert "No such file" in command(salon, tmp_path / "nowhere.csv")
