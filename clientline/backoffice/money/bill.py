"""The bill on a visit's page and on paper."""

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext

from appointments import rebooking
from appointments.models import Appointment
from clientline import places, wording
from clientline.backoffice.money.till import TILL_MOVES, TillForm, find_payable_bill
from clientline.backoffice.page import render_page
from payments import bills
from payments.models import Refund


def describe_till(model_admin, request, visit, seen):
    """What the till of a visit shows, or None where nothing is left to take, or not by this caller."""
    if not request.user.may(*TILL_MOVES["till"].permission):
        return None
    form = TillForm(initial={"seen": seen}, caller=request.user, row=visit)
    if not form.bill.left:
        return None
    return {
        "form": form,
        "url": model_admin.link_move(visit, "till"),
        "bill_url": model_admin.link_move(visit, "bill"),
        "may_reprice": request.user.may("appointments", "reprice"),
        "left": form.say(form.bill.left),
        "lines": [
            {
                "name": f"{line.visit.service}, {line.visit.staff}",
                "left": form.say(line.left),
                "price_url": model_admin.link_move(line.visit, "price"),
            }
            for line in form.bill.lines
        ],
    }


def describe_again(model_admin, request, visit):
    """The weeks after which the same can be booked again, but for what is to come; None for who may not."""
    is_to_come = visit.status == Appointment.Status.SCHEDULED and visit.appointment_date > timezone.now()
    if is_to_come or not request.user.may("appointments", "create"):
        return None
    return {"url": model_admin.link_move(visit, "again"), "weeks": rebooking.WEEKS}


def bill_view(model_admin, request, object_id):
    """Raises PermissionDenied and Http404."""
    if not request.user.may("appointments", "balance"):
        raise PermissionDenied
    seen = Appointment.objects.visible_to(request.user, "appointments", "balance")
    visit = seen.filter(pk=object_id).select_related("organization", "client").first()
    if visit is None:
        raise Http404
    places.enter(visit.organization)
    bill = find_payable_bill(request.user, visit)

    def say(amount):
        return wording.write_money(amount, visit.organization.currency)

    return render_page(
        request,
        "bill.html",
        title=gettext("Bill of %(client)s") % {"client": visit.client},
        organization=visit.organization,
        client=visit.client,
        back=model_admin.link_move(visit, "change"),
        lines=[
            {
                "when": wording.write_moment(line.visit.appointment_date),
                "service": line.visit.service,
                "staff": line.visit.staff,
                "charge": say(line.visit.charge),
            }
            for line in bill.lines
        ],
        taxes=[
            {"rate": f"{each.rate.normalize():f}", "net": say(each.net), "tax": say(each.tax)}
            for each in bills.split_bill(bill, visit.organization.currency)
        ],
        receipts=[_describe_receipt(row, say) for row in bills.list_receipts(bill)],
        charge=say(bill.charge),
        paid=say(bill.paid),
        due=say(bill.due),
    )


def _describe_receipt(row, say):
    """A line of the bill for money that came, or went back."""
    is_refund = isinstance(row, Refund)
    payment = row.payment if is_refund else row
    told = gettext("Refund") if is_refund else payment.get_payment_method_display() or gettext("Not stated")
    return {
        "number": row.receipt_number,
        "when": wording.write_moment(row.settled_at),
        "what": f"{told} ({gettext('void')})" if payment.voided_at and not is_refund else told,
        "tip": say(row.tip) if row.tip else "",
        "amount": say(-row.amount if is_refund else row.amount),
    }
