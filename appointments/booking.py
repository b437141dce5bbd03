"""Booking: the only writer of a visit's time and status.

Visits of one person are booked one after the other under an advisory lock; the constraint
`appointment_no_double_booking` has the last word for every other door. Without the lock, writers that
meet at the constraint deadlock.
"""

from datetime import timedelta

from django.db import IntegrityError, connection, transaction

from appointments.models import EARLIEST, LATEST, LONGEST_VISIT, Appointment
from clientline.errors import FieldRefused, Refused
from services.models import Service


class SlotTaken(Refused):
    code = "slot_taken"
    detail = "This time is taken."


def book(
    *,
    by,
    client,
    staff,
    service,
    appointment_date,
    now,
    duration=None,
    price=None,
    notes="",
    internal_notes="",
):
    """Save a scheduled visit with the price, length, buffers and policy of this moment.

    `duration` (minutes) and `price` default to the service's. Raises FieldRefused, SlotTaken.
    """
    refuse_unbookable(client=client, staff=staff, service=service)
    length = visit_length(service, duration)
    refuse_odd_start(appointment_date)
    organization = client.organization
    visit = Appointment(
        organization=organization,
        client=client,
        staff=staff,
        service=service,
        appointment_date=appointment_date,
        ends_at=appointment_date + length,
        busy_from=appointment_date - timedelta(minutes=service.buffer_before),
        busy_until=appointment_date + length + timedelta(minutes=service.buffer_after),
        price=service.price or 0 if price is None else price,
        notes=notes,
        internal_notes=internal_notes,
        cancellation_notice=organization.cancellation_notice,
        late_cancellation_fee=organization.late_cancellation_fee,
        no_show_fee=organization.no_show_fee,
        created_by=by,
        created_at=now,
    )
    refuse_over_a_day(visit)
    return save_in_free_slot(visit)


def save_in_free_slot(visit):
    try:
        with transaction.atomic():
            lock_calendars([visit.staff_id])
            if Appointment.objects.busy([visit.staff_id], visit.busy_from, visit.busy_until).exists():
                raise SlotTaken
            visit.save(force_insert=True)
    except IntegrityError as error:
        if getattr(error.__cause__, "sqlstate", None) == "23P01":  # written through another door meanwhile
            raise SlotTaken from error
        raise
    return visit


def lock_calendars(staff_ids):
    """Hold these people's calendars until the transaction ends. Sorted, so that two bookings never cross."""
    with connection.cursor() as cursor:
        for pk in sorted(staff_ids):
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('calendar:' || %s, 0))", [str(pk)])


def refuse_unbookable(*, client, staff, service):
    """Whatever the time: these three may not meet. Raises FieldRefused."""
    if client.role != "client":
        raise FieldRefused("client", "invalid", "Visits are booked for clients.")
    if staff.role == "client":
        raise FieldRefused("staff", "invalid", "Clients do not give visits.")
    for field, row in (("client", client), ("staff", staff), ("service", service)):
        if not row.is_active:
            raise FieldRefused(field, "inactive", f"{row} is not active.")
    if not Service.objects.performed_by(staff.pk).filter(pk=service.pk).exists():
        raise FieldRefused("staff", "invalid", f"{staff} does not perform {service}.")


def visit_length(service, duration):
    minutes = duration or service.duration
    if minutes is None:
        raise FieldRefused("duration", "required", f"{service} has no duration of its own: say how many minutes.")
    return timedelta(minutes=minutes)


def refuse_odd_start(start):
    if start.second or start.microsecond:
        raise FieldRefused("appointment_date", "invalid", "Visits start at a whole minute.")


def refuse_over_a_day(visit):
    if visit.busy_until - visit.busy_from > LONGEST_VISIT:
        raise FieldRefused("duration", "invalid", "A visit with its buffers lasts at most a day.")
    if visit.busy_from < EARLIEST or visit.busy_until > LATEST:
        raise FieldRefused("appointment_date", "invalid", "Choose a date between 2000 and 2100.")
