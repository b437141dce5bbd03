"""Online booking: what an organization's page for guests offers and says, and whether it is open."""

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext, gettext_lazy

from accounts import people
from accounts.models import User
from clientline.admin.forms import ClientLineForm
from clientline.backoffice.page import render_page
from clientline.backoffice.platform import acting
from clientline.database.refusals import read_refusal_or_raise
from clientline.reach.guests import logos, sending
from clientline.refusals import Refused
from organizations import changing
from organizations.models import Organization
from services import offering
from services.models import Service

SETTINGS = ("guest_page", "slug", "brand_color", "embed_origins", "booking_terms", "privacy_notice")
LABELS = {
    "guest_page": gettext_lazy("Guests may book on this page"),
    "slug": gettext_lazy("Word in its address"),
    "brand_color": gettext_lazy("Colour of its buttons"),
    "embed_origins": gettext_lazy("Sites that show it in a frame"),
    "booking_terms": gettext_lazy("What guests agree to"),
    "privacy_notice": gettext_lazy("What becomes of their details"),
}


class OnlineBookingForm(ClientLineForm):
    services = forms.ModelMultipleChoiceField(
        Service.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label=gettext_lazy("Services that guests may book"),
        help_text=gettext_lazy("A service without a length of its own is never offered: guests say none."),
    )
    team = forms.ModelMultipleChoiceField(
        User.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label=gettext_lazy("People whom guests may book"),
    )

    logo = forms.FileField(
        required=False,
        label=gettext_lazy("Logo"),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp,image/gif"}),
        help_text=format_lazy(
            gettext_lazy("PNG, JPEG, WebP or GIF of at most {size} kB."), size=logos.LARGEST_BYTES // 1000
        ),
    )
    without_logo = forms.BooleanField(required=False, label=gettext_lazy("Take the logo off the page"))

    class Meta:
        model = Organization
        fields = SETTINGS
        labels = LABELS
        widgets = {
            "embed_origins": forms.Textarea(attrs={"rows": 3}),
            "booking_terms": forms.Textarea(attrs={"rows": 4}),
            "privacy_notice": forms.Textarea(attrs={"rows": 4}),
        }

    def __init__(self, *args, caller, **kwargs):
        super().__init__(*args, label_suffix="", **kwargs)
        for name, rows in _list_offered(caller, self.instance).items():
            self.fields[name].queryset = rows
            self.initial.setdefault(name, [row.pk for row in rows if row.bookable_online])


def _list_offered(caller, organization):
    """The active services and people that the caller may put on the page or take off it."""
    services = Service.objects.visible_to(caller, "services", "update").filter(organization=organization)
    team = User.objects.visible_to(caller, "users", "bookable_online").filter(organization=organization)
    return {
        "services": services.filter(is_active=True).select_related("organization").order_by("name", "id"),
        "team": team.filter(is_active=True, is_superuser=False).exclude(role="client").order_by("name", "id"),
    }


def online_booking_view(request):
    if not request.user.may("organizations", "guest_page"):
        raise PermissionDenied
    organization = acting.find_chosen_organization(request)
    if organization is None:
        return acting.send_to_choose(request)
    sent = request.method == "POST"
    if sent:
        organization = Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
    data = (request.POST, request.FILES) if sent else ()
    form = OnlineBookingForm(*data, instance=organization, caller=request.user)
    if form.is_valid() and _save(request, organization, form):
        messages.success(request, gettext("Saved."))
        return HttpResponseRedirect(reverse("admin:online_booking"))
    return render_page(
        request,
        "online_booking.html",
        title=gettext("Online booking"),
        organization=organization,
        form=form,
        address=f"{settings.PUBLIC_URL}/b/{organization.slug}" if organization.slug and not form.errors else "",
        unsent=sending.list_unsent_codes(organization, now=timezone.now()),
    )


def _save(request, organization, form):
    """Whether it was saved, all of it; what was refused stands in the form."""
    try:
        with transaction.atomic():
            changes = {name: form.cleaned_data[name] for name in SETTINGS}
            changing.change_organization(organization=organization, changes=changes, by=request.user)
            _offer(request.user, organization, form.cleaned_data)
            _change_logo(organization, form.cleaned_data)
    except (Refused, DatabaseError) as error:
        form.add_refusal(read_refusal_or_raise(error))
        return False
    return True


def _change_logo(organization, chosen):
    if chosen["without_logo"]:
        logos.drop_logo(organization)
    elif chosen["logo"]:
        logos.keep_logo(organization, chosen["logo"].read(logos.LARGEST_BYTES + 1))


def _offer(caller, organization, chosen):
    """Put on the page what was chosen, and take off it what was not."""
    offered = _list_offered(caller, organization)
    for service in offered["services"].select_for_update(no_key=True, of=("self",)):
        if service.bookable_online != (service in chosen["services"]):
            offering.change_service(service=service, changes={"bookable_online": not service.bookable_online})
    for person in offered["team"].select_for_update(no_key=True, of=("self",)).select_related("organization"):
        if person.bookable_online != (person in chosen["team"]):
            changes = {"bookable_online": not person.bookable_online}
            people.change_person(by=caller, person=person, changes=changes)
