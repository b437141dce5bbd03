"""The two pages of a person that privacy asks for: everything about them as a file, and their erasure."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone

from accounts.models import User
from clientline.backoffice.page import page
from clientline.backoffice.people import client_card
from clientline.privacy import personal_data
from clientline.refusals import Refused

LABELS = {"export": "Export", "erase": "Erase"}  # by what the policy calls it, which is also the page's name


class PrivacyPages:
    """For the people's admin."""

    def get_urls(self):
        views = {"export": self.export_person, "erase": self.erase_person}
        pages = [
            path(f"<int:object_id>/{action}/", self.admin_site.admin_view(view), name=f"accounts_user_{action}")
            for action, view in views.items()
        ]
        return [*pages, *super().get_urls()]

    def render_change_form(self, request, context, obj=None, **kwargs):
        offered = {"export": obj is not None, "erase": obj is not None and obj.role == User.Role.CLIENT}
        pages = [
            (action, label)
            for action, label in LABELS.items()
            if offered[action] and self.permits(request, action, obj)
        ]
        return super().render_change_form(request, context | {"pages": pages}, obj=obj, **kwargs)

    def export_person(self, request, object_id):
        person = self.row_for(request, "export", object_id)
        return HttpResponse(
            personal_data.export_file(by=request.user, person=person, now=timezone.now()),
            content_type="application/json",
            headers={"Content-Disposition": f'attachment; filename="person-{person.pk}.json"'},
        )

    def erase_person(self, request, object_id):
        """GET says what happens, POST does it."""
        person = self.row_for(request, "erase", object_id, no_key=True)
        back = reverse("admin:accounts_user_change", args=[person.pk])
        if request.method != "POST":
            card = client_card.shown(request.user, person, now=timezone.now())
            open_ends = {"coming": card["figures"]["coming"], "money": card["money"]}
            return page(request, "erase.html", title=f"Erase: {person}", person=person, back=back, **open_ends)
        try:
            with transaction.atomic():
                personal_data.erase(by=request.user, client=person)
        except Refused as refusal:
            self.message_user(request, refusal.detail, messages.ERROR)
        else:
            self.message_user(request, "The client is erased.", messages.SUCCESS)
        return HttpResponseRedirect(back)
