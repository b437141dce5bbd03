"""The two pages of a person that privacy asks for: everything about them as a file, and their erasure."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from accounts.models import User
from clientline.backoffice.page import render_page
from clientline.backoffice.people import client_card
from clientline.privacy import personal_data
from clientline.refusals import Refused

LABELS = {
    "export": gettext_lazy("Export"),
    "erase": gettext_lazy("Erase"),
}  # by what the policy calls it, which is also the page's name


def list_privacy_pages(user_admin, request, person):
    """(action, label) of those that the caller may open; none of nobody."""
    offered = {"export": person is not None, "erase": person is not None and person.role == User.Role.CLIENT}
    return [
        (action, label)
        for action, label in LABELS.items()
        if offered[action] and user_admin.permits(request, action, person)
    ]


def export_view(user_admin, request, object_id):
    person = user_admin.get_row(request, "export", object_id)
    return HttpResponse(
        personal_data.export_file(by=request.user, person=person, now=timezone.now()),
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="person-{person.pk}.json"'},
    )


def erase_view(user_admin, request, object_id):
    """GET says what happens, POST does it; of somebody of the team neither."""
    person = user_admin.get_row(request, "erase", object_id)
    back = reverse("admin:accounts_user_change", args=[person.pk])
    if person.role != User.Role.CLIENT:
        user_admin.message_user(request, personal_data.NotAClient.detail, messages.ERROR)
        return HttpResponseRedirect(back)
    if request.method != "POST":
        card = client_card.describe_client(request.user, person, now=timezone.now())
        found = personal_data.preview_erasure(client=person, now=timezone.now())
        others = [pk for pk in found["records"] if pk != person.pk]
        open_ends = {"coming": len(found["coming_visits"]), "others": others, "money": card["money"]}
        return render_page(
            request,
            "erase.html",
            title=gettext("Erase: %(person)s") % {"person": person},
            person=person,
            back=back,
            **open_ends,
        )
    try:
        personal_data.erase(by=request.user, client=person, now=timezone.now())
    except Refused as refusal:
        user_admin.message_user(request, refusal.detail, messages.ERROR)
    else:
        user_admin.message_user(request, gettext("The client is erased."), messages.SUCCESS)
    return HttpResponseRedirect(back)
