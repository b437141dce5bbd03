"""The page on which a visit is booked: for a known client or a new one, at a free time or one typed by hand."""

from datetime import timedelta

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from accounts import people
from accounts.models import User
from appointments import booking, groups, series
from appointments.models import Appointment
from appointments.refusals import OutsideWorkingHours
from clientline import places, wording
from clientline.admin.amounts import COLUMN, AmountField, PriceForm
from clientline.admin.forms import LowerCaseEmailField, Suggested
from clientline.backoffice.appointments.free_times import Anyway, FreeTimes, NoTimes, WhenForm, read_named_day
from clientline.backoffice.appointments.further_visits import FURTHER, FurtherVisitsForm
from clientline.backoffice.page import render_page
from clientline.backoffice.people.known_clients import (
    LooksKnown,
    describe_known_client,
    find_with_notes,
    refuse_lookalike,
)
from clientline.database.refusals import read_refusal_or_raise
from clientline.languages import write_to_keep
from clientline.notations import CLOCK, is_readable_number
from clientline.refusals import Refused
from organizations import policy
from services.models import DAY_OF_MINUTES

FEW = 24  # so many are shown as they are; more are searched for
ROWS = ("client", "service", "staff")  # fields that name one
NEW_CLIENT = ("name", "email", "phone", "walk_in")
PREFILLED = ("client", "service", "staff", "date", "time", "duration")
EXTRAS = ("duration", "price", "notes", "internal_notes", "count", "skip")
NO_CLIENT = gettext_lazy("Choose a client, or write the name of a new one.")
WALK_IN_MINUTES = 5  # a walk-in begins at the next of these


class SameTime(Refused):
    """The client has another visit at this very time: for two people, or sent twice."""

    code = "same_time"


