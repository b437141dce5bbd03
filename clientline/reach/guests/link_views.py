"""Managing one visit by its link. GET shows what there is to know before any button, and changes nothing."""

from datetime import date, datetime, timedelta

from django.http import HttpResponse
from django.utils.translation import gettext as _

from accounts.person_names import find_first_name
from appointments import booking
from appointments.availability import search
from appointments.lateness import find_cutoff
from appointments.models import Appointment
from appointments.refusals import SLOT_REFUSALS
from clientline.reach.guests import links, offers
from clientline.reach.guests.forms import ProofForm, read_start
from clientline.reach.guests.pages import GuestPage, answer_guests, answer_holders
from clientline.refusals import FieldRefused, Refused
from organizations.tenancy import attribute
from payments.balances import compute_fee, find_balance
from payments.remainders import NOTHING


def _show_visit(page: GuestPage, secret: str) -> HttpResponse:
    with page.confined():
        found = links.find_visit_of_link(secret, action="retrieve", now=page.now)
        return _render_visit(page, secret, found[1]) if found else _render_gone(page)


def _render_visit(
    page: GuestPage,
    secret: str,
    visit: Appointment,
    *,
    form: ProofForm | None = None,
    refusal: Refused | None = None,
) -> HttpResponse:
    due = find_balance(visit)["due"] if page.guest.may("appointments", "balance") else NOTHING
    return page.render(
        "visit.html",
        status=refusal.status if refusal else 200,
        visit=visit,
        first_name=_find_shown_name(visit),
        moment=page.phrases.write_moment(visit.appointment_date),
        due=page.phrases.write_money(due) if due > 0 else "",
        is_coming=_is_coming(page, visit),
        may_change=_may_change(page, visit),
        cutoff=page.phrases.write_moment(find_cutoff(visit)),
        fee=_write_fee(page, visit),
        form=form or ProofForm(),
        refusal=refusal,
        cancel=page.link_to_visit(secret, "cancel"),
        move=page.link_to_visit(secret, "move"),
        form_key=page.make_form_key("cancel"),
    )


def _find_shown_name(visit: Appointment) -> str:
    """The first name; '' where it is the family name, too, which only its bearer knows: the page asks for it."""
    name = find_first_name(visit.client.name)
    return "" if links.is_family_name(visit.client.name, name) else name


def _is_coming(page: GuestPage, visit: Appointment) -> bool:
    return visit.status == "scheduled" and visit.appointment_date > page.now


def _may_change(page: GuestPage, visit: Appointment) -> bool:
    """Whether its client may still move or cancel it here."""
    return _is_coming(page, visit) and page.now <= find_cutoff(visit)


def _write_fee(page: GuestPage, visit: Appointment) -> str:
    """What cancelling late costs; '' for nothing."""
    fee = compute_fee(visit, "late_cancellation_fee")
    return page.phrases.write_money(fee) if fee else ""


def _render_gone(page: GuestPage) -> HttpResponse:
    return page.render(
        "message.html",
        status=404,
        title=_("This link does not lead anywhere any more"),
        text=_("The visit was moved since, or is long over. The latest message about it has the link that holds."),
    )


def _cancel_visit(page: GuestPage, secret: str) -> HttpResponse:
    if not page.sent:
        return page.redirect(page.link_to_visit(secret))
    page.read_form_key("cancel")
    form = ProofForm(page.request.POST)
    with page.confined():
        found = links.find_visit_of_link(secret, action="cancel", now=page.now, lock=True)
        if found is None:
            return _render_gone(page)
        link, visit = found
        if visit.status == "cancelled":  # a second click
            return page.redirect(page.link_to_visit(secret))
        if not form.is_valid():
            return _render_visit(page, secret, visit, form=form)
        try:
            links.refuse_stranger(link, visit, form.cleaned_data["proof"])
            attribute(visit.client)
            booking.cancel(by=visit.client, visit=visit, now=page.now)
        except Refused as refusal:
            return _render_visit(page, secret, visit, form=form, refusal=refusal)
    return page.redirect(page.link_to_visit(secret))


