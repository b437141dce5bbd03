"""The two pages of a person that `privacy` serves: everything about them as a file, and their erasure."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from accounts.admin import UserAdmin
from accounts.models import User
from clientline.errors import Refused
from payments import privacy


def person_for(user_admin, request, action, object_id, **lock):
    """The person, locked where `lock` says how. Raises PermissionDenied, Http404."""
    if not user_admin.permits(request, action):
        raise PermissionDenied
    rows = user_admin.permitted_rows(request, action).select_related("organization")
    if lock:
        rows = rows.select_for_update(of=("self",), **lock)
    person = rows.filter(pk=object_id).first()
    if person is None:
        raise Http404
    return person


def export_page(user_admin, request, object_id):
    person = person_for(user_admin, request, "export", object_id)
    return HttpResponse(
        privacy.export_file(by=request.user, person=person, now=timezone.now()),
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="person-{person.pk}.json"'},
    )


def erase_page(user_admin, request, object_id):
    person = person_for(user_admin, request, "erase", object_id, no_key=True)
    back = reverse("admin:accounts_user_change", args=[person.pk])
    if request.method == "POST":
        try:
            with transaction.atomic():
                privacy.erase(by=request.user, client=person)
        except Refused as refusal:
            user_admin.message_user(request, refusal.detail, messages.ERROR)
        else:
            user_admin.message_user(request, "The client is erased.", messages.SUCCESS)
        return HttpResponseRedirect(back)
    context = user_admin.admin_site.each_context(request) | {
        "opts": user_admin.opts,
        "title": f"Erase: {person.name}",
        "person": person,
        "back": back,
    }
    return TemplateResponse(request, "admin/payments/erase.html", context)


UserAdmin.pages = {
    "export": ("Export", export_page, lambda person: True),
    "erase": ("Erase", erase_page, lambda person: person.role == User.Role.CLIENT),
}