class BookingForm(FurtherVisitsForm, PriceForm, WhenForm):
    client = forms.ModelChoiceField(
        User.objects.none(),
        label=gettext_lazy("Client"),
        required=False,
        help_text=gettext_lazy("Search by name, e-mail address or phone"),
    )
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200, required=False)
    email = LowerCaseEmailField(label=gettext_lazy("E-mail"), max_length=254, required=False)
    phone = forms.CharField(label=gettext_lazy("Phone"), max_length=40, required=False)
    walk_in = forms.BooleanField(label=gettext_lazy("A walk-in, who gives no name"), required=False)
    same_as = forms.IntegerField(required=False, widget=forms.HiddenInput)
    new_client = forms.CharField(required=False, max_length=600, widget=forms.HiddenInput)
    service = forms.ModelChoiceField(User.objects.none(), label=gettext_lazy("Service"))
    staff = forms.ModelChoiceField(
        User.objects.none(), label=gettext_lazy("With"), required=False, empty_label=gettext_lazy("Anyone free")
    )
    duration = forms.IntegerField(
        label=gettext_lazy("Duration"),
        required=False,
        min_value=1,
        max_value=DAY_OF_MINUTES,
        help_text=gettext_lazy("Minutes; empty: as long as the service"),
    )
    price = AmountField(
        label=gettext_lazy("Price"),
        required=False,
        min_value=0,
        help_text=gettext_lazy("Empty: the price of the service"),
        **COLUMN,
    )
    notes = forms.CharField(label=gettext_lazy("Notes"), required=False, widget=forms.Textarea(attrs={"rows": 2}))
    internal_notes = forms.CharField(
        label=gettext_lazy("Internal notes"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Never shown to clients"),
    )
    every = forms.IntegerField(
        label=gettext_lazy("Every"),
        required=False,
        min_value=1,
        max_value=52,
        initial=1,
        help_text=gettext_lazy("Weeks from one to the next"),
    )
    count = forms.IntegerField(
        label=gettext_lazy("Visits"),
        required=False,
        min_value=2,
        max_value=52,
        help_text=gettext_lazy("Empty: this one only"),
    )
    skip = forms.BooleanField(label=gettext_lazy("Leave out dates that are taken"), required=False)
    twice = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)

    guarded = {
        **policy.find_guarded_keys("appointments", "create"),
        "time": ("appointments", "bend_rules"),
        "name": ("users", "create"),
        "email": ("users", "create"),
        "phone": ("users", "create"),
        "walk_in": ("users", "create"),
        "same_as": ("users", "create"),
        "new_client": ("users", "create"),
    }
    lookalikes = ()
    noted = None  # the chosen client, where the caller may read notes about them
    renamed = {"appointment_date": "slot"}

    def __init__(self, *args, model_admin, request, **kwargs):
        super().__init__(*args, **kwargs)
        self.caller, self.label_suffix = request.user, ""
        for name in policy.find_withheld_keys(self.caller, self.guarded):
            del self.fields[name]
        self.model_admin = model_admin
        for name in ROWS:
            rows = model_admin.get_rows_for(Appointment._meta.get_field(name), request)
            self.fields[name].queryset = rows.select_related("organization").order_by("name", "id")
        self.alone = policy.find_scope(self.caller, "appointments", "create") == policy.ASSIGNED
        if self.alone:
            self.fields["staff"].empty_label = None
            self.initial["staff"] = self.caller.pk
        self.limit_further(self.fields["service"].queryset, None if self.alone else self.fields["staff"].queryset)
        if "price" in self.fields:
            self.fields["price"].find_home = lambda: (self.find_named("service") or self.caller).organization

    def show(self):
        for name in ROWS:
            self.fill_choices(name)
        self.show_further(_describe_offer, few=isinstance(self.fields["service"].widget, forms.RadioSelect))
        service, self.noted = self.find_named("service"), find_with_notes(self.caller, self["client"].value())
        self.offer(self.free_times(service), service and service.organization)

    def fill_choices(self, name):
        """A few are shown at once, many are searched for; of clients there are always many."""
        field, column, site = self.fields[name], Appointment._meta.get_field(name), self.model_admin.admin_site
        field.label_from_instance = site.get_model_admin(column.related_model).label
        if name == "client" or len(field.queryset[: FEW + 1]) > FEW:
            field.widget = Suggested(column, site)
            if name == "client" and "name" in self.fields:
                field.widget.attrs["data-nothing"] = gettext("Nobody found. Enter makes a new client of it.")
        elif name == "service":
            field.empty_label, field.label_from_instance = None, _describe_offer
            field.widget = forms.RadioSelect()
            if self.initial.get("walk_in") and not self.initial.get("service") and (first := field.queryset.first()):
                self.initial["service"] = first.pk
        else:
            field.label_from_instance = str
        field.widget.choices = field.choices

    def find_named(self, name):
        """The row that the field names, None for none and for nonsense."""
        text = str(self[name].value() or "")
        return self.fields[name].queryset.filter(pk=text).first() if is_readable_number(text) else None

    def free_times(self, service):
        day = read_named_day(self["date"].value())
        if not service or not day:
            return NoTimes(gettext("Choose a service and a day to see the free times."))
        minutes = str(self["duration"].value() or "") if "duration" in self.fields else ""
        further = [each for number in FURTHER if (each := self.find_named(f"then_{number}"))]
        duration = self.measure_all(service, int(minutes) if is_readable_number(minutes) else None, further)
        named, free_hand = self.find_named("staff"), self.caller.may("appointments", "bend_rules")
        return FreeTimes(service=service, day=day, staff=named, duration=duration, free_hand=free_hand)

    @property
    def zone(self):
        return self.cleaned_data["service"].organization.zone

    def get_usual_price(self):
        service = self.cleaned_data.get("service")
        return service and service.price

    def clean(self):
        values = super().clean()
        if self.alone and not values.get("staff") and "staff" not in self.errors:
            values["staff"] = self.caller  # not anyone free: that may be a colleague
        if values.get("service"):
            values["appointment_date"] = self.start()
        if values.get("same_as"):
            values["client"] = self.fields["client"].queryset.filter(pk=values["same_as"]).first()
            values |= dict.fromkeys(NEW_CLIENT, "")
        self.refuse_unfit(values)
        if not {"client", *NEW_CLIENT} & self.errors.keys():
            self.refuse_nobody(values.get("client"), *(values.get(name) for name in NEW_CLIENT))
        return values

    def refuse_nobody(self, client, name, email, phone, walk_in):
        if client and (name or email or phone or walk_in):
            self.add_error("client", gettext("Choose a client or write a new one, not both."))
        elif not client and not name and not email and not phone and not walk_in:
            self.add_error("client", NO_CLIENT)
        elif not client and not name and not walk_in:
            self.add_error("name", gettext("A new client needs a name."))

    def add_refusal(self, refusal):
        super().add_refusal(refusal)
        if self.cleaned_data.get("count"):
            self.anyway = None  # of a series, which date it would be is not said
        if refusal.code == OutsideWorkingHours.code and not self.cleaned_data.get("staff"):
            self.add_error("staff", gettext("Say who: outside working hours, nobody is chosen for you."))
        if refusal.code == LooksKnown.code:
            self.lookalikes = [(person.pk, describe_known_client(person)) for person in refusal.people]
            self.anyway = Anyway(
                "new_client", self.identity(), gettext("Book for a new client all the same"), refusal.detail
            )
        if refusal.code == SameTime.code:
            self.anyway = Anyway(
                "twice",
                self.make_token(),
                gettext("Book another visit at the same time"),
                gettext("Sent twice by mistake?"),
            )

    @property
    def has_extras(self):
        """Whether anything was typed that stands folded away."""
        extras = [self[name] for name in EXTRAS if name in self.fields]
        return bool(self["every"].errors) or any(extra.errors or extra.value() for extra in extras)

    def take_client(self, by):
        """The client who was chosen, or the new one, saved."""
        values = self.cleaned_data
        if values["client"]:
            return values["client"]
        client = people.register_person(
            by=by,
            organization=values["service"].organization,
            role=User.Role.CLIENT,
            name=values["name"] or _name_walk_in(values["appointment_date"]),
            contact_email=values["email"],
            phone=values["phone"],
        )
        if values["new_client"] != self.identity():
            refuse_lookalike(by, client)
        return client

    def identity(self):
        """The new client as typed: who was said to be somebody else is so under no other name."""
        return "|".join(self.cleaned_data.get(name) or "" for name in ("name", "email", "phone"))

    def book(self, by, now):
        """The visits that were booked, and the dates that were left out. Raises what the domain does."""
        values = self.cleaned_data
        client = self.take_client(by)
        if not self.confirms("twice"):
            _refuse_same_time(by, client, values["appointment_date"])
        if len(wanted := self.list_wanted(values)) > 1:
            notes = {name: values.get(name) or "" for name in ("notes", "internal_notes")}
            overbook = self.confirms("overbook")
            group = groups.book_group(by=by, client=client, visits=wanted, now=now, overbook=overbook, **notes)
            return group.appointments, []
        told = ("service", "staff", "appointment_date", "duration", "price", "notes", "internal_notes")
        details = {name: values[name] for name in told if values.get(name) not in (None, "")}
        details |= {"by": by, "client": client, "now": now}
        if not values["count"]:
            return [booking.book(overbook=self.confirms("overbook"), **details)], []
        booked = series.book_series(every=values["every"] or 1, count=values["count"], skip=values["skip"], **details)
        return booked.appointments, booked.skipped