def _move_visit(page: GuestPage, secret: str) -> HttpResponse:
    """GET offers times, and with one chosen asks for the proof; POST moves the visit."""
    start = read_start((page.request.POST if page.sent else page.request.GET).get("start", ""))
    if page.sent:
        page.read_form_key("move")
    with page.confined():
        found = links.find_visit_of_link(secret, action="reschedule", now=page.now, lock=page.sent)
        if found is None:
            return _lead_on(page, secret)
        link, visit = found
        if not page.sent and not _may_change(page, visit):  # no times for what cannot be moved: the visit says why
            return page.redirect(page.link_to_visit(secret))
        if not page.sent:
            return _render_move(page, secret, visit, start, form=ProofForm())
        form = ProofForm(page.request.POST)
        if start is None or not form.is_valid():
            return _render_move(page, secret, visit, start, form=form)
        try:
            links.refuse_stranger(link, visit, form.cleaned_data["proof"])
            attribute(visit.client)
            booking.reschedule(by=visit.client, visit=visit, appointment_date=start, now=page.now)
        except Refused as refusal:
            return _render_move(page, secret, visit, start, form=form, refusal=refusal)
        renewed = links.issue_link(visit, now=page.now, secret=page.derive_next_link(secret))
    return page.redirect(page.link_to_visit(renewed))


def _lead_on(page: GuestPage, secret: str) -> HttpResponse:
    """A second click leads where the first one did: browsers show what came of the last."""
    renewed = page.derive_next_link(secret)
    if page.sent and links.find_visit_of_link(renewed, action="retrieve", now=page.now):
        return page.redirect(page.link_to_visit(renewed))
    return _render_gone(page)


def _render_move(
    page: GuestPage,
    secret: str,
    visit: Appointment,
    start: datetime | None,
    *,
    form: ProofForm,
    refusal: Refused | None = None,
) -> HttpResponse:
    is_taken = refusal is not None and refusal.code in SLOT_REFUSALS
    first = max(_read_from(page) or page.today, page.today)
    return page.render(
        "move.html",
        status=refusal.status if refusal else 200,
        visit=visit,
        moment=page.phrases.write_moment(visit.appointment_date),
        start=start.isoformat() if start and not is_taken else "",
        wanted=page.phrases.write_moment(start) if start else "",
        days=[] if start and not is_taken else _find_days(page, secret, visit, first),
        back=page.link_to_visit(secret),
        here=page.link_to_visit(secret, "move"),
        earlier=page.link_to_visit(secret, "move", **{"from": first - timedelta(days=offers.SHOWN_DAYS)})
        if first > page.today
        else "",
        later=page.link_to_visit(secret, "move", **{"from": first + timedelta(days=offers.SHOWN_DAYS)}),
        form=form,
        refusal=refusal,
        form_key=page.make_form_key("move"),
    )


def _read_from(page: GuestPage) -> date | None:
    start = read_start(f"{page.request.GET.get('from', '')}T00:00:00Z")
    return start and start.date()


def _find_days(
    page: GuestPage, secret: str, visit: Appointment, first: date
) -> list[tuple[str, list[tuple[str, str]]]]:
    """The days of a week with free times for the visit, with its own person, each with its (address, clock)."""
    last = first + timedelta(days=offers.SHOWN_DAYS - 1)
    try:
        found = search(
            service=visit.service, first_day=first, last_day=last, staff_ids=[visit.staff_id], moved=visit, now=page.now
        )
    except FieldRefused:
        return []
    days: dict[str, list[tuple[str, str]]] = {}
    for start, _end, _people in found.slots:
        if start != visit.appointment_date:
            offered = page.link_to_visit(secret, "move", start=start.isoformat()), page.phrases.write_clock(start)
            days.setdefault(page.phrases.write_day(start.date()), []).append(offered)
    return list(days.items())


show_visit, cancel_visit, move_visit = map(answer_holders, (_show_visit, _cancel_visit, _move_visit))
show_framed_visit, cancel_framed_visit, move_framed_visit = map(
    answer_guests, (_show_visit, _cancel_visit, _move_visit)
)
