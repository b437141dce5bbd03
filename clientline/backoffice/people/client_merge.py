"""Merging duplicates: choose the other record of a client, see what moves, confirm."""

from django import forms
from django.contrib import messages
from django.db import DatabaseError, transaction
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy, ngettext

from accounts.models import User
from appointments.amendments import merging
from appointments.models import Appointment
from clientline.admin.forms import Suggested
from clientline.backoffice import page
from clientline.database.refusals import read_refusal_or_raise
from clientline.refusals import Refused
from payments.models import Payment


class DuplicateForm(forms.Form):
    duplicate = forms.ModelChoiceField(User.objects.none(), label=gettext_lazy("The other record of the same client"))

    def __init__(self, *args, clients, site, **kwargs):
        super().__init__(*args, **kwargs)
        field = self.fields["duplicate"]
        field.queryset = clients
        field.label_from_instance = site.get_model_admin(User).label
        field.widget = Suggested(Appointment._meta.get_field("client"), site)
        field.widget.choices = field.choices


def merge_view(user_admin, request, object_id):
    """GET chooses and shows what would move; POST moves it."""
    kept = user_admin.get_row(request, "update", object_id)  # `merging` locks both, in their order
    back = reverse("admin:accounts_user_change", args=[kept.pk])
    if kept.role != User.Role.CLIENT:
        user_admin.message_user(request, gettext("Only clients can be merged."), messages.ERROR)
        return HttpResponseRedirect(back)
    clients = user_admin.get_permitted_rows(request, "update").filter(role="client", organization=kept.organization_id)
    asked = request.POST if request.method == "POST" else request.GET
    form = DuplicateForm(asked if "duplicate" in asked else None, clients=clients, site=user_admin.admin_site)
    duplicate = form.cleaned_data["duplicate"] if form.is_valid() else None
    if request.method == "POST" and duplicate and _try_to_merge(user_admin, request, kept, duplicate, form):
        return HttpResponseRedirect(back)
    return page.render_page(
        request,
        "client_merge.html",
        title=gettext("Merge a duplicate into %(kept)s") % {"kept": kept},
        kept=kept,
        form=form,
        sides=[_describe_side(kept), _describe_side(duplicate)] if duplicate and duplicate != kept else [],
        duplicate=duplicate,
        media=user_admin.media + form.media,
    )


def _try_to_merge(user_admin, request, kept, duplicate, form):
    """Whether the domain did it; what it refused becomes an error of the form."""
    try:
        with transaction.atomic():
            moved = merging.merge_clients(by=request.user, kept=kept, duplicate=duplicate, now=timezone.now())
            user_admin.log_change(request, kept, f"Merged with person {duplicate.pk}.")
            user_admin.log_change(request, duplicate, f"Merged into person {kept.pk}.")
    except (Refused, DatabaseError) as error:
        form.add_error("duplicate", read_refusal_or_raise(error).detail)
        return False
    told = ngettext(
        "Merged: %(count)s visit moved here, %(duplicate)s is deactivated.",
        "Merged: %(count)s visits moved here, %(duplicate)s is deactivated.",
        moved,
    )
    user_admin.message_user(request, told % {"count": moved, "duplicate": duplicate}, messages.SUCCESS)
    return True


def _describe_side(client):
    """What one of the two records holds."""
    return {
        "client": client,
        "visits": Appointment.objects.filter(client=client).count(),
        "payments": Payment.objects.filter(appointment__client=client).count(),
    }