def _name_walk_in(start):
    with write_to_keep():
        return f"Walk-in {wording.write_moment(start)}"


def _describe_offer(service):
    """A service as it is chosen by: what it is, how long, how much."""
    length = wording.write_length(service.duration) if service.duration else gettext("length as agreed")
    price = "" if service.price is None else wording.write_money(service.price, service.organization.currency)
    return " · ".join(each for each in (service.name, length, price) if each)


def _refuse_same_time(caller, client, start):
    """Anyone free would take the same booking a second time. Two at once wait for each other here."""
    User.objects.select_for_update(no_key=True, of=("self",)).get(pk=client.pk)
    others = Appointment.objects.filter(client=client, appointment_date=start).exclude(status="cancelled")
    # Found without a scope on purpose, as it is in the way whoever gives it; told only as far as the caller sees it.
    if not others.exists():
        return
    other = others.visible_to(caller, "appointments").select_related("service", "staff").first()
    if other is None:
        raise SameTime(gettext("%(client)s already has a visit at this time.") % {"client": client})
    told = gettext("%(client)s already has a visit at this time: %(service)s with %(staff)s.")
    raise SameTime(told % {"client": client, "service": other.service, "staff": other.staff})


def booking_view(model_admin, request):
    """Raises PermissionDenied."""
    if not model_admin.has_add_permission(request):
        raise PermissionDenied
    form = make_form(model_admin, request)
    if form.is_bound and form.is_valid() and (visit := _try_to_book(model_admin, request, form)):
        return HttpResponseRedirect(reverse("admin:appointments_appointment_change", args=[visit.pk]))
    form.show()
    return render_page(
        request,
        "booking.html",
        title=gettext("Book a visit"),
        form=form,
        opts=model_admin.opts,
        media=model_admin.media + form.media,
    )


