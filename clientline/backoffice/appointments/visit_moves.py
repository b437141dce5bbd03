"""What can become of a visit, and the money taken for it: each move, and when it is open."""

from django.urls import reverse
from django.utils.translation import gettext_lazy, pgettext_lazy

from appointments import booking
from appointments.amendments import alterations, joint_moves, presence, undoing
from appointments.amendments.companions import LAST_MOVE
from appointments.lateness import is_cancelled_late
from appointments.refusals import find_reachable_statuses
from clientline.backoffice.appointments.visit_move_forms import (
    CancelForm,
    ChangeForm,
    ChargeFeeForm,
    CorrectForm,
    InServiceForm,
    NoShowForm,
    ReopenForm,
    RepriceForm,
    RescheduleForm,
    WaiveFeeForm,
)
from clientline.backoffice.money.taking import PaymentForm, find_void, record_payment_of_visit
from clientline.backoffice.moves import Move, MoveForm


def _need(action):
    return ("appointments", action)


def _leads_to(*statuses, starts_from=("scheduled",)):
    """Open from these statuses, while one of the others can be reached."""

    def is_open(visit, now):
        return visit.status in starts_from and bool(
            {visit.status, *find_reachable_statuses(visit, now)} & set(statuses)
        )

    return is_open


def _is_expected(visit, now):
    """Whether its client may walk in: the marks are for its day."""
    zone = visit.organization.zone
    return visit.status == "scheduled" and visit.appointment_date.astimezone(zone).date() == now.astimezone(zone).date()


def _costs_a_fee(visit):
    """Whether there is a fee to waive, or to charge after all."""
    if visit.status == "cancelled":
        return visit.late_cancellation_fee > 0 and is_cancelled_late(visit)
    return visit.status == "no_show" and visit.no_show_fee > 0


def _find_undo(caller, visit, made):
    return (reverse("admin:appointments_appointment_undo", args=[visit.pk]), "")


VISIT_MOVES = {
    "complete": Move(
        gettext_lazy("Complete"),
        _need("complete"),
        MoveForm,
        booking.complete,
        _leads_to("completed"),
        gettext_lazy("Completed."),
        at_once=True,
        find_undo=_find_undo,
    ),
    "arrive": Move(
        gettext_lazy("Arrived"),
        _need("arrive"),
        MoveForm,
        presence.mark_arrived,
        lambda visit, now: _is_expected(visit, now) and visit.arrived_at is None,
        gettext_lazy("Arrived."),
        at_once=True,
        find_undo=_find_undo,
    ),
    "in-service": Move(
        gettext_lazy("In service"),
        _need("arrive"),
        InServiceForm,
        presence.mark_arrived,
        lambda visit, now: _is_expected(visit, now) and visit.arrived_at and visit.in_service_at is None,
        gettext_lazy("In service."),
        at_once=True,
        find_undo=_find_undo,
    ),
    "payment": Move(
        gettext_lazy("Take payment"),
        ("payments", "create"),
        PaymentForm,
        record_payment_of_visit,
        lambda visit, now: True,
        gettext_lazy("Payment recorded: {amount}.{more}"),
        find_undo=find_void,
    ),
    "reschedule": Move(
        gettext_lazy("Reschedule"),
        _need("reschedule"),
        RescheduleForm,
        joint_moves.reschedule_together,
        _leads_to("scheduled"),
        gettext_lazy("Moved."),
        template="reschedule.html",
        find_undo=_find_undo,
    ),
    # Not "change": that is the page of the row itself.
    "alter": Move(
        pgettext_lazy("visit", "Change"),
        _need("change"),
        ChangeForm,
        alterations.change_visit,
        lambda visit, now: visit.status == "scheduled",
        gettext_lazy("Changed.{more}"),
        find_undo=_find_undo,
    ),
    "no-show": Move(
        gettext_lazy("No-show"),
        _need("no_show"),
        NoShowForm,
        booking.mark_no_show,
        _leads_to("no_show"),
        gettext_lazy("Marked as a no-show."),
        at_once=lambda visit: not visit.no_show_fee,
        find_undo=_find_undo,
    ),
    "cancel": Move(
        gettext_lazy("Cancel visit"),
        _need("cancel"),
        CancelForm,
        joint_moves.cancel_together,
        _leads_to("cancelled"),
        gettext_lazy("Cancelled."),
        find_undo=_find_undo,
    ),
    "reopen": Move(
        gettext_lazy("Reopen"),
        _need("reopen"),
        ReopenForm,
        undoing.reopen,
        lambda visit, now: visit.status == "cancelled",
        gettext_lazy("Reopened."),
    ),
    "undo": Move(
        gettext_lazy("Undo"),
        _need("undo"),
        MoveForm,
        undoing.undo,
        lambda visit, now: True,
        gettext_lazy("Undone."),
        is_offered=False,
        scope=LAST_MOVE,
    ),
    "correct": Move(
        gettext_lazy("Correct"),
        _need("correct"),
        CorrectForm,
        booking.correct,
        _leads_to("completed", "no_show", starts_from=("completed", "no_show")),
        gettext_lazy("Corrected."),
    ),
    "price": Move(
        gettext_lazy("Change price"),
        _need("reprice"),
        RepriceForm,
        booking.revise,
        lambda visit, now: visit.status != "cancelled",
        gettext_lazy("Price: {price}."),
    ),
    "waive-fee": Move(
        gettext_lazy("Waive fee"),
        _need("waive_fee"),
        WaiveFeeForm,
        booking.revise,
        lambda visit, now: _costs_a_fee(visit) and not visit.fee_waived,
        gettext_lazy("The fee is waived."),
        question=gettext_lazy("Charge the client nothing for this visit?"),
    ),
    "charge-fee": Move(
        gettext_lazy("Charge fee"),
        _need("waive_fee"),
        ChargeFeeForm,
        booking.revise,
        lambda visit, now: _costs_a_fee(visit) and visit.fee_waived,
        gettext_lazy("The fee is charged."),
        question=gettext_lazy("Charge the fee for this visit after all?"),
    ),
}
