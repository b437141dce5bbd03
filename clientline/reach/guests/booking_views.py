"""Booking as a guest, step by step: service, person, time, details, and the code that books it.

Each step is a page of its own, and all that was chosen stands in its address or in its form: nothing needs a script.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, cast

from django.db import transaction
from django.http import HttpResponse
from django.utils.translation import gettext as _

from appointments.models import Appointment
from appointments.refusals import SLOT_REFUSALS
from clientline.notations import read_typed_date
from clientline.reach.guests import asking, codes, limits, links, offers
from clientline.reach.guests.forms import CodeForm, DetailsForm, NotesForm, read_start
from clientline.reach.guests.models import BookingRequest
from clientline.reach.guests.pages import GuestPage, answer_guests
from clientline.reach.guests.sending import sends_texts
from clientline.refusals import FieldRefused, Refused
from services.models import Service

WEEK = timedelta(days=offers.SHOWN_DAYS)


class Choice:
    """What was chosen so far, read from an address or a form. `service` None: nothing that guests may book."""

    def __init__(self, page: GuestPage, sent: Mapping[str, Any]) -> None:
        self.page = page
        services = Service.objects.visible_to(page.guest, "services").select_related("organization")
        self.service: Any = services.filter(pk=_read_key(sent.get("service"))).first()
        self.people = offers.list_bookable(self.service) if self.service else {}
        staff = _read_key(sent.get("staff"))
        self.staff = staff if staff in self.people else None
        self.start: Any = read_start(sent.get("start", ""))

    @property
    def person(self) -> str:
        """The name of who was chosen; '' for anyone."""
        return self.people[self.staff] if self.staff else ""

    def is_free(self) -> bool:
        """Whether the chosen start can be booked now, which is advice: booking looks again."""
        if self.start is None:
            return False
        day = self.page.organization.find_local_date(self.start)
        try:
            found = offers.find_openings(self.service, staff=self.staff, first_day=day, days=1, now=self.page.now)
        except FieldRefused:
            return False
        return self.start in found

    def list_nearest(self) -> list[tuple[str, str]]:
        """(the start in ISO format, how the page writes it) of the free times nearest to the chosen one."""
        wanted = self.start or self.page.now
        found = offers.find_nearest(self.service, staff=self.staff, wanted=wanted, now=self.page.now)
        return [(start.isoformat(), self.page.phrases.write_moment(start)) for start in found]

    def link(self, name: str, **query: Any) -> str:
        return self.page.link(name, service=self.service.pk, staff=self.staff, **query)


def _read_key(text: str | None) -> int:
    """The id that was sent; 0, which no row has, for nonsense."""
    text = text or ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


@answer_guests
def choose_service(page: GuestPage) -> HttpResponse:
    with page.confined():
        services = list(Service.objects.visible_to(page.guest, "services").order_by("name", "id"))
    offered = [
        (
            each,
            write_price(page, each),
            page.phrases.write_length(cast(int, each.duration)),  # those without are not offered to guests
            page.link("people", service=each.pk),
        )
        for each in services
    ]
    return page.render("services.html", offered=offered)


def write_price(page: GuestPage, service: Service) -> str:
    """'' where it has none, or costs nothing."""
    return page.phrases.write_money(service.price) if service.price else ""


@answer_guests
def choose_person(page: GuestPage) -> HttpResponse:
    with page.confined():
        choice = Choice(page, page.request.GET)
        if choice.service is None:
            return page.redirect(page.link("services"))
    if len(choice.people) == 1:
        return page.redirect(choice.link("times"))
    people = [(name, page.link("times", service=choice.service.pk, staff=pk)) for pk, name in choice.people.items()]
    return page.render("people.html", choice=choice, people=people, anyone=choice.link("times"))


@answer_guests
def choose_time(page: GuestPage) -> HttpResponse:
    with page.confined():
        choice = Choice(page, page.request.GET)
        if choice.service is None:
            return page.redirect(page.link("services"))
        first = max(_read_day(page) or page.today, page.today)
        days, following = _find_days(choice, first)
    return page.render(
        "times.html",
        choice=choice,
        price=write_price(page, choice.service),
        days=days,
        following=following and (choice.link("times", **{"from": following}), page.phrases.write_day(following)),
        earlier=choice.link("times", **{"from": first - WEEK}) if first > page.today else "",
        later=choice.link("times", **{"from": first + WEEK}),
    )


def _read_day(page: GuestPage) -> date | None:
    """Of the address, where people may have typed it; None of none."""
    try:
        return read_typed_date(page.request.GET.get("from", ""), page.organization.country)
    except ValueError:
        return None


def _find_days(choice: Choice, first: date) -> tuple[list[tuple[str, list[tuple[str, str]]]], date | None]:
    """The days of a week that have free times, each with its (address, clock); where none has, the next that does."""
    page = choice.page
    try:
        starts = offers.find_openings(
            choice.service, staff=choice.staff, first_day=first, days=offers.LOOK_AHEAD_DAYS, now=page.now
        )
    except FieldRefused:  # the end of all days
        return [], None
    days: dict[str, list[tuple[str, str]]] = {}
    for start in starts:
        if (start.date() - first).days < offers.SHOWN_DAYS:
            offered = choice.link("details", start=start.isoformat()), page.phrases.write_clock(start)
            days.setdefault(page.phrases.write_day(start.date()), []).append(offered)
    following = starts[0].date() if starts and not days else None
    return list(days.items()), following


@answer_guests
def give_details(page: GuestPage) -> HttpResponse:
    """GET shows the form; POST takes it, lets a code go out, and books for whoever is signed in."""
    with page.confined():
        choice = Choice(page, page.request.POST if page.sent else page.request.GET)
        if choice.service is None or choice.start is None:
            return page.redirect(page.link("services"))
        key = page.read_form_key("details") if page.sent else ""
        is_free = choice.is_free() or asking.was_sent(page.organization, key)
    form = _make_details_form(page)
    if not page.sent:
        return _render_details(page, choice, form, nearest=not is_free)
    if not form.is_valid() or not is_free:
        return _render_details(page, choice, form, nearest=not is_free)
    return _ask(page, choice, form, key)


def _make_details_form(page: GuestPage) -> NotesForm:
    data = page.request.POST if page.sent else None
    if page.client:
        return NotesForm(data)
    return DetailsForm(data, country=page.organization.country, texts_are_sent=sends_texts())


def _render_details(
    page: GuestPage, choice: Choice, form: NotesForm, *, nearest: bool = False, refusal: Refused | None = None
) -> HttpResponse:
    times = []
    if nearest:
        with page.confined():
            times = choice.list_nearest()
    status = refusal.status if refusal else 409 if nearest and page.sent else 200
    response = page.render(
        "details.html",
        status=status,
        choice=choice,
        form=form,
        nearest=times,
        is_taken=nearest,
        refusal=refusal,
        start=choice.start.isoformat(),
        moment="" if nearest else page.phrases.write_moment(choice.start),
        price=write_price(page, choice.service),
        cancelling=_explain_cancelling(page),
        sign_in=page.link("sign-in", next=choice.link("details", start=choice.start.isoformat())),
        sign_out=page.link("sign-out"),
        sign_out_key=page.make_form_key("sign-out"),
        action=page.link("details"),
        times=choice.link("times"),
        form_key=page.make_form_key("details"),
    )
    if refusal and refusal.retry_after:
        response["Retry-After"] = str(refusal.retry_after)
    return response


def _explain_cancelling(page: GuestPage) -> str:
    """What holds for a visit that is booked now, in a sentence."""
    organization = page.organization
    notice = page.phrases.write_length(organization.cancellation_notice)
    told = _("You can move or cancel a visit until %(notice)s before it begins.") % {"notice": notice}
    if organization.late_cancellation_fee:
        fee = page.phrases.write_percent(organization.late_cancellation_fee)
        told += " " + _("Cancelling later costs %(fee)s of the price.") % {"fee": fee}
    return told


def _ask(page: GuestPage, choice: Choice, form: NotesForm, key: str) -> HttpResponse:
    """Save the request. The answer is the same for every address: what it finds out, a job does."""
    client = page.client
    who = {"name": client.name, "address": f"client {client.pk}"} if client else form.read_address()
    try:
        with transaction.atomic():
            # Of all organizations, so before the wall is up.
            limits.refuse_too_many_forms(page.network, form=key, now=page.now)
            if client is None:
                limits.refuse_too_many_codes(who["address"], form=key, now=page.now)
            with page.confined():
                asked = asking.ask_for_visit(
                    organization=page.organization,
                    form=key,
                    network=page.network,
                    service=choice.service,
                    staff_id=choice.staff,
                    appointment_date=choice.start,
                    client=client,
                    notes=form.cleaned_data["notes"],
                    language=page.language,
                    now=page.now,
                    **who,
                )
    except Refused as refusal:
        return _render_details(page, choice, form, refusal=refusal)
    secret = asking.derive_secret(key)
    if client and asked.proven_at:
        return _confirm(page, secret, CodeForm())
    # Also who has signed in since they sent the form as a guest: it waits for its code.
    return page.redirect(page.link("confirm", secret))


@answer_guests
def confirm(page: GuestPage, secret: str) -> HttpResponse:
    """GET asks for the code; POST with the right one books. Sent twice, it is booked once."""
    if not page.sent:
        with page.confined():
            asked = asking.find_request(page.organization, secret, now=page.now)
            return _render_confirm(page, secret, asked, CodeForm()) if asked else _render_over(page)
    page.read_form_key("confirm")
    form = CodeForm(page.request.POST)
    return _confirm(page, secret, form)


def _confirm(page: GuestPage, secret: str, form: CodeForm) -> HttpResponse:
    with page.confined():
        asked = asking.find_request(page.organization, secret, now=page.now, lock=True)
        if asked is None:
            return _render_over(page)
        if not asked.proven_at and not form.is_valid():
            return _render_confirm(page, secret, asked, form)
        try:
            visit = _book(page, asked, form)
        except Refused as refusal:
            return _render_confirm(page, secret, asked, form, refusal=refusal)
        link = links.issue_link(visit, now=page.now)
    return page.redirect(page.link_to_visit(link))


def _book(page: GuestPage, asked: BookingRequest, form: CodeForm) -> Appointment:
    """Raises the refusals of codes and of booking. What was proven stays so, whatever is refused then."""
    if not asked.proven_at:
        codes.check_code(asked, form.cleaned_data["code"], now=page.now)
    if asked.visit is None and (start := read_start(page.request.POST.get("start", ""))):
        asking.choose_another_time(asked, start)
    return asking.book_request(asked, now=page.now)


def _render_confirm(
    page: GuestPage, secret: str, asked: BookingRequest, form: CodeForm, *, refusal: Refused | None = None
) -> HttpResponse:
    choice = Choice(page, {"service": str(asked.service_id), "staff": str(asked.staff_id or "")})
    choice.start = asked.appointment_date
    is_taken = refusal is not None and refusal.code in SLOT_REFUSALS
    return page.render(
        "confirm.html",
        status=refusal.status if refusal else 200,
        asked=asked,
        choice=choice,
        form=form,
        refusal=refusal,
        is_taken=is_taken,
        is_over=isinstance(refusal, codes.CodeOver),
        nearest=choice.list_nearest() if is_taken and choice.service else [],
        moment="" if is_taken else page.phrases.write_moment(asked.appointment_date),
        action=page.link("confirm", secret),
        times=choice.link("times") if choice.service else page.link("services"),
        again=choice.link("details", start=choice.start.isoformat()) if choice.service else page.link("services"),
        form_key=page.make_form_key("confirm"),
    )


def _render_over(page: GuestPage) -> HttpResponse:
    return page.render(
        "message.html",
        status=404,
        title=_("There is nothing to confirm here any more"),
        text=_("A request is kept for one day. If you have no visit yet, please choose a time again."),
    )