def _begin_walk_in():
    """Now, for somebody without a name: the first service is chosen, to be changed if it is another."""
    now = timezone.localtime() + timedelta(minutes=WALK_IN_MINUTES - 1)
    minutes = now.hour * 60 + now.minute
    minutes -= minutes % WALK_IN_MINUTES
    return {"walk_in": True, "date": now.date(), "time": f"{minutes // 60:02}:{minutes % 60:02}"}


def make_form(model_admin, request):
    """Bound to what was sent; unbound, and filled in, where only the free times are asked for."""
    asked = {"model_admin": model_admin, "request": request}
    if request.method == "POST" and "look" not in request.POST:
        return BookingForm(request.POST, **asked)
    if request.method == "POST":
        now = _begin_walk_in() if request.POST["look"] == "walk_in" else {}
        return BookingForm(initial=request.POST.dict() | now, **asked)
    return BookingForm(initial=_read_prefilled(request), **asked)


def _read_prefilled(request):
    """What the address says: unchecked, so nonsense fills in nothing."""
    if "walk_in" in request.GET:
        return _begin_walk_in()
    given = {name: request.GET.get(name, "") for name in PREFILLED}
    numbers = {name: given[name] for name in (*ROWS, "duration") if is_readable_number(given[name])}
    clock = {"time": given["time"]} if CLOCK.fullmatch(given["time"]) else {}
    return numbers | clock | {"date": read_named_day(given["date"]) or timezone.localdate()}


def _try_to_book(model_admin, request, form):
    """The first visit, or None: what the domain refused becomes an error of the form, and nothing is saved."""
    try:
        with transaction.atomic():
            visits, skipped = form.book(request.user, timezone.now())
            model_admin.log_addition(request, visits[0], [{"added": {}}])
    except (Refused, DatabaseError) as error:
        form.add_refusal(read_refusal_or_raise(error))
        return None
    places.enter(visits[0].organization)
    model_admin.message_user(request, _tell_booked(visits, skipped, form.cleaned_data.get("price")), messages.SUCCESS)
    return visits[0]


def _tell_booked(visits, skipped, price=None):
    first = visits[0]
    said = [
        gettext("Booked: %(client)s, %(service)s, %(moment)s with %(staff)s.") % _describe_booked(first, first.client)
    ]
    if price is not None:
        said.append(gettext("Price: %(price)s.") % {"price": wording.write_money(price, first.organization.currency)})
    if first.group:
        told = gettext("Then %(service)s %(time)s with %(staff)s.")
        said += [told % _describe_booked(each, first.client) for each in visits[1:]]
    elif len(visits) > 1:
        last = wording.write_day(visits[-1].appointment_date)
        said.append(gettext("%(count)s visits in all, the last on %(day)s.") % {"count": len(visits), "day": last})
    if skipped:
        moments = ", ".join(wording.write_moment(start) for start, refusal in skipped)
        said.append(gettext("Left out: %(moments)s.") % {"moments": moments})
    return " ".join(said)


def _describe_booked(visit, client):
    start = visit.appointment_date
    times = {"moment": wording.write_moment(start), "time": wording.write_clock(timezone.localtime(start))}
    return times | {"client": client, "service": visit.service, "staff": visit.staff}
